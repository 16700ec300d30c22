// SPDX-License-Identifier: MIT
#include <string_view>

#include <ftpfs/proto/path_name.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

// What stands behind the opening quote, up to the closing one. A lost closing quote ends with the text.
std::string unquoted(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (i + 1 == text.size() || text[i + 1] != '"') break;
      ++i;
    }
    path += text[i];
  }
  return path;
}

}  // namespace

std::optional<std::string> parse_path_name(const Reply& reply) {
  std::string_view text = reply.text;
  std::string path;
  if (const std::size_t quote = text.find('"'); quote != text.npos) {
    path = unquoted(text.substr(quote + 1));
  } else {
    text = trim(text);
    path = text.substr(0, text.find_first_of(" \t\r\n"));
  }
  if (path.empty() || path.find_first_of(std::string_view("\r\n\0", 3)) != path.npos) return std::nullopt;
  return path;
}

bool is_unix_path(std::string_view path) noexcept {
  const bool on_drive = path.size() >= 2 && path[1] == ':' && (path.size() == 2 || path[2] == '/');
  return path.starts_with('/') || on_drive;
}

}  // namespace ftpfs::proto
