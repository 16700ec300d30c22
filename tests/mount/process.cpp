// SPDX-License-Identifier: MIT
#include "mount/process.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ftpfs::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// What the child needs, made before the fork: after it only plain system calls are safe.
struct Image {
  std::vector<std::string> texts;
  std::vector<char*> argv;
  std::vector<char*> envp;

  explicit Image(const Spawn& spawn) : texts(spawn.command) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      if (!spawn.environment.contains(std::string(text.substr(0, text.find('='))))) texts.emplace_back(text);
    }
    for (const auto& [name, value] : spawn.environment) texts.push_back(name + "=" + value);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      (i < spawn.command.size() ? argv : envp).push_back(texts[i].data());
    }
    argv.push_back(nullptr);
    envp.push_back(nullptr);
  }
};

[[noreturn]] void become(const Image& image, const char* directory, int output, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above. (0: it is outside our pid namespace, and the kernel says
  // so.)
  if (const pid_t now = ::getppid(); now != parent && now != 0) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  // Not the sockets of a server that lives in the test: its port would go on listening in the child.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::chdir(directory) == 0) ::execvpe(image.argv[0], image.argv.data(), image.envp.data());
  ::_exit(127);
}

pid_t parent_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(
      text.substr(std::min(text.size(), text.rfind(')') + 1)));  // the name may hold blanks
  char state = 0;
  pid_t parent = 0;
  fields >> state >> parent;
  return parent;
}

std::vector<pid_t> processes() {
  std::vector<pid_t> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) result.push_back(std::stoi(name));
  }
  return result;
}

std::vector<pid_t> children_of(const std::vector<pid_t>& parents) {
  std::vector<pid_t> result = processes();
  std::erase_if(result, [&parents](pid_t pid) {
    return std::find(parents.begin(), parents.end(), parent_of(pid)) == parents.end();
  });
  return result;
}

}  // namespace

Process::Process(const Spawn& spawn) {
  const Image image(spawn);
  const std::string target = spawn.output.empty() ? "/dev/null" : spawn.output.string();
  const UniqueFd output{::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (!output) fail(target);
  const pid_t self = ::getpid();
  const unsigned long flags = SIGCHLD | (spawn.with_descendants ? CLONE_NEWPID : 0);
  // clone(2) with no stack is fork(2) with flags.
  pid_ = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
  if (pid_ == 0) become(image, spawn.directory.c_str(), output.get(), self);
  if (pid_ < 0) fail("clone");
  ::setpgid(pid_, pid_);  // by both: whoever comes first
  pidfd_ =
      UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};  // glibc 2.36 declares it for C only
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Process::~Process() {
  if (pid_ < 0 || status_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  wait();  // bounded: a process inside a hung mount does not even die
}

bool Process::running() {
  return !wait(0ms);
}

void Process::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

void Process::signal_tree(int number) const {
  if (status_) return;
  std::vector<pid_t> tree{pid_};
  for (std::vector<pid_t> young = tree; !young.empty();) {
    young = children_of(young);
    tree.insert(tree.end(), young.begin(), young.end());
  }
  for (const pid_t pid : tree) ::kill(pid, number);
}

std::vector<pid_t> Process::generation(std::size_t number) const {
  std::vector<pid_t> result;
  if (!status_) result = {pid_};
  for (std::size_t i = 0; i < number; ++i) result = children_of(result);
  return result;
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  if (status_) return status_;
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (::poll(&end, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

bool waits_for_a_mount(const Process& process) {
  const std::string where = read_file("/proc/" + std::to_string(process.pid()) + "/wchan");
  return where.find("request_wait_answer") != std::string::npos || where.find("folio_wait") == 0;
}

std::vector<pid_t> children() {
  return children_of({::getpid()});
}

Outcome shell(const std::string& command, const std::filesystem::path& directory,
              const std::map<std::string, std::string>& environment, std::chrono::milliseconds limit) {
  const UniqueFd output{::memfd_create("output", MFD_CLOEXEC)};
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(output.get());
  Process process({{"/bin/sh", "-c", command}, directory, environment, path});
  const std::optional<int> status = process.wait(limit);
  return {status.value_or(124), read_file(path)};
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path.string());
  std::ostringstream content;
  content << file.rdbuf();  // not by iterators: without optimisation 0.15 microseconds a byte
  if (content.bad()) fail("cannot read " + path.string());
  return std::move(content).str();
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) fail("cannot write " + path.string());
}

std::size_t occurrences(std::string_view what, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::string result(size + sizeof(std::uint64_t), '\0');
  for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = generator();
    std::memcpy(result.data() + i, &word, sizeof word);
  }
  result.resize(size);
  return result;
}

}  // namespace ftpfs::test
