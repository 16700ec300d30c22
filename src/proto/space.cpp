// SPDX-License-Identifier: MIT
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/proto/space.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

constexpr double most = 9.0e18;  // bytes; what a signed 64-bit number holds

// The number that `text` begins with, after blanks and a colon.
std::optional<double> leading_number(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t:");
  if (first == text.npos) return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(text.data() + first, text.data() + text.size(), value);
  if (result.ec != std::errc() || value < 0 || value > most) return std::nullopt;
  return value;
}

// What follows `label` in the first line that has it.
std::optional<std::string_view> after(const Reply& reply, std::string_view label) {
  for (const std::string& line : reply.lines) {
    for (std::size_t at = 0; at + label.size() <= line.size(); ++at) {
      const std::string_view rest = std::string_view(line).substr(at);
      if (equals_ignoring_case(rest.substr(0, label.size()), label)) return rest.substr(label.size());
    }
  }
  return std::nullopt;
}

std::optional<Space> between(double used, double limit, double unit) {
  if (limit <= 0 || limit * unit > most) return std::nullopt;
  Space space;
  space.total = static_cast<std::uint64_t>(limit * unit);
  space.free = used < limit ? static_cast<std::uint64_t>((limit - used) * unit) : 0;
  return space;
}

}  // namespace

std::optional<Space> parse_avbl(const Reply& reply) {
  if (reply.code != 213) return std::nullopt;
  const std::optional<double> free = leading_number(reply.text);
  if (!free) return std::nullopt;
  return Space{static_cast<std::uint64_t>(*free), std::nullopt};
}

std::optional<Space> parse_xquota(const Reply& reply) {
  const auto usage = after(reply, "disk usage:");
  const auto limit = after(reply, "disk limit:");
  if (!reply.completion() || !usage || !limit) return std::nullopt;
  const auto used = leading_number(*usage);
  const auto allowed = leading_number(*limit);
  if (!used || !allowed) return std::nullopt;
  return between(*used, *allowed, 1);
}

std::optional<Space> parse_site_quota(const Reply& reply) {
  struct Unit {
    std::string_view label;
    double bytes;
  };
  constexpr Unit units[] = {
      {"uploaded bytes", 1}, {"uploaded kb", 1 << 10}, {"uploaded mb", 1 << 20}, {"uploaded gb", 1 << 30}};
  if (!reply.completion()) return std::nullopt;
  for (const Unit& unit : units) {
    const auto figures = after(reply, unit.label);
    if (!figures) continue;
    const std::size_t slash = figures->find('/');
    if (slash == figures->npos) return std::nullopt;
    const auto used = leading_number(figures->substr(0, slash));
    const auto limit = leading_number(figures->substr(slash + 1));
    if (!used || !limit) return std::nullopt;
    return between(*used, *limit, unit.bytes);
  }
  return std::nullopt;
}

}  // namespace ftpfs::proto
