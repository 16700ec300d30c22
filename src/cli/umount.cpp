// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/command.hpp>
#include <ftpfs/cli/flush.hpp>
#include <ftpfs/cli/mount_namespace.hpp>
#include <ftpfs/cli/umount.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/serving.hpp>

namespace ftpfs::cli {
namespace {

struct Wanted {
  std::string mountpoint;
  std::string flags;  // for umount(8): letters
  std::string mount_namespace;

  bool lazy() const { return flags.find('l') != flags.npos; }
};

constexpr int time_to_answer = 3'000;             // milliseconds
constexpr int time_to_die = 1'000;                // the same
constexpr std::chrono::seconds time_to_save{75};  // the daemon's own limits are 65

void add_flag(Wanted& wanted, char letter) {
  constexpr std::string_view known = "nlfvr";
  if (known.find(letter) == known.npos)
    cli::refuse(
        fmt::format("unknown option '-{}'; usage: umount.ftpfs DIRECTORY [-nlfvr] [-N NAMESPACE]", letter));
  wanted.flags += letter;
}

Wanted parse(std::span<const std::string> arguments) {
  Wanted wanted;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "-N" || argument == "-t") {
      if (i + 1 == arguments.size()) cli::refuse(argument + " needs a value");
      if (argument == "-N") wanted.mount_namespace = arguments[i + 1];
      ++i;
    } else if (argument.starts_with('-')) {
      for (const char letter : argument.substr(1)) add_flag(wanted, letter);
    } else if (wanted.mountpoint.empty()) {
      wanted.mountpoint = argument;
    } else {
      cli::refuse(fmt::format("one argument too many: '{}'", escaped(argument)));
    }
  }
  if (wanted.mountpoint.empty()) cli::refuse("usage: umount.ftpfs DIRECTORY [-nlfvr] [-N NAMESPACE]");
  return wanted;
}

UniqueFd descriptor_of(::pid_t process) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}

// Its end can be waited for; empty when it cannot be told who that is.
UniqueFd descriptor_of(const std::optional<fuse::Serving>& daemon) {
  if (!daemon || daemon->pid_namespace != fuse::own_pid_namespace()) return UniqueFd();
  return descriptor_of(daemon->pid);
}

// As long as it lives the mountpoint is in use, and umount(2) says EBUSY. It dies at once, unless the kernel
// keeps it: then init will bury it.
void end_child(::pid_t child) {
  ::kill(child, SIGKILL);
  const UniqueFd end = descriptor_of(child);
  ::pollfd ended{end.get(), POLLIN, 0};
  if (end) ::poll(&ended, 1, time_to_die);
  ::waitpid(child, nullptr, WNOHANG);
}

// Who asks a daemon that hangs waits in the kernel, as long as it does: a child asks. Empty: no daemon of
// ours, or none that answers.
std::optional<fuse::Serving> ask_in_time(const std::string& mountpoint) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const UniqueFd for_reading(ends[0]);
  UniqueFd for_writing(ends[1]);
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::optional<fuse::Serving> answer = fuse::ask_daemon(mountpoint);
    const bool told = answer && ::write(for_writing.get(), &*answer, sizeof *answer) == sizeof *answer;
    ::_exit(told ? 0 : 1);
  }
  for_writing.reset();
  if (child < 0) return std::nullopt;
  fuse::Serving answer{};
  ::pollfd told{for_reading.get(), POLLIN, 0};
  const bool answers = ::poll(&told, 1, time_to_answer) > 0 &&
                       ::read(for_reading.get(), &answer, sizeof answer) == sizeof answer;
  end_child(child);
  return answers ? std::optional(answer) : std::nullopt;
}

// The same file system at another place: its daemon goes on.
bool is_still_mounted(const fuse::MountEntry& mount) {
  const auto all = fuse::all_mounts();
  return std::ranges::any_of(all, [&](const auto& one) { return one.device == mount.device; });
}

// By umount(8) itself, with -i: no helper. It knows who may, keeps /run/mount/utab, and says what is wrong.
ExitStatus take_away(const Wanted& wanted) {
  const int status =
      run_command({"/bin/umount", "-i" + wanted.flags, "--", wanted.mountpoint}, Speech::heard);
  return status >= 0 ? ExitStatus{status} : ExitStatus::system;
}

std::string amount(const fuse::Serving& daemon) {
  return fmt::format("{} {} ({} bytes)", daemon.unsent_files, daemon.unsent_files == 1 ? "file" : "files",
                     daemon.unsent_bytes);
}

// After the unmount nobody can be asked how far it is: on a terminal a line that counts the seconds.
class Waiting {
 public:
  Waiting(const std::string& mountpoint, const fuse::Serving& daemon)
      : text_(fmt::format("ftpfs: {}: {} to be sent", escaped(mountpoint), amount(daemon))),
        worth_it_(daemon.unsent_files > 0),
        terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~Waiting() { clear(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void clear() const {
    if (worth_it_ && terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  void show(std::chrono::seconds waited) const {
    if (worth_it_ && terminal_) fmt::print(stderr, "\r{}, waiting for {} s", text_, waited.count());
  }

 private:
  std::string text_;
  bool worth_it_;
  bool terminal_;
};

// It sets itself a limit, and keeps in the spool what it could not send by then. Only where somebody has the
// file system in another mount namespace does it go on: a container, or a service with a view of its own.
void wait_for_end(const fuse::MountEntry& mount, const fuse::Serving& daemon, int descriptor) {
  const Waiting progress(mount.mountpoint, daemon);
  ::pollfd end{descriptor, POLLIN, 0};
  for (std::chrono::seconds waited{1}; ::poll(&end, 1, 1000) <= 0; ++waited) {
    progress.show(waited);
    const std::optional<::pid_t> holder = fuse::who_else_has(mount);
    if (!holder && waited < time_to_save) continue;
    const std::string what = daemon.unsent_files > 0 ? ", with " + amount(daemon) + " to be sent" : "";
    const std::string why = holder ? fmt::format(": process {} has it in another mount namespace", *holder)
                                   : "; is it mounted in another mount namespace?";
    progress.clear();
    fmt::print(stderr, "ftpfs: {}: its daemon goes on{}{}\n", escaped(mount.mountpoint), what, why);
    return;
  }
}

}  // namespace

// Not from the daemon: mount(8) might look at the directory, and the daemon would wait for itself.
void register_helper(const std::string& fsname, const std::string& mountpoint) {
  if (::geteuid() == 0)
    run_command({"/bin/mount", "--no-canonicalize", "-i", "-f", "-t", "fuse.ftpfs", "-o", "uhelper=ftpfs",
                 "--", fsname, mountpoint},
                Speech::unheard);
}

ExitStatus unmount(std::span<const std::string> arguments) {
  const Wanted wanted = parse(arguments);
  if (!wanted.mount_namespace.empty()) enter_mount_namespace(wanted.mount_namespace);
  if (wanted.lazy()) return take_away(wanted);
  const std::optional<fuse::MountEntry> mount = fuse::topmost_mount(wanted.mountpoint);
  const std::optional<fuse::Serving> daemon = ask_in_time(wanted.mountpoint);
  std::optional<fuse::Serving> left = daemon;
  const UniqueFd end = descriptor_of(daemon);
  if (daemon && daemon->unsent_files > 0) {
    flush_before_unmount(wanted.mountpoint);
    left = ask_in_time(wanted.mountpoint);
  }
  const ExitStatus status = take_away(wanted);
  if (status != ExitStatus::success || !end || !mount) return status;
  if (!is_still_mounted(*mount)) wait_for_end(*mount, left.value_or(*daemon), end.get());  // it is after -r
  return ExitStatus::success;
}

}  // namespace ftpfs::cli
