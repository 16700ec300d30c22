// SPDX-License-Identifier: MIT
// What comes back from one listing command, whichever way it travels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/proto/listing.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::ftp {

struct Listed {
  std::optional<proto::Reply> refusal;
  std::vector<Entry> entries;
  std::uint64_t lines = 0;
  bool shows_self = false;  // "." was among them
};

// The lines of a listing as they come, as far as our memory is good for: no directory is as large as a
// hostile server's listing.
class ListingIntake {
 public:
  // `path`: for messages, and for servers that print whole paths.
  ListingIntake(Session& session, proto::Verb verb, std::string path);

  void take(std::string_view bytes);  // throws Error(EFBIG)
  // There is no more. Throws Error(EIO) where this was no listing.
  Listed finish();

 private:
  SessionContext& context_;
  proto::Verb verb_;
  std::string path_;
  proto::ListingParser parser_;
  std::uint64_t received_ = 0;
};

}  // namespace ftpfs::ftp
