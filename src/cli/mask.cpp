// SPDX-License-Identifier: MIT
#include <cstring>
#include <string_view>

#include <ftpfs/cli/mask.hpp>

namespace ftpfs::cli {
namespace {

// Puts '*' in the place of text[from, to), moves the rest up and clears what it leaves behind.
void blank(char* text, std::size_t from, std::size_t to) noexcept {
  if (from >= to) return;
  const std::size_t length = std::strlen(text);
  text[from] = '*';
  std::memmove(text + from + 1, text + to, length - to);
  const std::size_t kept = from + 1 + length - to;
  std::memset(text + kept, 0, length - kept);
}

// Where the option value that starts at `from` ends: `--name=value` is one value, `-o a=b,c=d` has more.
std::size_t value_end(std::string_view text, std::size_t from) noexcept {
  if (text.starts_with("--")) return text.size();
  std::size_t end = from;
  while (end < text.size() && text[end] != ',') end += text[end] == '\\' ? 2 : 1;
  return end < text.size() ? end : text.size();
}

void hide_option(char* text, std::string_view name, bool behind_colon) noexcept {
  std::size_t from = std::string_view(text).find(name);
  while (from != std::string_view::npos) {
    from += name.size();
    const std::string_view now(text);
    const std::size_t end = value_end(now, from);
    const std::size_t colon = now.substr(from, end - from).find(':');
    if (!behind_colon) {
      blank(text, from, end);
    } else if (colon != std::string_view::npos) {
      blank(text, from + colon + 1, end);
    }
    from = std::string_view(text).find(name, from);
  }
}

// [scheme://]user:password@host: everything between the first ':' and the last '@', for a password may hold
// either.
void hide_source(char* text) noexcept {
  const std::string_view whole(text);
  const std::size_t scheme = whole.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t colon = whole.find(':', start);
  const std::size_t at = whole.rfind('@');
  if (colon == std::string_view::npos || at == std::string_view::npos) return;
  blank(text, colon + 1, at);
}

// [scheme://]user:password@host in proxy=.
void hide_proxy(char* text) noexcept {
  constexpr std::string_view name = "proxy=";
  std::size_t from = std::string_view(text).find(name);
  while (from != std::string_view::npos) {
    from += name.size();
    const std::string_view now(text);
    const std::string_view value = now.substr(from, value_end(now, from) - from);
    const std::size_t scheme = value.find("://");
    const std::size_t colon = value.find(':', scheme == std::string_view::npos ? 0 : scheme + 3);
    const std::size_t at = value.rfind('@');
    if (at != std::string_view::npos && colon < at) blank(text, from + colon + 1, from + at);
    from = std::string_view(text).find(name, from);
  }
}

// Does the argument end in an `o` that takes the next one as its value (-o, -fo)? Not when that `o` belongs
// to the value of an earlier letter (-oro).
bool takes_options(std::string_view text) noexcept {
  return text.starts_with('-') && !text.starts_with("--") && text.ends_with('o') &&
         text.find_first_of("op") == text.size() - 1;
}

// SOURCE, whatever the argument before it was taken for: only a URL holds a password that the program obeys.
bool is_url(std::string_view text) noexcept {
  const std::size_t colon = text.find("://");
  return colon != text.npos && text.substr(0, colon).find_first_of("=,/@:[") == text.npos;
}

}  // namespace

void hide_secrets(int argc, char** argv) noexcept {
  bool options_follow = false;
  for (int i = 1; i < argc; ++i) {
    const bool is_options = options_follow || argv[i][0] == '-';
    options_follow = takes_options(argv[i]);
    if (is_options) {
      hide_option(argv[i], "password=", false);
      hide_option(argv[i], "account=", false);
      hide_option(argv[i], "user=", true);
      hide_proxy(argv[i]);
    }
    if (!is_options || is_url(argv[i])) hide_source(argv[i]);
  }
}

}  // namespace ftpfs::cli
