// SPDX-License-Identifier: MIT
// Servers that give a thing another name than the one asked for: pure-ftpd takes blanks off the end, servers
// on Windows blanks and dots, old systems fold case, others replace what they do not like. Such a name must
// not be used at all: "report " would empty, or remove, "report".
//
// So before the first change to a name with something unusual about it, an empty directory is made, in it one
// with that trait, looked for and removed again: five commands and a short listing, once a trait and mount.
// Plain names cost nothing, and neither does a trait that the server is known to keep. Where that cannot be
// done, or is not listed, a name that might be shortened is refused, and others are tried as they are.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::ftp {

NameTraits traits_of(std::string_view name) noexcept;

// For the last component of `path`, which is about to be written, or renamed to. Throws Error(EINVAL) when
// the server would take another name for it.
awaitable<void> require_kept(std::shared_ptr<Session> session, std::string path);
// The same for what is about to be renamed or removed: here only a shortened name would hit something else.
awaitable<void> require_unconfused(std::shared_ptr<Session> session, std::string path);

// Only what is known: for commands that change nothing.
bool known_lost(const ServerProfile& profile, std::string_view path) noexcept;
// Could the server take a shorter name for this one? Then only a listing tells what is there.
bool may_be_confused(const ServerProfile& profile, std::string_view path) noexcept;

// All that is not known yet about this server, by one question in `directory`. `foreign`: something beyond
// ASCII in the server's character set.
awaitable<void> learn_traits(std::shared_ptr<Session> session, std::string directory, std::string foreign);
// For reports: "capitals", "blanks at the end".
std::vector<std::string> in_words(NameTraits traits);

// What a listing proves: upper case letters in it are kept.
void learn_from(ServerProfile& profile, std::span<const Entry> entries) noexcept;

}  // namespace ftpfs::ftp
