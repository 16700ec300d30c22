// SPDX-License-Identifier: MIT
#include "mount/tree_step.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace ftpfs::test {
namespace {

using enum TreeOperation;

struct Entry {
  TreeOperation operation;
  std::string_view name;
  unsigned weight;
};

constexpr std::array<Entry, 20> table{{{create, "create", 8},
                                       {replace, "replace", 5},
                                       {overwrite, "overwrite", 4},
                                       {append, "append", 4},
                                       {truncate, "truncate", 3},
                                       {read, "read", 4},
                                       {list, "list", 4},
                                       {examine, "examine", 6},
                                       {make_directory, "make_directory", 8},
                                       {remove_directory, "remove_directory", 4},
                                       {unlink, "unlink", 4},
                                       {rename, "rename", 10},
                                       {rename_if_free, "rename_if_free", 3},
                                       {set_mode, "set_mode", 2},
                                       {set_time, "set_time", 2},
                                       {hold, "hold", 4},
                                       {hold_write, "hold_write", 4},
                                       {hold_read, "hold_read", 3},
                                       {hold_examine, "hold_examine", 2},
                                       {hold_close, "hold_close", 3}}};

std::size_t below(std::mt19937& random, std::size_t limit) {
  return random() % limit;
}

TreeOperation random_operation(std::mt19937& random) {
  unsigned total = 0;
  for (const Entry& entry : table) total += entry.weight;
  std::size_t left = below(random, total);
  for (const Entry& entry : table) {
    if (left < entry.weight) return entry.operation;
    left -= entry.weight;
  }
  return examine;
}

// Few names, so that operations meet; no more than three deep.
std::string random_path(std::mt19937& random) {
  std::string path;
  for (std::size_t depth = 1 + below(random, 3); depth > 0; --depth) {
    if (!path.empty()) path += '/';
    path += static_cast<char>('a' + below(random, 4));
  }
  return path;
}

}  // namespace

TreeStep random_step(std::mt19937& random) {
  constexpr std::array<std::size_t, 6> sizes{0, 1, 100, 4096, 5000, 70'000};
  TreeStep step;
  step.operation = random_operation(random);
  step.path = random_path(random);
  step.other = random_path(random);
  step.offset = below(random, 10'000);
  step.size = sizes[below(random, sizes.size())];
  return step;
}

std::string to_string(const TreeStep& step) {
  const auto entry = std::find_if(table.begin(), table.end(),
                                  [&](const Entry& one) { return one.operation == step.operation; });
  std::ostringstream out;
  out << entry->name << ' ' << step.path << ' ' << step.other << ' ' << step.offset << ' ' << step.size;
  return out.str();
}

std::vector<TreeStep> parse_steps(std::string_view text) {
  std::vector<TreeStep> steps;
  std::istringstream in{std::string(text)};
  for (std::string name; in >> name;) {
    const auto entry =
        std::find_if(table.begin(), table.end(), [&](const Entry& one) { return one.name == name; });
    TreeStep step;
    if (entry == table.end() || !(in >> step.path >> step.other >> step.offset >> step.size))
      throw std::invalid_argument("no step: " + name);
    step.operation = entry->operation;
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace ftpfs::test
