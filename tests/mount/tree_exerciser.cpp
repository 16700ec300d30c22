// SPDX-License-Identifier: MIT
#include "mount/tree_exerciser.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/process.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

std::string pattern(std::size_t seed, std::size_t size) {
  std::mt19937 random(static_cast<std::uint32_t>(seed));
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>('a' + random() % 26); });
  return bytes;
}

std::string errno_text(int code) {
  return std::string("! ") + ::strerrorname_np(code);
}

std::string outcome(long result) {
  return result < 0 ? errno_text(errno) : std::to_string(result);
}

// A long content by its size and sum: a difference is printed, and is to be read.
std::string digest(const std::string& bytes) {
  return std::to_string(bytes.size()) + " bytes #" + std::to_string(std::hash<std::string>()(bytes));
}

std::string read_all(int file) {
  std::string content;
  std::array<char, 65536> piece{};
  for (;;) {
    const ssize_t size = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(content.size()));
    if (size < 0) return errno_text(errno);
    if (size == 0) return digest(content);
    content.append(piece.data(), static_cast<std::size_t>(size));
  }
}

std::string describe(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "directory";
  return "file of " + std::to_string(status.st_size) + ", links " + std::to_string(status.st_nlink);
}

// One of the two directories, with what is held open in it.
class Side {
 public:
  explicit Side(fs::path root) : root_(std::move(root)) {}
  ~Side() { close_held(); }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  std::string perform(const TreeStep& step) {
    using enum TreeOperation;
    const fs::path path = root_ / step.path;
    const char* const name = path.c_str();
    int& slot = held_[step.size % held_.size()];
    switch (step.operation) {
      case create:
        return write(name, O_CREAT | O_EXCL, 0, step);
      case replace:
        return write(name, O_CREAT | O_TRUNC, 0, step);
      case overwrite:
        return write(name, 0, step.offset, step);
      case append:
        return write(name, O_APPEND, 0, step);
      case truncate:
        return outcome(::truncate(name, static_cast<off_t>(step.offset)));
      case read:
        return read_named(name);
      case list:
        return names(path);
      case examine:
        return examine_named(name);
      case make_directory:
        return outcome(::mkdir(name, 0755));
      case remove_directory:
        return outcome(::rmdir(name));
      case unlink:
        return outcome(::unlink(name));
      case rename:
        return outcome(::rename(name, (root_ / step.other).c_str()));
      case rename_if_free:
        return outcome(::renameat2(AT_FDCWD, name, AT_FDCWD, (root_ / step.other).c_str(), RENAME_NOREPLACE));
      case set_mode:
        return set_mode_of(name, step.offset);
      case set_time:
        return set_time_of(name, step.offset);
      case hold:
        return open_slot(slot, name);
      case hold_write:
        return slot < 0 ? "nothing held" : put(slot, step.offset, step);
      case hold_read:
        return slot < 0 ? "nothing held" : read_all(slot);
      case hold_examine:
        return slot < 0 ? "nothing held" : examine_open(slot);
      case hold_close:
        return slot < 0 ? "nothing held" : outcome(::close(std::exchange(slot, -1)));
    }
    return "?";
  }

  void close_held() {
    for (int& slot : held_) {
      if (slot >= 0) ::close(std::exchange(slot, -1));
    }
  }

  // Every name below, with its kind, size and content.
  std::string whole(const fs::path& root) const {
    std::set<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string name = entry.path().lexically_relative(root);
      lines.insert(name + ": " + (entry.is_directory() ? "directory" : read_named(entry.path().c_str())));
    }
    std::string text;
    for (const std::string& line : lines) text += "  " + line + "\n";
    return text;
  }
  std::string whole() const { return whole(root_); }

  void clear() {
    close_held();
    for (const auto& entry : fs::directory_iterator(root_)) fs::remove_all(entry.path());
  }

 private:
  static std::string write(const char* name, int flags, std::size_t offset, const TreeStep& step) {
    const int file = ::open(name, O_WRONLY | O_CLOEXEC | flags, 0644);
    if (file < 0) return errno_text(errno);
    const std::string written = put(file, offset, step);
    return written + ", close " + outcome(::close(file));
  }
  static std::string put(int file, std::size_t offset, const TreeStep& step) {
    const std::string bytes = pattern(step.offset + step.size, step.size);
    return outcome(::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)));
  }
  static std::string read_named(const char* name) {
    const int file = ::open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno_text(errno);
    std::string text = read_all(file);
    ::close(file);
    return text;
  }
  static std::string examine_named(const char* name) {
    struct stat status {};
    return ::lstat(name, &status) < 0 ? errno_text(errno) : describe(status);
  }
  static std::string examine_open(int file) {
    struct stat status {};
    return ::fstat(file, &status) < 0 ? errno_text(errno) : describe(status);
  }
  static std::string names(const fs::path& path) {
    DIR* const directory = ::opendir(path.c_str());
    if (directory == nullptr) return errno_text(errno);
    std::set<std::string> found;
    while (const dirent* const entry = ::readdir(directory)) found.insert(entry->d_name);
    ::closedir(directory);
    std::string text;
    for (const std::string& name : found) text += name + " ";
    return text;
  }
  static std::string set_mode_of(const char* name, std::size_t number) {
    constexpr std::array<mode_t, 4> modes{0755, 0700, 0711, 0750};  // the server must get into directories
    const std::string result = outcome(::chmod(name, modes[number % modes.size()]));
    struct stat status {};
    if (::stat(name, &status) < 0) return result;
    return result + ", mode " + std::to_string(status.st_mode & 0777);
  }
  static std::string set_time_of(const char* name, std::size_t number) {
    const std::time_t seconds = 1'000'000'000 + static_cast<std::time_t>(number) * 3600;
    const std::array<timespec, 2> times{{{seconds, 0}, {seconds, 0}}};
    const std::string result = outcome(::utimensat(AT_FDCWD, name, times.data(), 0));
    struct stat status {};
    if (::stat(name, &status) < 0) return result;
    return result + ", time " + std::to_string(status.st_mtim.tv_sec);
  }
  static std::string open_slot(int& slot, const char* name) {
    if (slot >= 0) ::close(slot);
    slot = ::open(name, O_RDWR | O_CLOEXEC);
    return slot < 0 ? errno_text(errno) : "open";
  }

  fs::path root_;
  std::array<int, 3> held_{-1, -1, -1};
};

std::string contrast(const std::string& mounted, const std::string& local) {
  return "mount: " + mounted + "\nlocal: " + local;
}

// Removes steps as long as the difference stays, the last ones first.
std::vector<TreeStep> shorten(const TreePair& pair, std::vector<TreeStep> steps) {
  for (std::size_t i = steps.size(); i-- > 0;) {
    std::vector<TreeStep> fewer = steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (const auto found = compare_steps(pair, fewer)) {
      steps = std::move(fewer);
      steps.resize(std::min(steps.size(), found->step + 1));
      i = std::min(i, steps.size());
    }
  }
  return steps;
}

}  // namespace

std::optional<Difference> compare_steps(const TreePair& pair, const std::vector<TreeStep>& steps) {
  constexpr std::size_t look_every = 10;
  Side mount(pair.mount);
  Side local(pair.local);
  mount.clear();
  local.clear();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string on_mount = mount.perform(steps[i]);
    const std::string on_local = local.perform(steps[i]);
    if (on_mount != on_local) return Difference{i, contrast(on_mount, on_local)};
    if (i % look_every != look_every - 1 && i + 1 != steps.size()) continue;
    const std::string mount_tree = mount.whole();
    const std::string local_tree = local.whole();
    if (mount_tree != local_tree) return Difference{i, contrast("\n" + mount_tree, "\n" + local_tree)};
  }
  mount.close_held();
  local.close_held();
  const std::string local_tree = local.whole();
  std::string
      stored_tree;  // what was removed while it was held goes when the kernel has said that it was closed
  eventually([&] { return (stored_tree = mount.whole(pair.stored)) == local_tree; });
  if (stored_tree != local_tree)
    return Difference{steps.size(), "on the server\n" + contrast("\n" + stored_tree, "\n" + local_tree)};
  if (!pair.at_rest()) return Difference{steps.size(), "the daemon holds something though all is closed"};
  return std::nullopt;
}

std::optional<std::string> exercise_tree(const TreePair& pair, std::uint32_t seed, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<TreeStep> steps;
  for (std::size_t i = 0; i < count; ++i) steps.push_back(random_step(random));
  const auto found = compare_steps(pair, steps);
  if (!found) return std::nullopt;
  std::string text =
      "seed " + std::to_string(seed) + ", step " + std::to_string(found->step) + "\n" + found->what + "\n";
  steps.resize(std::min(steps.size(), found->step + 1));
  steps = shorten(pair, std::move(steps));
  const auto still = compare_steps(pair, steps);
  text += "the shortest sequence:\n";
  for (const TreeStep& step : steps) text += to_string(step) + "\n";
  return text + (still ? still->what : "(does not show it any more)");
}

}  // namespace ftpfs::test
