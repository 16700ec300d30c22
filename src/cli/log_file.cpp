// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <string.h>

#include <ftpfs/base/log_file.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/log_file.hpp>
#include <ftpfs/cli/spool.hpp>

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_file(ExitStatus status, const std::string& path, std::string_view why) {
  throw Failure(status, fmt::format("log file {}: {}", path, why), {}, errno);
}

}  // namespace

void prepare_log_file(Settings& settings) {
  if (settings.log_file.empty()) return;
  std::error_code failure;
  // Not the file itself: a link may be somebody else's.
  const fs::path given = fs::absolute(settings.log_file);
  const fs::path path = fs::weakly_canonical(given.parent_path(), failure) / given.filename();
  if (failure) refuse_file(ExitStatus::local_files, settings.log_file, failure.message());
  settings.log_file = path.string();
  if (is_inside(path, settings.mount.mountpoint))
    refuse_file(ExitStatus::usage, settings.log_file, "lies inside the mountpoint");
  const UniqueFd file = open_log(settings.log_file);
  if (!file)
    refuse_file(ExitStatus::local_files, settings.log_file,
                errno == ELOOP ? "is a symbolic link, which may be somebody else's" : ::strerror(errno));
}

Logger logger_for(const Settings& settings) {
  if (!settings.log_file.empty()) return make_file_logger(settings.log_file, settings.log_level);
  const bool person = settings.foreground && !settings.syslog;
  return make_logger(person ? LogSink::standard_error : LogSink::syslog, settings.log_level);
}

}  // namespace ftpfs::cli
