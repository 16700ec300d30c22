// SPDX-License-Identifier: MIT
// One operation on a tree, and how it is written down: `rename a/b c 0 0`. A sequence that once found a bug
// is kept as such lines.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ftpfs::test {

enum class TreeOperation {
  create,     // path: must not exist yet; `size` bytes of `number`'s pattern
  replace,    // path: O_CREAT | O_TRUNC, `size` bytes
  overwrite,  // path: `size` bytes at `offset`, if it exists
  append,     // path: `size` bytes
  truncate,   // path to `offset`
  read,       // path, whole
  list,       // path
  examine,    // path: lstat
  make_directory,
  remove_directory,
  unlink,
  rename,          // path to other
  rename_if_free,  // RENAME_NOREPLACE
  set_mode,        // path, one of a few modes by `offset`
  set_time,        // path, `offset` as seconds
  hold,            // opens path, reading and writing, in slot `size`
  hold_write,      // the slot: `number`'s pattern at `offset`
  hold_read,       // the slot, whole
  hold_examine,    // the slot: fstat
  hold_close,
};

struct TreeStep {
  TreeOperation operation = TreeOperation::examine;
  std::string path;
  std::string other;
  std::size_t offset = 0;
  std::size_t size = 0;
};

TreeStep random_step(std::mt19937& random);
std::string to_string(const TreeStep& step);
// The lines of to_string. Throws std::invalid_argument.
std::vector<TreeStep> parse_steps(std::string_view text);

}  // namespace ftpfs::test
