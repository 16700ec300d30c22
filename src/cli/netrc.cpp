// SPDX-License-Identifier: MIT
#include <algorithm>

#include <strings.h>

#include <ftpfs/cli/netrc.hpp>

namespace ftpfs::cli {
namespace {

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // The next word, or nothing at the end.
  std::optional<std::string> next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"') return quoted();
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n"), rest_.size());
    return take(end);
  }

  void skip_line() { take(std::min(rest_.find('\n'), rest_.size())); }

  // A macro ends at the first empty line.
  void skip_macro() {
    const std::size_t end = rest_.find("\n\n");
    take(std::min(end, rest_.size()));
  }

 private:
  std::string take(std::size_t length) {
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }

  std::string quoted() {
    std::string word;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      word += rest_[at];
    }
    take(std::min(at + 1, rest_.size()));
    return word;
  }

  std::string_view rest_;
};

struct Candidate {
  bool applies = false;  // it is about our host
  std::optional<std::string> login;
  std::string password;
  std::string account;
};

bool same_host(const std::optional<std::string>& machine, std::string_view host) {
  return machine && ::strcasecmp(machine->c_str(), std::string(host).c_str()) == 0;
}

bool matches(const Candidate& candidate, std::optional<std::string_view> login) {
  return candidate.applies && candidate.login && (!login || *candidate.login == *login);
}

}  // namespace

std::optional<NetrcEntry> find_netrc_entry(std::string_view text, std::string_view host,
                                           std::optional<std::string_view> login) {
  Tokens tokens(text);
  Candidate current;
  while (const auto keyword = tokens.next()) {
    if (*keyword == "machine" || *keyword == "default") {
      if (matches(current, login)) break;
      const bool is_default = *keyword == "default";
      current = Candidate{.applies = is_default || same_host(tokens.next(), host),
                          .login = {},
                          .password = {},
                          .account = {}};
    } else if (*keyword == "login") {
      current.login = tokens.next();
    } else if (*keyword == "password") {
      current.password = tokens.next().value_or("");
    } else if (*keyword == "account") {
      current.account = tokens.next().value_or("");
    } else if (*keyword == "macdef") {
      tokens.skip_macro();
    } else if (keyword->starts_with('#')) {
      tokens.skip_line();
    }
  }
  if (!matches(current, login)) return std::nullopt;
  return NetrcEntry{.login = *current.login, .password = current.password, .account = current.account};
}

}  // namespace ftpfs::cli
