// SPDX-License-Identifier: MIT
// What is at a path? Asked on one session, with whatever this server has for it. FTP refuses everything with
// 550, so looking is also how a refusal becomes an errno.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::ftp {

// `path` is the server's spelling, absolute. nullopt: it does not exist, and the server said so or the
// parent's listing shows it. Symlinks are followed. Throws Error when that cannot be found out.
awaitable<std::optional<Attributes>> look(std::shared_ptr<Session> session, std::string path,
                                          std::stop_token stop);

// Does `path` name a file? Where the server was seen to tell sizes, its "no" (a bare 550) is enough: look()
// would make sure by CWD and a listing of the parent.
awaitable<bool> has_file(std::shared_ptr<Session> session, std::string path, std::stop_token stop);

// Is there a directory that may be entered (CWD)?
awaitable<bool> enter(Session& session, std::string path, std::stop_token stop);

// What a reply to SIZE says; learned along the way whether the server has it.
std::optional<std::uint64_t> size_in(ServerProfile& profile, const proto::Reply& reply);
// The bytes that SIZE reports; nullopt: the server does not say.
awaitable<std::optional<std::uint64_t>> ask_size(Session& session, std::string path, std::stop_token stop);
// Asks for it where `attributes` do not have it: a server may leave the fact out of MLST.
awaitable<Attributes> with_size(Session& session, std::string path, Attributes attributes,
                                std::stop_token stop);
awaitable<std::optional<Timestamp>> ask_mtime(Session& session, std::string path, std::stop_token stop);
// As MDTM tells it, in whatever zone that is (ServerClock).
awaitable<std::optional<Timestamp>> ask_mdtm(Session& session, std::string path, std::stop_token stop);
// Both, in one round trip where the server is known to answer both and takes them in a row; the time only
// where there is a size.
struct Measured {
  std::optional<std::uint64_t> size;
  std::optional<Timestamp> mdtm;  // as ask_mdtm()
};
awaitable<Measured> ask_size_and_mdtm(Session& session, std::string path, std::stop_token stop);
// The look at a file as commands that may go ahead of its RETR, and what their replies tell; none where the
// server is not known to answer them. nullopt: no file, or it does not tell.
std::vector<Command> look_ahead_commands(const ServerProfile& profile, const std::string& path);
std::optional<Attributes> looked_ahead(Session& session, const std::vector<proto::Reply>& replies);
std::int64_t wall_seconds(Session& session);  // our own clock

// Facts by MLST: nullopt where the server has no MLST or refuses it for this path.
awaitable<std::optional<Attributes>> ask_facts(Session& session, std::string path, std::stop_token stop);
// Is there a file, as far as one command tells? False where the server has neither SIZE nor MLST.
awaitable<bool> shows_file(Session& session, std::string path, std::stop_token stop);
bool may_have_mlst(const ServerProfile& profile) noexcept;

std::string parent_of(std::string_view path);
std::string_view name_of(std::string_view path);

// Do the server's words (not just the code) say that there is no such thing?
bool says_absent(const proto::Reply& reply) noexcept;

}  // namespace ftpfs::ftp
