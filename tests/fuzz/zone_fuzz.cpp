// SPDX-License-Identifier: MIT
// A time zone, as an offset, a rule or a file: local times made of UTC lead back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <ftpfs/proto/zone.hpp>

#include "check.hpp"

namespace {

void look_at(const std::optional<ftpfs::proto::Zone>& zone) {
  if (!zone) return;
  constexpr std::int64_t month = 30 * 86'400;
  for (std::int64_t utc = -40 * month; utc < 900 * month; utc += 7 * month) zone->to_utc(zone->to_local(utc));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at(ftpfs::proto::Zone::from_offset(text));
  look_at(ftpfs::proto::Zone::from_rule(text));
  look_at(ftpfs::proto::Zone::from_tzif(text));
  return 0;
}
