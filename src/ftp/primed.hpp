// SPDX-License-Identifier: MIT
// A primed session: its next passive data connection is made before anybody needs it, so that the next
// LIST, RETR or STOR costs one round trip instead of three. Done while transfers follow one another (Rhythm),
// after a final reply and never during a transfer: pyftpdlib and SFTPGo would end it. What nobody has used
// after `primed_for` is closed; a server that makes trouble is remembered (ServerProfile::priming).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

#include "data_connection.hpp"

namespace ftpfs::ftp {

// vsftpd waits 60 s for the connection to be used, ftpserverlib 30 s.
constexpr std::chrono::seconds primed_for{15};

struct Primed {
  explicit Primed(proto::Verb verb) { port.agreed_by = verb; }

  DataPort port;       // complete once it is no longer asked for
  bool asking = true;  // EPSV or PASV is not answered yet
  WaitList answered;
};

// `surely`: a transfer on this session comes next, whatever went before.
enum class Need : bool { likely, surely };

// Begins in the background, if it is worth it and may be done now.
void prime(const std::shared_ptr<Session>& session, Need need);
// What has been primed, if it is good for anything. Waits for the answer to EPSV, not for the connection.
awaitable<std::optional<DataPort>> take_primed(std::shared_ptr<Session> session, std::stop_token stop);
bool is_primed(Session& session) noexcept;
void drop_primed(Session& session) noexcept;
// A transfer on it failed for want of a data connection: not here, then.
void forget_priming(Session& session) noexcept;

}  // namespace ftpfs::ftp
