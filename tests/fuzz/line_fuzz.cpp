// SPDX-License-Identifier: MIT
// One line of a listing, and one time value: what comes out must be printable and survive the way back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ftpfs/proto/listing.hpp>
#include <ftpfs/proto/time.hpp>

#include "check.hpp"

namespace {

void look_at(const std::optional<ftpfs::proto::ListedLine>& line) {
  if (!line) return;
  check(!line->name.empty() && line->name != "." && line->name != "..");
  check(line->mode.value_or(0) <= 07777);
  if (line->time) check(ftpfs::proto::valid(*line->time));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at(ftpfs::proto::parse_mlsd_line(text));
  look_at(ftpfs::proto::parse_list_line(text));
  if (const auto time = ftpfs::proto::parse_time_value(text)) {
    check(ftpfs::proto::parse_time_value(ftpfs::proto::format_time_value(time->seconds))->seconds ==
          time->seconds);
  }
  return 0;
}
