// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {

using nlohmann::json;

namespace {

// What is as deep is not ours, and would be written by as deep a recursion.
constexpr int deepest = 32;

[[noreturn]] void refuse_answer() {
  throw Failure(ExitStatus::mount_failed, "the daemon's answer makes no sense", {}, EPROTO);
}

}  // namespace

json parse_answer(const std::string& text) {
  try {
    return json::parse(text, [](int depth, json::parse_event_t, json&) {
      if (depth > deepest) refuse_answer();
      return true;
    });
  } catch (const json::exception&) {
    refuse_answer();
  }
}

const json& at(const json& value, const char* name) {
  static const json nothing;
  const auto found = value.is_object() ? value.find(name) : value.end();
  return value.is_object() && found != value.end() ? *found : nothing;
}

const json& list_at(const json& value, const char* name) {
  static const json empty = json::array();
  const json& found = at(value, name);
  return found.is_array() ? found : empty;
}

std::string text(const json& value, const char* name) {
  const json& found = at(value, name);
  return found.is_string() ? escaped(found.get<std::string>()) : "";
}

std::uint64_t number(const json& value, const char* name) {
  constexpr double most = 1.8e19;  // what fits
  const json& found = at(value, name);
  if (found.is_number_unsigned()) return found.get<std::uint64_t>();
  if (found.is_number_integer())
    return static_cast<std::uint64_t>(std::max(found.get<std::int64_t>(), std::int64_t{0}));
  const double told = found.is_number() ? found.get<double>() : 0;
  return told > 0 && told < most ? static_cast<std::uint64_t>(told) : 0;
}

bool is_true(const json& value, const char* name) {
  const json& found = at(value, name);
  return found.is_boolean() && found.get<bool>();
}

}  // namespace ftpfs::cli
