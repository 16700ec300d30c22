// SPDX-License-Identifier: MIT
// The fixture of every vfs test: a Vfs over a MemoryRemote, a clock that stands still, a spool directory of
// its own. The Vfs starts at its first use, so that a test may change config_ before.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ftpfs/vfs/vfs.hpp>

#include "support/manual_clock.hpp"
#include "support/memory_remote.hpp"
#include "vfs/client.hpp"

namespace ftpfs::test {

class VfsWorld {
 protected:
  VfsWorld();
  ~VfsWorld();
  VfsWorld(const VfsWorld&) = delete;
  VfsWorld& operator=(const VfsWorld&) = delete;

  vfs::Vfs& fs();
  Client& client();
  MemoryTree& tree() { return remote_.tree(); }
  void advance(Clock::duration step);               // and lets happen what was waiting for that time
  std::vector<std::string> kept_in_spool() const;   // contents of the files that have a name there
  std::vector<std::string> names_in_spool() const;  // of all of them, sorted
  void unmount();                                   // and the next use mounts again
  // kill -9: what is on disk stays as it is at this moment, and no command reaches the server any more.
  void crash();
  void remount();  // after a crash; what is left is taken care of as far as that is possible now

  std::size_t open_stages() const;  // files of the spool that are held open

  // Bytes that differ everywhere, so that a piece in the wrong place shows.
  static std::string pattern(std::size_t size, unsigned seed = 1);

  ManualClock clock_;
  MemoryRemote remote_{clock_};
  vfs::VfsConfig config_;
  asio::io_context io_;

 private:
  std::filesystem::path spool_;
  int crashes_ = 0;
  std::unique_ptr<vfs::Vfs> fs_;
  std::optional<Client> client_;
};

}  // namespace ftpfs::test
