// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <utility>

#include <ftpfs/vfs/walkers.hpp>

namespace ftpfs::vfs {
namespace {

auto level_of(std::vector<Walk::Level>& levels, Ino directory) noexcept {
  return std::ranges::find(levels, directory, &Walk::Level::directory);
}

}  // namespace

bool Walk::goes_on_in(std::size_t index) const noexcept {
  if (levels[index].walked) return true;
  const auto end = levels.begin() + static_cast<std::ptrdiff_t>(index);
  return descends && std::any_of(levels.begin(), end, [](const Level& level) { return level.walked; });
}

bool Walk::goes_on() const noexcept {
  return std::ranges::any_of(levels, &Level::walked);
}

bool Walkers::continues(const Walk& walk, const Node& directory) const noexcept {
  const Node* const above = directory.parent;
  const Node* const first = nodes_.find(walk.levels.front().directory);
  if (above && first && first->parent == above) return true;  // beside where it began
  return std::ranges::any_of(walk.levels, [&](const Walk::Level& level) {
    return level.directory == directory.ino || (above && level.directory == above->ino);
  });
}

Walk& Walkers::opened(const Node& directory) {
  forget_old();
  const auto found =
      std::ranges::find_if(walks_, [&](const Walk& walk) { return continues(walk, directory); });
  if (found == walks_.end()) {
    walks_.emplace_front();
    walks_.front().levels.push_back({directory.ino});
    if (walks_.size() > most_walks) walks_.pop_back();
  } else {
    walks_.splice(walks_.begin(), walks_, found);
    move(walks_.front(), directory);
  }
  walks_.front().last = clock_.now();
  return walks_.front();
}

void Walkers::move(Walk& walk, const Node& directory) {
  std::vector<Walk::Level>& levels = walk.levels;
  const auto again = level_of(levels, directory.ino);
  if (again != levels.end()) {  // from there on anew
    again->walked = false;
    levels.erase(std::next(again), levels.end());
    return;
  }
  auto above = level_of(levels, directory.parent->ino);
  if (above == levels.end()) above = levels.insert(levels.begin(), Walk::Level{directory.parent->ino});
  if (std::next(above) == levels.end()) {
    walk.descends = true;
  } else {
    const Node* const last = nodes_.find(levels.back().directory);
    const auto listing = last ? directories_.cached(*last) : nullptr;
    if (listing && listing->directories() > 0) walk.descends = false;
    above->walked = true;
  }
  levels.erase(std::next(above), levels.end());
  levels.push_back({directory.ino});
}

void Walkers::forget_old() {
  const Clock::time_point now = clock_.now();
  walks_.remove_if([&](const Walk& walk) { return now - walk.last > patience_; });
}

}  // namespace ftpfs::vfs
