// SPDX-License-Identifier: MIT
// What is kept on this disk of what was read.
#include <algorithm>

#include <ftpfs/cli/values.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

// `off` cannot mean more than that nothing is kept which was read: FTP sends whole files only, so what is
// written has to lie somewhere until then.
void set_cache_mode(Settings& s, Text value) {
  s.keep_what_is_read = choose(
      value, std::to_array<std::pair<Text, bool>>({{"writes", false}, {"full", true}, {"off", false}}));
}

// A number alone would be one of megabytes to davfs2.
void set_cache_size(Settings& s, Text value) {
  constexpr std::uint64_t least = 1u << 20;
  const std::uint64_t size = parse_size(value);
  if (size < least) throw Error(EINVAL, "less than 1M is no cache (64M, 10G)");
  s.vfs.cache_bytes = size;
}

}  // namespace

std::vector<Option> cache_options() {
  using enum Group;
  return {
      {caching,
       "cache_mode",
       {"vfs_cache_mode"},
       "MODE",
       "full: keep what is read on disk, too; writes (default), off: do not",
       set_cache_mode},
      {caching,
       "cache_dir",
       {},
       "DIR",
       "... there, for later mounts of the same",
       [](S& s, Text v) { s.vfs.cache_directory = v; }},
      {caching,
       "cache_size",
       {"vfs_cache_max_size"},
       "SIZE",
       "... so much of it at most (1G)",
       set_cache_size},
      {caching,
       "cache_max_age",
       {"vfs_cache_max_age"},
       "AGE",
       "... until it was not used for so long (7d)",
       [](S& s, Text v) { s.vfs.cache_age = parse_age(v); }},
      {caching,
       "cache_min_free",
       {"vfs_cache_min_free_space"},
       "SIZE",
       "... as long as so much of the disk is free (256M)",
       [](S& s, Text v) { s.vfs.cache_min_free = parse_size(v); }},
  };
}

}  // namespace ftpfs::cli
