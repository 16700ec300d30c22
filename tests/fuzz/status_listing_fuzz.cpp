// SPDX-License-Identifier: MIT
// A listing in the reply to STAT, in pieces of the size that the first byte says. Whatever the names in it
// pretend to be, without the number that ends it nothing is taken for its end, and every byte of it comes
// out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/proto/status_listing.hpp>

#include "check.hpp"

namespace {

using ftpfs::proto::StatusListing;

constexpr const char* fence = "483920174520932";

struct Read {
  std::string lines;
  std::size_t taken = 0;
  bool over = false;
};

Read read(std::string_view bytes, std::size_t piece) {
  StatusListing listing(fence);
  Read read;
  for (; !bytes.empty() && !listing.over(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const std::string_view now = bytes.substr(0, piece);
    const std::size_t taken = listing.feed(now, read.lines);
    check(taken <= now.size() && (taken == now.size() || listing.over()));
    read.taken += taken;
  }
  read.over = listing.over();
  std::string more;
  if (read.over) check(listing.feed("213 more\r\n", more) == 0 && more.empty());
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + 1u;
  std::string listing(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read any = read(listing, piece);
  check(any.lines.size() <= any.taken && any.taken <= listing.size());
  if (listing.find(fence) != listing.npos) return 0;  // which nobody can foresee
  check(!any.over && any.taken == listing.size());
  if (!listing.empty() && listing.back() != '\n') listing += "\r\n";
  const std::string end =
      "213 End of status\r\n350 Restart position accepted (" + std::string(fence) + ").\r\n";
  const Read whole = read(listing + end + "226 behind it\r\n", piece);
  check(whole.over && whole.lines == listing && whole.taken == listing.size() + end.size());
  return 0;
}
