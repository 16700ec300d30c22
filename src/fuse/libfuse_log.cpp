// SPDX-License-Identifier: MIT
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include <ftpfs/fuse/libfuse.hpp>
#include <ftpfs/fuse/libfuse_log.hpp>

namespace ftpfs::fuse {
namespace {

struct Destination {
  Logger logger;
  bool collecting = false;
  std::string complaints;
};

Destination& destination() {
  static Destination only;
  return only;
}

spdlog::level::level_enum ours(fuse_log_level level) {
  switch (level) {
    case FUSE_LOG_EMERG:
    case FUSE_LOG_ALERT:
    case FUSE_LOG_CRIT:
    case FUSE_LOG_ERR:
    case FUSE_LOG_WARNING:
      return spdlog::level::warn;  // nobody has lost anything yet
    case FUSE_LOG_NOTICE:
    case FUSE_LOG_INFO:
      return spdlog::level::info;
    default:
      return spdlog::level::debug;
  }
}

void log(fuse_log_level level, const char* format, va_list arguments) {
  char line[1024];
  std::vsnprintf(line, sizeof line, format, arguments);
  std::string_view text(line);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  Destination& to = destination();
  if (to.collecting && level <= FUSE_LOG_ERR) {
    if (!to.complaints.empty()) to.complaints += "; ";
    to.complaints += text;
  } else if (to.logger && to.logger->should_log(ours(level))) {
    to.logger->log(ours(level), "libfuse: {}", escaped(text));
  }
}

}  // namespace

void send_libfuse_log_to(Logger logger) {
  destination().logger = std::move(logger);
  fuse_set_log_func(log);
}

LibfuseComplaints::LibfuseComplaints() {
  destination().complaints.clear();
  destination().collecting = true;
}

LibfuseComplaints::~LibfuseComplaints() {
  destination().collecting = false;
}

std::string LibfuseComplaints::text() const {
  return escaped(destination().complaints);
}

}  // namespace ftpfs::fuse
