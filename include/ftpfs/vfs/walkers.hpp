// SPDX-License-Identifier: MIT
// Who walks where? Sees which directories programs open and tells a walk from lone looks: two children of one
// directory in a row, whatever was opened below the first of them meanwhile. Walks side by side are kept
// apart (a few of them); one that stands still for longer than a listing is trusted is over.
#pragma once

#include <cstddef>
#include <list>
#include <vector>

#include <ftpfs/vfs/directories.hpp>

namespace ftpfs::vfs {

struct Walk {
  struct Level {
    Ino directory = 0;    // no reference: when the kernel has forgotten it, nobody walks there
    bool walked = false;  // two of its children were opened in a row
  };

  // Will somebody ask for what comes next in levels[index]? What lies below a walked directory is taken for
  // part of the walk.
  bool goes_on_in(std::size_t index) const noexcept;
  bool goes_on() const noexcept;

  std::vector<Level> levels;  // each lies in the one before; the last is the one that was opened last
  bool descends = true;       // false: sub-directories were passed over (`ls */`)
  Clock::time_point last{};
};

class Walkers {
 public:
  Walkers(InodeTable& nodes, Directories& directories, const Clock& clock, Clock::duration patience)
      : nodes_(nodes), directories_(directories), clock_(clock), patience_(patience) {}

  Walk& opened(const Node& directory);  // the walk that it continues or begins; valid until the next call
  void forget_old();
  void clear() noexcept { walks_.clear(); }
  const std::list<Walk>& walks() const noexcept { return walks_; }  // the last one to move first

 private:
  static constexpr std::size_t most_walks = 4;

  bool continues(const Walk& walk, const Node& directory) const noexcept;
  void move(Walk& walk, const Node& directory);

  InodeTable& nodes_;
  Directories& directories_;
  const Clock& clock_;
  Clock::duration patience_;
  std::list<Walk> walks_;
};

}  // namespace ftpfs::vfs
