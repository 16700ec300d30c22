// SPDX-License-Identifier: MIT
// What the journal holds about one stage: all that it takes to bring its content to the server after a crash,
// and to notice that somebody else has been there first. As text, with a checksum over every byte of it:
// whatever was changed or cut off is no record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/stage.hpp>

namespace ftpfs::vfs {

struct Record {
  enum class State {
    open,     // is being written; nobody was told anything about it
    complete  // a close() or fsync() was answered: it is to be on the server
  };

  std::string source;  // the mount that it belongs to
  Path path;
  State state = State::open;
  std::optional<Attributes> base;  // the server's version that it began with; absent: there was none
  Stage::Extent extent;
  bool may_append = true;
  std::int64_t written_at = 0;
  std::optional<std::int64_t> mtime;  // to be set after the content
  std::optional<std::uint16_t> mode;  // likewise
  std::optional<Path> temporary;      // a name on the server that an upload may have left
  std::optional<std::string> boot;    // VfsConfig::boot_id, as long as nobody waits for the disk to have it
  std::optional<std::uint64_t> replaces;  // in this folder, what had its name before: of no use any more

  // The machine has started anew since, and perhaps the disk never had the content.
  bool is_doubtful(const std::string& boot_id) const { return boot && *boot != boot_id; }

  friend bool operator==(const Record&, const Record&) = default;
};

std::string encode(const Record& record);
std::optional<Record> decode(std::string_view text);  // nullopt: not a whole record of ours

}  // namespace ftpfs::vfs
