// SPDX-License-Identifier: MIT
// The operations of FtpRemote, one coroutine each, by theme: source.cpp, sink.cpp, namespace.cpp, rename.cpp,
// attributes.cpp. Contracts: remote/remote.hpp.
#pragma once

#include <ftpfs/ftp/report.hpp>
#include <ftpfs/remote/remote.hpp>

#include "server.hpp"

namespace ftpfs::ftp {

awaitable<std::unique_ptr<Source>> open_source(ServerPtr server, std::string path, std::uint64_t offset,
                                               std::stop_token stop);
awaitable<std::unique_ptr<Sink>> open_sink(ServerPtr server, std::string path, SinkRequest request,
                                           std::stop_token stop);

// To be run to_the_end(): only the end of the mount stops them.
awaitable<void> make_directory(ServerPtr server, std::string path);
awaitable<void> remove_file(ServerPtr server, std::string path);
awaitable<void> remove_directory(ServerPtr server, std::string path);
awaitable<void> rename(ServerPtr server, std::string from, std::string to);

// See report.hpp. Writes, renames and removes a file of its own, if it may.
awaitable<ServerReport> examine(ServerPtr server, bool may_write, std::stop_token stop);

awaitable<void> set_mtime(std::shared_ptr<Session> session, std::string path, std::int64_t seconds,
                          std::stop_token stop);
awaitable<void> set_mode(std::shared_ptr<Session> session, std::string path, std::uint16_t mode,
                         std::stop_token stop);

}  // namespace ftpfs::ftp
