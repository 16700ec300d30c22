// SPDX-License-Identifier: MIT
// Before a change, and before a look that is to tell whether one took effect: see late_commands.hpp.
#pragma once

#include <memory>
#include <stop_token>

#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

// Returns when no late command is to be feared any more; at once, nearly always.
awaitable<void> settle(std::shared_ptr<Session> session, std::stop_token stop);

}  // namespace ftpfs::ftp
