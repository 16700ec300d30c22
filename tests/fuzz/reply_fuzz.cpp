// SPDX-License-Identifier: MIT
// A server's control connection in two pieces; whatever it says, the replies are in order, bounded, and the
// readers of their texts cope.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <ftpfs/proto/address.hpp>
#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/features.hpp>
#include <ftpfs/proto/listing.hpp>
#include <ftpfs/proto/path_name.hpp>
#include <ftpfs/proto/reply.hpp>
#include <ftpfs/proto/space.hpp>
#include <ftpfs/proto/time.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::proto;

void check_space(const std::optional<ftpfs::Space>& space) {
  constexpr std::uint64_t most = INT64_MAX;
  if (!space) return;
  check(space->free <= space->total.value_or(most) && space->total.value_or(0) <= most);
}

void read_all_meanings(const Reply& reply) {
  check(reply.code >= 100 && reply.code < 700);
  check(!reply.lines.empty() && reply.lines.size() <= ReplyParser::max_lines);
  check(reply.text.size() <= ReplyParser::max_reply + ReplyParser::max_lines);
  for (int verb = 0; verb <= static_cast<int>(Verb::allo); ++verb) {
    check(errno_for(static_cast<Verb>(verb), reply) > 0);
  }
  (void)is_connection_limit(reply);
  (void)parse_features(reply);
  (void)find_time_value(reply.text);
  if (const auto port = parse_epsv(reply.text)) check(*port >= 1024);
  if (const auto address = parse_pasv(reply.text)) check(address->port >= 1024);
  if (const auto path = parse_path_name(reply)) check(!path->empty() && path->find('\n') == path->npos);
  check_space(parse_avbl(reply));
  check_space(parse_xquota(reply));
  check_space(parse_site_quota(reply));
  if (const auto entry = parse_mlst_reply(reply)) check(entry->name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReplyParser parser;
  parser.feed(bytes.substr(0, size / 2));
  parser.feed(bytes.substr(size / 2));
  const bool over = parser.may_be_over();
  while (const auto reply = parser.next()) read_all_meanings(*reply);
  parser.settle();
  const auto settled = parser.next();
  check(settled.has_value() == over);
  if (settled) read_all_meanings(*settled);
  check(parser.broken() != parser.complaint().empty());
  return 0;
}
