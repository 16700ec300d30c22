// SPDX-License-Identifier: MIT
// `ftpfs list`: the ftpfs mounts of this machine and how they are. A mount that does not answer keeps nobody
// waiting.
#pragma once

#include <string>
#include <vector>

#include <ftpfs/cli/enquiry.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/paint.hpp>
#include <ftpfs/fuse/mount_table.hpp>

namespace ftpfs::cli {

struct ListedMount {
  enum class State {
    alive,
    dead,     // its daemon has gone: everything there fails with ENOTCONN
    silent,   // its daemon does not answer
    foreign,  // somebody else's: not to be asked
    older     // of a version that cannot be asked
  };

  std::string mountpoint;
  std::string source;
  std::string user;  // who mounted it
  State state = State::alive;
  std::uint64_t unsent_files = 0;  // where it could be asked
  std::uint64_t unsent_bytes = 0;
  std::uint64_t errors = 0;
};

ExitStatus list(const Settings& settings);

ListedMount listed(const fuse::MountEntry& mount, const Heard& heard);  // what it answered to "status"
std::string list_text(const std::vector<ListedMount>& mounts, const Paint& paint);
std::string list_json(const std::vector<ListedMount>& mounts);

}  // namespace ftpfs::cli
