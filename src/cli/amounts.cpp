// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>

#include <fmt/format.h>

#include <ftpfs/cli/amounts.hpp>

namespace ftpfs::cli {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1023.95 && unit + 1 < units.size(); ++unit) amount /= 1024;  // nobody reads "1024.0 KiB"
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

std::string rate_text(double bytes_per_second) {
  return bytes_text(static_cast<std::uint64_t>(std::max(bytes_per_second, 0.0))) + "/s";
}

std::string seconds_text(std::uint64_t seconds) {
  constexpr std::uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  const auto two = [seconds](std::uint64_t large, std::string_view name, std::uint64_t small,
                             std::string_view rest) {
    return fmt::format("{} {} {} {}", seconds / large, name, seconds % large / small, rest);
  };
  if (seconds < minute) return fmt::format("{} s", seconds);
  if (seconds < hour) return two(minute, "min", 1, "s");
  if (seconds < day) return two(hour, "h", minute, "min");
  return two(day, "d", hour, "h");
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string time_text(std::int64_t seconds_since_1970) {
  const std::time_t time = seconds_since_1970;
  std::tm local{};
  std::array<char, 32> text{};
  if (::localtime_r(&time, &local) == nullptr) return fmt::format("@{}", seconds_since_1970);
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  return text.data();
}

}  // namespace ftpfs::cli
