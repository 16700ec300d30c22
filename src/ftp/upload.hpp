// SPDX-License-Identifier: MIT
// An upload from its command to its confirmation: upload_begin.cpp brings it to life, sink.cpp sends and ends
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <ftpfs/remote/remote.hpp>

#include "held_transfer.hpp"
#include "operations.hpp"

namespace ftpfs::ftp {

// What an upload needs to know from its begin to its end. Shared with the operation in flight.
struct Upload {
  ServerPtr server;
  std::string path;
  proto::Verb verb = proto::Verb::stor;
  // Bytes that were there before APPE. nullopt: the server did not tell, or nobody has heard it yet.
  std::optional<std::uint64_t> before = 0;
  std::uint64_t sent = 0;
  Sink::Answer answer = Sink::Answer::none;
  std::shared_ptr<HeldTransfer> held;

  std::uint64_t expected() const noexcept { return before.value_or(0) + sent; }
};

// What the server has said to the command.
Sink::Answer answer_to(const Transfer& transfer);

// Takes the lease when the command is out. Throws what the server's refusal means; ConnectionLost, marked as
// may_be_late where an upload of that name was never answered.
awaitable<std::shared_ptr<Upload>> begin_upload(Lease& lease, ServerPtr server, std::string path,
                                                SinkRequest request, std::stop_token stop);

}  // namespace ftpfs::ftp
