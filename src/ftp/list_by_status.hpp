// SPDX-License-Identifier: MIT
// A directory by STAT: vsftpd prints in its reply what LIST -a sends over a data connection, which takes
// three round trips more. Only where the server is known to (ServerProfile::status). The reply's end is told
// by a REST behind it, to a position that nobody could foresee (proto/status_listing.hpp); one more takes it
// back.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <ftpfs/ftp/session.hpp>

#include "listed.hpp"

namespace ftpfs::ftp {

// What finds out in the first set-up whether REST says back so large a number, and what is learned from the
// reply to `command`.
std::vector<Command> status_questions(const FtpConfig& config, const ServerProfile& profile);
void learn_status(Session& session, const Command& command, const proto::Reply& reply);

bool may_list_by_status(Session& session) noexcept;

// nullopt: this reply proves nothing, LIST has to be asked; the session is as good as before. Throws as LIST
// does; EACCES and the like are what CWD was refused for.
awaitable<std::optional<Listed>> list_by_status(std::shared_ptr<Session> session, std::string path,
                                                std::stop_token stop);

}  // namespace ftpfs::ftp
