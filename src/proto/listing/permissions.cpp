// SPDX-License-Identifier: MIT
#include <algorithm>

#include "../text.hpp"
#include "unix_tail.hpp"

namespace ftpfs::proto::listing {
namespace {

constexpr std::size_t triads = 9;

// Bits that Go writes in front of the permissions instead of into them.
std::uint16_t go_bits(std::string_view letters) noexcept {
  const auto bit = [letters](char letter, unsigned value) {
    return letters.find(letter) == letters.npos ? 0u : value;
  };
  return static_cast<std::uint16_t>(bit('u', 04000) | bit('g', 02000) | bit('t', 01000));
}

// Also the letters of Go's os.FileMode ("Lrwxrwxrwx", "dtrwxrwxrwx", "Dcrw-rw-rw-"), which SFTPGo prints.
bool read_kind(std::string_view letters, ListedLine& entry) noexcept {
  constexpr std::string_view known = "-dlLfbcpsSDnCugtTa?";
  if (letters.empty() || letters.size() > 3 || letters.find_first_not_of(known) != letters.npos) return false;
  const char first = letters[0];
  const bool go_flags_only = letters.find_first_not_of("ugta") == letters.npos;
  if (first == '-' || first == 'f' || go_flags_only) {
    entry.kind = ListedKind::file;
  } else if (first == 'd') {
    entry.kind = ListedKind::directory;
  } else if (first == 'l' || first == 'L') {
    entry.kind = ListedKind::symlink;
  } else {
    entry.kind = ListedKind::other;
  }
  return true;
}

// Bits of one "rwx" and, in `special`, whether its last letter carries setuid, setgid or sticky. -1: none of
// these.
int triad(std::string_view text, bool& special) noexcept {
  if ((text[0] != 'r' && text[0] != '-') || (text[1] != 'w' && text[1] != '-')) return -1;
  constexpr std::string_view last = "-xsStTlL";
  if (last.find(text[2]) == last.npos) return -1;
  special = text[2] != '-' && text[2] != 'x';
  const bool execute = text[2] == 'x' || text[2] == 's' || text[2] == 't';
  return (text[0] == 'r' ? 4 : 0) | (text[1] == 'w' ? 2 : 0) | (execute ? 1 : 0);
}

std::optional<std::uint16_t> mode_of(std::string_view text) noexcept {
  unsigned mode = 0;
  unsigned specials = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    bool special = false;
    const int bits = triad(text.substr(i * 3, 3), special);
    if (bits < 0) return std::nullopt;
    mode = (mode << 3) | static_cast<unsigned>(bits);
    specials = (specials << 1) | (special ? 1u : 0u);
  }
  return static_cast<std::uint16_t>((specials << 9) | mode);
}

// An ACL or SELinux mark, and a link count that left no room for its blank ("drwxrwsr-x+144").
std::string_view without_marks(std::string_view text) noexcept {
  while (!text.empty() && is_digit(text.back())) text.remove_suffix(1);
  if (!text.empty() && (text.back() == '+' || text.back() == '.' || text.back() == '@'))
    text.remove_suffix(1);
  return text;
}

// "drwxr-x", "-C--E-----FTP": a kind, and something that looks like flags but says nothing about modes.
// Permissions of the right length with their letters in the wrong places are not that.
bool read_odd_flags(std::string_view text, ListedLine& entry) noexcept {
  constexpr std::size_t shortest = 7;
  if (text.size() == triads + 1 && text.substr(1).find_first_not_of("-rwxsStTlL") == text.npos) return false;
  const bool flags = std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || is_alpha(c); });
  const auto dashes = std::count(text.begin() + 1, text.end(), '-');
  return text.size() >= shortest && flags && dashes >= 1 && text.find_first_of("-dl") == 0 &&
         read_kind(text.substr(0, 1), entry);
}

}  // namespace

bool read_permissions(std::string_view text, ListedLine& entry) noexcept {
  text = without_marks(text);
  if (text.size() > triads) {
    const auto mode = mode_of(text.substr(text.size() - triads));
    if (mode && read_kind(text.substr(0, text.size() - triads), entry)) {
      entry.mode = *mode | go_bits(text.substr(0, text.size() - triads));
      return true;
    }
  }
  return text.size() > 1 && read_odd_flags(text, entry);
}

}  // namespace ftpfs::proto::listing
