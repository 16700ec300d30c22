// SPDX-License-Identifier: MIT
// The operations of FtpRemote, one coroutine each, by theme: source.cpp, whole.cpp, sink.cpp, namespace.cpp,
// rename.cpp, attributes.cpp. Contracts: remote/remote.hpp.
#pragma once

#include <ftpfs/ftp/report.hpp>
#include <ftpfs/ftp/status.hpp>
#include <ftpfs/remote/remote.hpp>

#include "server.hpp"

namespace ftpfs::ftp {

awaitable<std::unique_ptr<Source>> open_source(ServerPtr server, std::string path, std::uint64_t offset,
                                               std::stop_token stop);
awaitable<std::optional<WholeFile>> fetch_whole(ServerPtr server, std::string path, std::uint64_t at_most,
                                                std::stop_token stop);
awaitable<std::unique_ptr<Sink>> open_sink(ServerPtr server, std::string path, SinkRequest request,
                                           std::stop_token stop);

// To be run to_the_end(): only the end of the mount stops them.
awaitable<void> make_directory(ServerPtr server, std::string path);
awaitable<void> remove_file(ServerPtr server, std::string path);
awaitable<void> remove_directory(ServerPtr server, std::string path);
awaitable<void> rename(ServerPtr server, std::string from, std::string to);
awaitable<void> make_symlink(ServerPtr server, std::string target, std::string path);
// How SITE SYMLINK is told of a target: proftpd resolves it against the session's current directory, so it
// gets a path from the root. Throws Error(EINVAL) where the server would cut the names at a blank.
std::string link_argument(const Server& server, const std::string& target, const Path& link);
// The target of a link in `directory` as it leads there from the mount: an absolute one below `root` becomes
// relative, for here it would start at another root. Others stay what they are.
std::string target_from(const std::string& root, const std::string& directory, const std::string& target);

RemoteStatus status_of(const Server& server);

// See report.hpp. Writes, renames and removes a file of its own, if it may.
awaitable<ServerReport> examine(ServerPtr server, bool may_write, std::stop_token stop);

awaitable<void> set_mtime(std::shared_ptr<Session> session, std::string path, std::int64_t seconds,
                          std::stop_token stop);
// AVBL, XQUOTA, SITE QUOTA: the first that FEAT names and that tells a number.
bool may_tell_space(const ServerProfile& profile) noexcept;
awaitable<std::optional<Space>> ask_space(std::shared_ptr<Session> session, std::string path,
                                          std::stop_token stop);

awaitable<std::uint16_t> set_mode(std::shared_ptr<Session> session, std::string path, std::uint16_t mode,
                                  std::stop_token stop);

}  // namespace ftpfs::ftp
