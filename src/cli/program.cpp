// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <ftpfs/cli/app.hpp>
#include <ftpfs/cli/check.hpp>
#include <ftpfs/cli/daemon.hpp>
#include <ftpfs/cli/mask.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/password.hpp>
#include <ftpfs/cli/program.hpp>
#include <ftpfs/cli/refresh.hpp>
#include <ftpfs/cli/spool.hpp>
#include <ftpfs/fuse/mountpoint.hpp>

namespace ftpfs::cli {
namespace {

// No core file, and no debugger of other processes of ours, shall see a password.
void keep_memory_private() {
#ifndef __SANITIZE_ADDRESS__  // LeakSanitizer is such a debugger
  ::prctl(PR_SET_DUMPABLE, 0);
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

// mount(8) runs us as mount.ftpfs: nobody sits there who could be asked.
bool started_by_person(std::string_view program) {
  return !program.substr(program.rfind('/') + 1).starts_with("mount.");
}

std::string checked_mountpoint(const Settings& settings) {
  try {
    return fuse::prepare_mountpoint(settings.mount, make_logger(LogSink::standard_error, settings.log_level));
  } catch (const Error& error) {
    throw Failure(status_of_mount_error(error.code()), error.what(), {}, error.code());
  }
}

void settle_login(Settings& settings, bool personal) {
  LoginRequest request;
  request.host = settings.ftp.host;
  request.user = settings.user;
  request.password = settings.password;
  request.password_stdin = settings.password_stdin;
  request.personal = personal;
  request.anonymous = Login{.user = settings.ftp.user, .password = settings.ftp.password};
  Login login = find_login(request);
  settings.ftp.user = std::move(login.user);
  settings.ftp.password = std::move(login.password);
  if (settings.ftp.account.empty()) settings.ftp.account = std::move(login.account);
}

void settle(Settings& settings) {
  complete(settings);
  settle_proxy(settings);
  for (const std::string& warning : settings.warnings) fmt::print(stderr, "ftpfs: warning: {}\n", warning);
}

// Everything that can go wrong on this machine alone goes wrong here, before the server hears of us.
void prepare(Settings& settings, bool personal) {
  settle(settings);
  settings.mount.mountpoint = checked_mountpoint(settings);
  settle_login(settings, personal);
  if (settings.mount.fsname.empty()) settings.mount.fsname = mount_name(settings.ftp);
  settings.vfs.spool_source = spool_source(settings.ftp);
  std::string& spool = settings.vfs.spool_directory;
  spool =
      prepare_spool(spool.empty() ? default_spool_base() : spool, settings.ftp, settings.mount.mountpoint);
}

ExitStatus serve(const Settings& settings, Readiness& readiness) {
  ::umask(0077);
  try {
    const LogSink sink = settings.foreground ? LogSink::standard_error : LogSink::syslog;
    App app(settings, make_logger(sink, settings.log_level));
    return app.run(readiness);
  } catch (const Error& error) {  // the spool, which the vfs opens
    readiness.failed(ExitStatus::local_files, failure_line("", error));
    return ExitStatus::local_files;
  }
}

ExitStatus run(const std::vector<std::string>& arguments, bool personal) {
  Settings settings = parse_arguments(arguments);
  if (settings.action == Settings::Action::help) {
    fmt::print("{}", help_text());
    return ExitStatus::success;
  }
  if (settings.action == Settings::Action::version) {
    fmt::print("ftpfs {}\n", FTPFS_VERSION);
    return ExitStatus::success;
  }
  if (settings.action == Settings::Action::check) {
    settle(settings);
    settle_login(settings, personal);
    return check(settings);
  }
  if (settings.action == Settings::Action::refresh) {
    refresh(settings.source);
    return ExitStatus::success;
  }
  prepare(settings, personal);
  if (!settings.foreground) {
    return run_in_background([&](Readiness& readiness) { return serve(settings, readiness); });
  }
  Readiness readiness;
  return serve(settings, readiness);
}

}  // namespace

int run_program(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
  hide_secrets(argc, argv);
  keep_memory_private();
  allow_many_files();
  ::signal(SIGPIPE, SIG_IGN);
  ExitStatus status = ExitStatus::system;
  std::string line;
  try {
    return static_cast<int>(run(arguments, argc == 0 || started_by_person(argv[0])));
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
