// SPDX-License-Identifier: MIT
// A directory in the reply to STAT (vsftpd), between a first line that is not for this class and an end that
// nothing in it can be taken for. A file name may contain line ends, and so any line that a server says; only
// the echo of a number that nobody could foresee comes from the server itself:
//
//   213-Status follows:
//   -rw-r--r--    1 1        1               0 Nov 29 22:53 a name
//   213 End of status
//   350 Restart position accepted (483920174520932).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ftpfs::proto {

class StatusListing {
 public:
  // `fence`: that number, as a REST right behind the STAT said it.
  explicit StatusListing(std::string fence);

  // Appends to `lines` what is certainly of the listing, every byte as it came. Returns how many bytes were
  // the reply's own: all, before it is over.
  std::size_t feed(std::string_view bytes, std::string& lines);

  bool over() const noexcept { return over_; }

 private:
  void end_line(std::string& lines);
  bool is_fence() const;

  std::string fence_;
  std::string line_;      // being received
  std::string last_end_;  // what may have been the end: the next line tells
  bool over_ = false;
};

}  // namespace ftpfs::proto
