// SPDX-License-Identifier: MIT
// A data connection with a listing. The first byte picks MLSD or LIST and the size of the pieces it arrives
// in.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ftpfs/proto/listing.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::proto;

std::size_t take_entries(ListingParser& parser) {
  const auto entries = parser.take();
  for (const ftpfs::Entry& entry : entries) {
    check(ftpfs::Path::valid_name(entry.name));
    check(entry.attributes.mode.value_or(0) <= 0777);
    check(entry.attributes.size <= static_cast<std::uint64_t>(INT64_MAX));
    check(entry.link_target.empty() || entry.attributes.kind == ftpfs::Kind::symlink);
  }
  return entries.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ListingFormat format = data[0] % 2 == 0 ? ListingFormat::list : ListingFormat::mlsd;
  const std::size_t piece = data[0] / 2u + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::int64_t now = 1795348800;
  ListingParser parser(format, now, "/pub");
  std::size_t entries = 0;
  for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < piece ? bytes.size() : piece)) {
    parser.feed(bytes.substr(0, piece));
    entries += take_entries(parser);
  }
  parser.finish();
  entries += take_entries(parser);
  check(entries == parser.entries());
  check(parser.first_unparsed().size() <= 256);
  return 0;
}
