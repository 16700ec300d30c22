// SPDX-License-Identifier: MIT
// What mounts that died have left in the spool. Everything that needs no server is settled here: what nobody
// was promised anything about is kept under a name, what is damaged too, what is no longer needed goes. The
// rest is handed out, to be brought to the server.
#pragma once

#include <string>
#include <vector>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/vfs/config.hpp>
#include <ftpfs/vfs/journal.hpp>

namespace ftpfs::vfs {

struct Remains {
  JournalEntry entry;
  Record record;
  UniqueFd content;  // at least as long as the record says
  UniqueFd old;      // what the server had before it was overwritten in place; nearly always empty
};

// Of the mount's own source only. Nothing is lost when this is killed half way: the next one begins where it
// ended.
std::vector<Remains> find_remains(const Spool& spool, const VfsConfig& config, const Logger& logger);

}  // namespace ftpfs::vfs
