// SPDX-License-Identifier: MIT
// Refusals that may be over in a moment (450 busy, 451 local error): the command is repeated a few times with
// short pauses, about a second in all, before anybody is told.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <ftpfs/ftp/transfer.hpp>
#include <ftpfs/proto/command.hpp>
#include <ftpfs/proto/reply.hpp>

#include "backoff.hpp"

namespace ftpfs::ftp {

class Patience {
 public:
  explicit Patience(SessionContext& context);

  // Is it worth another try? Then returns after the pause. Throws Cancelled.
  awaitable<bool> lasts(proto::Verb verb, proto::Reply refusal, std::stop_token stop);

 private:
  SessionContext& context_;
  Backoff backoff_;
  int tries_left_;
};

// Session::command(), repeated in this way; returns the reply that counts.
awaitable<proto::Reply> command_patiently(std::shared_ptr<Session> session, proto::Verb verb,
                                          std::string argument, std::stop_token stop);

// Transfer::begin(), repeated in this way.
awaitable<std::unique_ptr<Transfer>> begin_patiently(std::shared_ptr<Session> session, proto::Verb verb,
                                                     std::string path, std::uint64_t offset,
                                                     std::stop_token stop, std::vector<Command> before = {});

}  // namespace ftpfs::ftp
