// SPDX-License-Identifier: MIT
// The lines of one LIST, in order -> what each of them is. Remembers which family has read most lines and
// asks it first; the others are asked too, so mixed listings work.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "family.hpp"

namespace ftpfs::proto::listing {

inline constexpr std::size_t family_count = 17;

class Reader {
 public:
  struct Line {
    enum class Kind : std::uint8_t {
      entry,
      guess,    // an entry of a family that takes almost anything: believed only if the listing has nothing
                // better
      nothing,  // known to name no file
      unparsed,
    };
    Kind kind = Kind::nothing;
    ListedLine entry;
    std::string text;  // of an unparsed line
  };

  // Appends what became certain with this line: none, one, or two if the line before was held back.
  void read(std::string_view line, std::vector<Line>& out);
  void finish(std::vector<Line>& out);

  // Set once when a date shows that the order of day and month was misjudged: dates up to now have them
  // exchanged.
  bool take_order_change() noexcept;

 private:
  enum class Next : bool { may_come, none };  // a line after this one

  Reading ask(std::string_view line, Next next);
  bool ask_family(std::size_t family, std::string_view line, Next next, Reading& reading);
  void settle(Reading reading, std::string_view line, std::vector<Line>& out);
  bool join_held(std::string_view line, std::vector<Line>& out);

  std::array<std::uint64_t, family_count> votes_{};
  std::size_t leader_ = 0;
  std::size_t family_ = 0;  // that gave the last reading
  Evidence evidence_;
  bool order_changed_ = false;
  std::string held_;  // an Unfinished line
  std::size_t held_family_ = 0;
};

}  // namespace ftpfs::proto::listing
