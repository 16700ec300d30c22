// SPDX-License-Identifier: MIT
// The search for what nobody but its server may see, in all that a program under test wrote.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace ftpfs::test {

// Of the fake server, of the real ones, and of the proxies.
inline constexpr std::array<std::string_view, 3> the_secrets{"secret", "opensesame", "mellonfriend"};

// The letters of base64 that `secret` alone decides where `before` bytes stand before it: Basic wants
// user:password.
inline std::string in_base64(std::string_view secret, std::size_t before) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string bytes = std::string(before, '\0').append(secret).append(1, '\0');
  std::string text;
  for (std::size_t at = (8 * before + 5) / 6; 6 * (at + 1) <= 8 * (before + secret.size()); ++at) {
    const std::size_t byte = 6 * at / 8;
    const unsigned pair =
        static_cast<unsigned char>(bytes[byte]) * 256u + static_cast<unsigned char>(bytes[byte + 1]);
    text += letters[pair >> (10 - 6 * at % 8) & 63];
  }
  return text;
}

// The line of `text` that tells a secret; empty: none does.
inline std::string line_that_tells(std::string_view text) {
  for (const std::string_view secret : the_secrets) {
    for (const std::string& trace :
         {std::string(secret), in_base64(secret, 0), in_base64(secret, 1), in_base64(secret, 2)}) {
      const std::size_t at = text.find(trace);
      if (at == text.npos) continue;
      const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1: 0
      const std::string_view line = text.substr(begin, text.find('\n', at) - begin);
      return "'" + std::string(line.substr(0, 1000)) + "' has " + trace + " in it";
    }
  }
  return "";
}

inline std::string line_of_file_that_tells(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const bool help = content.view().starts_with("Usage: ");  // explains where secrets come from
  return help ? "" : line_that_tells(content.view());
}

// Every file below `directory` that tells a secret, and how; without those of `spared`, in which the test put
// one itself, and without what is mounted there, which may hang.
inline std::vector<std::string> files_that_tell(const std::filesystem::path& directory,
                                                const std::set<std::filesystem::path>& spared = {}) {
  namespace fs = std::filesystem;
  std::set<fs::path> passed_over = spared;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line, skipped, where; std::getline(table, line);) {
    std::istringstream fields(line);
    if (fields >> skipped >> skipped >> skipped >> skipped >> where) passed_over.insert(where);
  }
  std::vector<std::string> found;
  std::error_code gone;  // a daemon may still tidy up its spool
  for (auto at = fs::recursive_directory_iterator(directory, gone); !gone && at != fs::end(at);
       at.increment(gone)) {
    if (passed_over.contains(at->path())) {
      at.disable_recursion_pending();
    } else if (!at->is_symlink(gone) && at->is_regular_file(gone)) {
      const std::string line = line_of_file_that_tells(at->path());
      if (!line.empty()) found.push_back(at->path().string() + ": " + line);
    }
  }
  return found;
}

}  // namespace ftpfs::test
