// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>

namespace ftpfs {
namespace {

spdlog::sink_ptr make_sink(LogSink sink) {
  switch (sink) {
    case LogSink::standard_error:
      return std::make_shared<spdlog::sinks::stderr_sink_st>();
    case LogSink::syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_st>("ftpfs", LOG_PID, LOG_DAEMON, false);
    case LogSink::none:
      break;
  }
  return std::make_shared<spdlog::sinks::null_sink_st>();
}

// Length of the valid UTF-8 sequence that starts `text`, 0 when there is none (overlong forms and surrogates
// count as none: a terminal may decode them to something else).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second >= 0xA0) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second >= 0x90) return 0;
  if (first == 0xC2 && second < 0xA0) return 0;  // C1 control characters: CSI and friends
  return length;
}

}  // namespace

Logger make_logger(LogSink sink, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>("ftpfs", make_sink(sink));
  logger->set_level(level);
  logger->set_pattern(sink == LogSink::syslog ? "%l: %v" : "ftpfs %H:%M:%S.%e %l: %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

Logger make_file_logger(const std::string& path, spdlog::level::level_enum level) {
  std::shared_ptr<spdlog::sinks::basic_file_sink_st> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(path);
  } catch (const spdlog::spdlog_ex&) {
    const int code = errno != 0 ? errno : EIO;
    throw Error(code, "log file " + path + ": " + std::strerror(code));
  }
  auto logger = std::make_shared<spdlog::logger>("ftpfs", std::move(sink));
  logger->set_level(level);
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

std::string escaped(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= limit) return result + "...";
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (byte == '\\') {
      result += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7F) {
      result += text.front();
    } else if (byte >= 0x80 && utf8_sequence(text) != 0) {
      length = utf8_sequence(text);
      result += text.substr(0, length);
    } else {
      result += fmt::format("\\x{:02X}", byte);
    }
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace ftpfs
