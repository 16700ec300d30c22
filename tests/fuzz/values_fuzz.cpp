// SPDX-License-Identifier: MIT
// The value of an option: refused by one line that says what would be right, or within its bounds.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/values.hpp>
#include <ftpfs/net/tls.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::cli;

template <class Parse, class Holds>
void look_at(Parse parse, Holds holds) {
  try {
    check(holds(parse()));
  } catch (const ftpfs::Error& error) {
    check(error.code() == EINVAL && error.what()[0] != '\0');
    const std::string line = failure_line("", error);
    check(line.find_first_of(std::string_view("\r\n\x1b", 3)) == line.npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\0'));  // as the kernel hands it over
  static constexpr std::uint64_t most_seconds = 100'000'000;
  look_at([&] { return parse_size(text); }, [](std::uint64_t) { return true; });
  look_at([&] { return parse_seconds(text); },
          [](milliseconds time) { return time >= milliseconds(0) && time <= seconds(most_seconds); });
  look_at([&] { return parse_age(text); },
          [](seconds age) { return age > seconds(0) && age <= seconds(most_seconds); });
  look_at([&] { return parse_number(text, 3, 65'535); }, [](auto n) { return n >= 3 && n <= 65'535; });
  look_at([&] { return parse_mask(text); }, [](auto mask) { return mask <= 0777; });
  look_at([&] { return parse_address(text); }, [&](const auto& address) { return address == text; });
  look_at([&] { return parse_port_range(text); },
          [](const auto& range) { return range.first >= 1 && range.first <= range.second; });
  look_at([&] { return parse_user(text); }, [](uid_t) { return true; });
  look_at([&] { return parse_group(text); }, [](gid_t) { return true; });
  look_at([&] { return parse_zone(text); }, [](const auto&) { return true; });
  look_at([&] { return parse_charset(text); }, [&](const auto& name) { return name == text; });
  if (ftpfs::net::parse_fingerprint(text)) check(text.size() >= 64);
  return 0;
}
