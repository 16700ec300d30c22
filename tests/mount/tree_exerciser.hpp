// SPDX-License-Identifier: MIT
// The same steps on two directories, one of them a mount, the other local: each result, each errno and from
// time to time the whole trees must be the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mount/tree_step.hpp"

namespace ftpfs::test {

struct TreePair {
  std::filesystem::path mount;  // empty directories
  std::filesystem::path local;
  std::filesystem::path stored;   // where the mount's lies on the server; compared at the end
  std::function<bool()> at_rest;  // whether the daemon holds nothing any more; asked at the end
};

struct Difference {
  std::size_t step = 0;  // the first whose result differs
  std::string what;
};

// Both directories are empty before and after.
std::optional<Difference> compare_steps(const TreePair& pair, const std::vector<TreeStep>& steps);

// `count` random steps; on a difference the shortest sequence that still shows it, as text.
std::optional<std::string> exercise_tree(const TreePair& pair, std::uint32_t seed, std::size_t count);

}  // namespace ftpfs::test
