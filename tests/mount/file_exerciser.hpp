// SPDX-License-Identifier: MIT
// Random operations on one file, each byte checked against a copy in memory. What a file system's caches get
// wrong shows here: holes, the end of the file moving under a mapping, two descriptors of one file, a reopen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace ftpfs::test {

struct FileExercise {
  std::uint32_t seed = 1;
  std::size_t operations = 1000;
  std::size_t largest_file = 256u << 10;  // bytes
  std::size_t largest_operation = 64u << 10;
  bool mapped = true;             // mmap, shared, reading and writing
  bool close_each = false;        // only what is closed reaches a daemon behind the page cache
  std::filesystem::path stored;   // where the same file lies on the server; compared after each close
  std::function<void()> remount;  // called now and then, the file closed
};

// What went wrong first, with the seed and the operations before it; nothing if all was well.
std::optional<std::string> exercise_file(const std::filesystem::path& path, const FileExercise& exercise);

}  // namespace ftpfs::test
