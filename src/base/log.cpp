// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/log_file.hpp>

namespace ftpfs {
namespace {

class FileSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit FileSink(std::string path) : path_(std::move(path)), file_(opened()) {}

  void reopen() { file_ = opened(); }

 protected:
  // What cannot be written is lost: there is nobody to tell, and the mount is what matters.
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string_view rest(line.data(), line.size());
    while (!rest.empty()) {
      const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush_() override {}

 private:
  UniqueFd opened() const {
    UniqueFd file = open_log(path_);
    if (!file) throw Error(errno, "log file " + path_ + ": " + std::strerror(errno));
    return file;
  }

  std::string path_;
  UniqueFd file_;
};

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

UniqueFd open_log(const std::string& path) {
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return UniqueFd(::open(path.c_str(), flags, 0600));
}

Logger make_logger(LogSink sink, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>("ftpfs", make_sink(sink));
  logger->set_level(level);
  logger->set_pattern(sink == LogSink::syslog ? "%l: %v" : "ftpfs %H:%M:%S.%e %l: %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

Logger make_file_logger(const std::string& path, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>("ftpfs", std::make_shared<FileSink>(path));
  logger->set_level(level);
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

void reopen_log(spdlog::logger& logger) {
  for (const spdlog::sink_ptr& sink : logger.sinks()) {
    const auto file = std::dynamic_pointer_cast<FileSink>(sink);
    if (!file) continue;
    try {
      file->reopen();
    } catch (const Error& error) {
      logger.error("{}", error.what());
    }
  }
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
