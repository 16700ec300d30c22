// SPDX-License-Identifier: MIT
// ~/.netrc: machine, default, login, password, account, macdef; values may be quoted ("a b", with \" and \\).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::cli {

struct NetrcEntry {
  std::string login;
  std::string password;
  std::string account;  // empty: none
};

// The first entry for `host` (else `default`) that has a login and, if `login` is given, that very one.
std::optional<NetrcEntry> find_netrc_entry(std::string_view text, std::string_view host,
                                           std::optional<std::string_view> login);

}  // namespace ftpfs::cli
