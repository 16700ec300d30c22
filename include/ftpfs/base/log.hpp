// SPDX-License-Identifier: MIT
// Logging: a spdlog logger handed to whoever needs one; no global. What the levels mean (man page, LOGGING):
// error = a user lost something, warn = we recovered, info = connect, login, reconnect,
// debug = every FTP command and reply (secrets masked), trace = every kernel request.
// Server text and file names are hostile: they pass through escaped() on their way into any line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <spdlog/logger.h>

namespace ftpfs {

using Logger = std::shared_ptr<spdlog::logger>;

enum class LogSink { standard_error, syslog, none };

Logger make_logger(LogSink sink, spdlog::level::level_enum level);
// To the end of a file, which is made where it is missing. Throws Error where it cannot be opened.
Logger make_file_logger(const std::string& path, spdlog::level::level_enum level);
// Opens the file of such a logger anew, by its name: what logrotate has moved away is written no more. Where
// that fails, the old one goes on and tells so. Other loggers stay as they are.
void reopen_log(spdlog::logger& logger);

// Text made safe for one line of a log or terminal: control bytes and invalid UTF-8 as \xNN, backslash
// doubled, at most `limit` bytes (then "...").
std::string escaped(std::string_view text, std::size_t limit = 500);

}  // namespace ftpfs
