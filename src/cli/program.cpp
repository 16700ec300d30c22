// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/memory.hpp>
#include <ftpfs/cli/app.hpp>
#include <ftpfs/cli/ask.hpp>
#include <ftpfs/cli/check.hpp>
#include <ftpfs/cli/credentials.hpp>
#include <ftpfs/cli/daemon.hpp>
#include <ftpfs/cli/flush.hpp>
#include <ftpfs/cli/list.hpp>
#include <ftpfs/cli/log_file.hpp>
#include <ftpfs/cli/mask.hpp>
#include <ftpfs/cli/mount_namespace.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/password.hpp>
#include <ftpfs/cli/program.hpp>
#include <ftpfs/cli/recover.hpp>
#include <ftpfs/cli/refresh.hpp>
#include <ftpfs/cli/remount.hpp>
#include <ftpfs/cli/spool.hpp>
#include <ftpfs/cli/status.hpp>
#include <ftpfs/cli/umount.hpp>
#include <ftpfs/fuse/mountpoint.hpp>

namespace ftpfs::cli {
namespace {

// No core file, and no debugger of other processes of ours, shall see a password.
void keep_memory_private() {
  ::prctl(PR_SET_DUMPABLE, 0);
#ifdef __SANITIZE_ADDRESS__  // LeakSanitizer is such a debugger, and looks at the end
  std::atexit([] { ::prctl(PR_SET_DUMPABLE, 1); });
#endif
  const ::rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

// A file that is being written takes a descriptor, and the usual soft limit of 1024 is there for select(2).
void allow_many_files() {
  ::rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::string checked_mountpoint(const Settings& settings) {
  try {
    return fuse::prepare_mountpoint(settings.mount, make_logger(LogSink::standard_error, settings.log_level));
  } catch (const Error& error) {
    throw Failure(status_of_mount_error(error.code()), error.what(), {}, error.code());
  }
}

// As far as it can be followed: what died there may still be mounted.
std::filesystem::path settled(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path whole = std::filesystem::absolute(path);
  std::filesystem::path found = std::filesystem::weakly_canonical(whole, failure);
  return failure ? whole.lexically_normal() : found;
}

// Below the mount it would be out of sight, or asked of ourselves.
void require_files_outside(const Settings& settings) {
  const char* const password_file = std::getenv("FTPFS_PASSWORD_FILE");
  const net::TlsPolicy& tls = settings.ftp.tls_policy;
  const std::pair<const char*, std::string> files[] = {
      {"credentials=", settings.credentials.value_or("")},
      {"netrc_file=", settings.netrc_file.value_or("")},
      {"FTPFS_PASSWORD_FILE: ", password_file != nullptr ? password_file : ""},
      {"cacert=", tls.ca_file},
      {"capath=", tls.ca_path},
      {"cert=", tls.certificate},
      {"key=", tls.key}};
  for (const auto& [name, path] : files) {
    if (path.empty() || !is_inside(settled(path), settled(settings.mount.mountpoint))) continue;
    refuse(fmt::format("{}{}: lies inside the mountpoint", name, path));
  }
}

// What mount(8) runs, at boot for one, asks no ~/.netrc unless it is told to: whose would that be?
void settle_login(Settings& settings) {
  LoginRequest request;
  request.host = settings.ftp.host;
  request.user = settings.user;
  request.password = settings.password;
  request.password_stdin = settings.password_stdin;
  request.netrc = settings.netrc || settings.invocation == Invocation::command;
  request.netrc_file = settings.netrc_file;
  request.anonymous = Login{.user = settings.ftp.user, .password = settings.ftp.password};
  Login login = find_login(request);
  settings.ftp.user = std::move(login.user);
  settings.ftp.password = std::move(login.password);
  if (settings.ftp.account.empty()) settings.ftp.account = std::move(login.account);
  ask_for_secrets(settings);
}

void settle(Settings& settings) {
  complete(settings);
  settle_credentials(settings);
  settle_proxy(settings);
  for (const std::string& warning : settings.warnings) fmt::print(stderr, "ftpfs: warning: {}\n", warning);
}

// Where nobody is asked before it is mounted, a file that cannot be read would show only when somebody looks.
void require_tls_files(const ftp::FtpConfig& config) {
  if (config.tls == ftp::TlsMode::off) return;
  try {
    const net::TlsContext readable(config.tls_policy);
  } catch (const Error& error) {
    throw Failure(ExitStatus::mount_failed, error.what(), {}, error.code());
  }
}

void find_spool(Settings& settings) {
  settings.vfs.spool_source = spool_source(settings.ftp);
  settings.vfs.boot_id = boot_id();
  std::string& spool = settings.vfs.spool_directory;
  spool =
      prepare_spool(spool.empty() ? default_spool_base() : spool, settings.ftp, settings.mount.mountpoint);
}

void find_cache(Settings& settings) {
  std::string& cache = settings.vfs.cache_directory;
  if (settings.keep_what_is_read)
    cache =
        prepare_cache(cache.empty() ? default_cache_base() : cache, settings.ftp, settings.mount.mountpoint);
  else
    cache.clear();
  if (!cache.empty() && cache == settings.vfs.spool_directory) refuse("cache_dir and spool_dir must differ");
}

// Everything that can go wrong on this machine alone goes wrong here, before the server hears of us.
void prepare(Settings& settings) {
  require_files_outside(settings);
  settle(settings);
  if (!settings.mount_namespace.empty()) enter_mount_namespace(settings.mount_namespace);
  settings.mount.mountpoint = checked_mountpoint(settings);
  settle_login(settings);
  if (!settings.connect_first) require_tls_files(settings.ftp);
  if (settings.mount.fsname.empty()) settings.mount.fsname = mount_name(settings.ftp);
  settings.mount.owner = settings.vfs.uid;
  find_spool(settings);
  find_cache(settings);
  prepare_log_file(settings);
}

ExitStatus serve(const Settings& settings, Readiness& readiness) {
  ::umask(0077);
  try {
    App app(settings, logger_for(settings));
    return app.run(readiness);
  } catch (const Error& error) {  // the log file, or the spool, which the vfs opens
    readiness.failed(ExitStatus::local_files, failure_line("", error));
    return ExitStatus::local_files;
  }
}

// In mount(8)'s own hands it is mount(8) that writes down what fstab says, if there is anything to write.
ExitStatus mount_in_background(const Settings& settings) {
  const ::pid_t command = ::getpid();
  const ExitStatus status =
      run_in_background([&](Readiness& readiness) { return serve(settings, readiness); });
  if (::getpid() == command && status == ExitStatus::success && !settings.in_utab)
    register_helper(settings.mount.fsname, settings.mount.mountpoint);
  return status;
}

ExitStatus change_mount(const Settings& settings) {
  if (!settings.mount_namespace.empty()) enter_mount_namespace(settings.mount_namespace);
  remount(settings.mount);
  return ExitStatus::success;
}

ExitStatus mount(Settings& settings) {
  if (settings.fake) {
    settle(settings);
    return ExitStatus::success;
  }
  if (settings.remount) return change_mount(settings);
  prepare(settings);
  if (!settings.foreground) return mount_in_background(settings);
  Readiness readiness;
  return serve(settings, readiness);
}

ExitStatus show(const std::string& text) {
  fmt::print("{}", text);
  return ExitStatus::success;
}

ExitStatus recover_from(Settings& settings) {
  if (!settings.send) return recover(settings);
  settle(settings);
  settle_login(settings);
  find_spool(settings);
  return send_leftovers(settings);
}

ExitStatus run(const std::vector<std::string>& arguments, Invocation invocation) {
  if (invocation == Invocation::umount_helper) return unmount(arguments);
  Settings settings = parse_arguments(arguments, invocation);
  switch (settings.action) {
    case Settings::Action::help:
      return show(help_text());
    case Settings::Action::help_all:
      return show(help_all_text());
    case Settings::Action::list_options:
      return show(option_list_text());
    case Settings::Action::version:
      return show(version_text());
    case Settings::Action::check:
      settle(settings);
      settle_login(settings);
      return check(settings);
    case Settings::Action::refresh:
      refresh(settings.source);
      return ExitStatus::success;
    case Settings::Action::status:
      return status(settings);
    case Settings::Action::stats:
      return stats(settings);
    case Settings::Action::flush:
      return flush(settings);
    case Settings::Action::list:
      return list(settings);
    case Settings::Action::recover:
      return recover_from(settings);
    case Settings::Action::mount:
      break;
  }
  return mount(settings);
}

}  // namespace

int run_program(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
  hide_secrets(argc, argv);
  keep_memory_private();
  keep_heap_small();
  allow_many_files();
  ::signal(SIGPIPE, SIG_IGN);
  ExitStatus status = ExitStatus::system;
  std::string line;
  try {
    return static_cast<int>(run(arguments, invocation_of(argc > 0 ? argv[0] : "")));
  } catch (const Failure& error) {
    status = error.status();
    line = failure_line("", error);
  } catch (const std::exception& error) {
    line = failure_line("", Error(ENOMEM, error.what()));
  }
  fmt::print(stderr, "{}\n", line);
  return static_cast<int>(status);
}

}  // namespace ftpfs::cli
