// SPDX-License-Identifier: MIT
// Colours, on terminals only, and never where NO_COLOR asks for none (no-color.org).
#pragma once

#include <string>
#include <string_view>

namespace ftpfs::cli {

class Paint {
 public:
  Paint() = default;  // none
  explicit Paint(int fd);

  std::string bold(std::string_view text) const { return in("1", text); }
  std::string good(std::string_view text) const { return in("32", text); }
  std::string warning(std::string_view text) const { return in("33", text); }
  std::string bad(std::string_view text) const { return in("31", text); }

 private:
  std::string in(std::string_view code, std::string_view text) const;

  bool on_ = false;
};

}  // namespace ftpfs::cli
