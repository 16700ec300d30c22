// SPDX-License-Identifier: MIT
// What the vfs is told: how files appear, how long answers stay valid, how much memory, where the spool is.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace ftpfs::vfs {

enum class UploadMode {
  automatic,
  atomic,
  inplace
};                                        // how an existing file is replaced (users-and-features 3.6)
enum class PermsMode { ignore, strict };  // chmod, chown, utimens that the server cannot do

struct VfsConfig {
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint16_t file_mode = 0644;  // where the server does not say
  std::uint16_t directory_mode = 0755;
  std::uint16_t file_mask = 0;       // bits taken away from every file's mode (umask=, fmask=)
  std::uint16_t directory_mask = 0;  // (umask=, dmask=)
  bool read_only = false;

  std::chrono::milliseconds kernel_ttl{1'000};    // attr_timeout, entry_timeout, negative_timeout
  std::chrono::milliseconds listing_ttl{20'000};  // dcache_timeout
  std::size_t listing_bytes = 64u << 20;          // all cached listings together
  std::size_t block_bytes = 16u << 20;            // all cached file blocks together
  // Of one sequential reader; else what suits the server (ReaderContext::readahead).
  std::optional<std::size_t> readahead_bytes;
  std::size_t read_streams = 4;  // for one sequential reader, where more than one help
  unsigned line_may_die = 1;     // in a row without progress, before a transfer is given up
  // ...or never: reads go on while somebody waits for the bytes, uploads until they are there.
  bool hard = false;
  bool list_ahead = true;   // directories, before a walker opens them
  bool fetch_ahead = true;  // small files, before they are opened one after the other
  std::chrono::milliseconds stream_idle{
      20'000};  // a stream nobody uses goes (vsftpd ends it after 300 s anyway)

  std::string spool_directory;  // private, 0700; made if missing
  std::string spool_source;     // server, user and directory: what is left there by another one stays
  // Of this start of the machine (/proc/sys/kernel/random/boot_id): what was left by another one, and never
  // brought to the disk, may be there in part.
  std::string boot_id;
  // 0: close() returns when the server has it. Else when this disk has it, and it is sent so much later.
  std::chrono::milliseconds writeback{0};
  // What is read stays on this disk, too, for this mount and later ones (cache_mode=full).
  std::string cache_directory;                // private, 0700; made if missing; empty: it does not
  std::uint64_t cache_bytes = 1ull << 30;     // all of it together
  std::chrono::seconds cache_age{7 * 86400};  // what was not used for so long goes
  std::uint64_t cache_min_free = 256u << 20;  // to be left free on that disk
  UploadMode upload = UploadMode::automatic;
  PermsMode perms = PermsMode::ignore;
  bool contain_symlinks = true;              // targets that lead out of the mount are not handed out
  std::optional<std::uint64_t> statfs_size;  // bytes that statfs shows, whatever the server says
};

}  // namespace ftpfs::vfs
