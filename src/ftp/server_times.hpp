// SPDX-License-Identifier: MIT
// Asks the server what ServerClock needs to know.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::ftp {

// `entries` of `directory`, just listed by LIST: their times to UTC, by MDTM of a few of them where that is
// in doubt.
awaitable<void> move_to_utc(std::shared_ptr<Session> session, std::string directory,
                            std::vector<Entry>* entries, std::stop_token stop);

// For servers whose MDTM also sets: is it UTC? An empty file of our own, made in `directory` and removed
// again, tells.
awaitable<void> calibrate_clock(std::shared_ptr<Session> session, std::string directory);

}  // namespace ftpfs::ftp
