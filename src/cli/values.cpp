// SPDX-License-Identifier: MIT
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/values.hpp>
#include <ftpfs/proto/name_codec.hpp>

namespace ftpfs::cli {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view wanted) {
  throw Error(EINVAL, fmt::format("'{}' is not {}", escaped(text), wanted));
}

// The whole of `text` as a T, or nothing.
template <class T, class... How>
std::optional<T> whole(std::string_view text, How... how) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, how...);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

int shift_of(char suffix) {
  switch (suffix) {
    case 'k':
    case 'K':
      return 10;
    case 'm':
    case 'M':
      return 20;
    case 'g':
    case 'G':
      return 30;
    case 't':
    case 'T':
      return 40;
    default:
      return 0;
  }
}

}  // namespace

std::uint64_t parse_size(std::string_view text) {
  const int shift = text.empty() ? 0 : shift_of(text.back());
  const auto digits = text.substr(0, text.size() - (shift != 0));
  const auto number = whole<std::uint64_t>(digits);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift) {
    refuse(text, "a size (such as 65536, 64K, 8M, 1G)");
  }
  return *number << shift;
}

std::chrono::milliseconds parse_seconds(std::string_view text) {
  constexpr double most = 1e8;  // three years; far from overflowing a deadline
  const auto seconds = whole<double>(text, std::chars_format::fixed);
  if (!seconds || !(*seconds >= 0 && *seconds <= most))
    refuse(text, "a number of seconds (such as 30 or 0.5)");
  return std::chrono::milliseconds(std::llround(std::ceil(*seconds * 1000)));
}

std::chrono::seconds parse_age(std::string_view text) {
  constexpr std::uint64_t most = 100'000'000;  // three years
  std::uint64_t unit = 1;
  std::string_view digits = text;
  if (!text.empty()) {
    static constexpr std::pair<char, std::uint64_t> units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 7 * 86'400}};
    for (const auto& [letter, seconds] : units) {
      if (text.back() != letter) continue;
      unit = seconds;
      digits.remove_suffix(1);
    }
  }
  const auto number = whole<std::uint64_t>(digits);
  if (!number || *number == 0 || *number > most / unit) refuse(text, "an age (such as 3600, 90m, 24h, 7d)");
  return std::chrono::seconds(*number * unit);
}

std::uint64_t parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto number = whole<std::uint64_t>(text);
  if (!number || *number < least || *number > most)
    refuse(text, fmt::format("a number from {} to {}", least, most));
  return *number;
}

std::uint16_t parse_mask(std::string_view text) {
  const auto mask = whole<std::uint16_t>(text, 8);
  if (!mask || *mask > 0777) refuse(text, "an octal mask (such as 022)");
  return *mask;
}

std::string parse_address(std::string_view text) {
  std::string address(text);
  in6_addr ignored;  // holds either kind
  if (::inet_pton(AF_INET, address.c_str(), &ignored) != 1 &&
      ::inet_pton(AF_INET6, address.c_str(), &ignored) != 1) {
    refuse(text, "an address (such as 192.0.2.1 or 2001:db8::1)");
  }
  return address;
}

std::pair<std::uint16_t, std::uint16_t> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = whole<std::uint16_t>(text.substr(0, dash));
  const auto last = dash == text.npos ? first : whole<std::uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first == 0 || *first > *last)
    refuse(text, "a range of ports (such as 40000-40100)");
  return {*first, *last};
}

uid_t parse_user(std::string_view text) {
  if (const auto number = whole<uid_t>(text)) return *number;
  const ::passwd* entry = ::getpwnam(std::string(text).c_str());
  if (entry == nullptr) refuse(text, "a user of this machine, nor a number");
  return entry->pw_uid;
}

proto::Zone parse_zone(std::string_view text) {
  if (auto zone = proto::Zone::from_offset(text)) return *std::move(zone);
  const bool is_name = !text.empty() && text.front() != '/' && text.find("..") == text.npos;
  const std::filesystem::path path = fmt::format("/usr/share/zoneinfo/{}", text);
  std::error_code unreadable;
  if (is_name && std::filesystem::is_regular_file(path, unreadable)) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (auto zone = proto::Zone::from_tzif(bytes)) return *std::move(zone);
  }
  if (auto zone = proto::Zone::from_rule(text)) return *std::move(zone);
  refuse(text, "a time zone (such as Europe/Berlin or +0530)");
}

std::string parse_charset(std::string_view text) {
  const std::string name(text);
  try {
    const proto::NameCodec known(name, "UTF-8");
  } catch (const std::invalid_argument& error) {
    throw Error(EINVAL, error.what());
  }
  return name;
}

gid_t parse_group(std::string_view text) {
  if (const auto number = whole<gid_t>(text)) return *number;
  const ::group* entry = ::getgrnam(std::string(text).c_str());
  if (entry == nullptr) refuse(text, "a group of this machine, nor a number");
  return entry->gr_gid;
}

}  // namespace ftpfs::cli
