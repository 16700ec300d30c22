// SPDX-License-Identifier: MIT
#include "listed.hpp"

#include <cerrno>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <ftpfs/base/text_hash.hpp>

#include "look.hpp"

namespace ftpfs::ftp {

using proto::ListingFormat;
using proto::Verb;

namespace {

void keep_first_of_each_name(std::vector<Entry>& entries) {
  std::unordered_set<std::string, HashOfText> seen;
  seen.reserve(entries.size());
  std::erase_if(entries, [&](const Entry& entry) { return !seen.insert(entry.name).second; });
}

}  // namespace

ListingIntake::ListingIntake(Session& session, Verb verb, std::string path)
    : context_(session.context()),
      verb_(verb),
      path_(std::move(path)),
      parser_(verb == Verb::mlsd ? ListingFormat::mlsd : ListingFormat::list, wall_seconds(session), path_) {}

void ListingIntake::take(std::string_view bytes) {
  received_ += bytes.size();
  parser_.feed(bytes);
  if (received_ > context_.config.max_listing_bytes || parser_.entries() > context_.config.max_entries)
    throw Error(EFBIG, fmt::format("directory is too large: {} entries, {} bytes so far", parser_.entries(),
                                   received_));
}

Listed ListingIntake::finish() {
  parser_.finish();
  take({});  // the last of them may be one too many
  Listed listed;
  listed.lines = parser_.lines();
  listed.shows_self = parser_.shows_self();
  listed.entries = parser_.take();
  if (!listed.entries.empty() && parser_.unparsed() > 0)
    context_.logger->info("listing of {}: {} lines make no sense, the first: {}", escaped(path_),
                          parser_.unparsed(), escaped(parser_.first_unparsed()));
  if (listed.entries.empty() && parser_.unparsed() > 0) {
    context_.logger->warn("listing of {} makes no sense: {}", escaped(path_),
                          escaped(parser_.first_unparsed()));
    throw Error(EIO, fmt::format("{} {}: not a listing", proto::verb_text(verb_), escaped(path_)),
                parser_.first_unparsed());
  }
  keep_first_of_each_name(listed.entries);
  return listed;
}

}  // namespace ftpfs::ftp
