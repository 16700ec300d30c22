// SPDX-License-Identifier: MIT
// A Transfer of a session that talks to a script.
#pragma once

#include <array>
#include <cerrno>
#include <vector>

#include <gmock/gmock.h>

#include <ftpfs/ftp/transfer.hpp>

#include "dialogue.hpp"
#include "support/local_file.hpp"

namespace ftpfs::test {

using ftp::Session;
using ftp::Transfer;
using proto::Verb;

// The whole of a download through its Transfer.
inline awaitable<std::string> download(std::shared_ptr<Session> session, Verb verb, std::uint64_t offset) {
  const std::stop_token never;
  const auto transfer = co_await Transfer::begin(session, verb, "/f", offset, never);
  if (transfer->refusal()) throw Error(EACCES, "refused", transfer->refusal()->last_line());
  std::string content;
  char chunk[7];
  const MutableBytes into = std::as_writable_bytes(std::span(chunk));
  for (;;) {
    const std::size_t size = co_await transfer->read_some(into);
    if (size == 0) co_return content;
    content.append(chunk, size);
  }
}

inline awaitable<void> upload(std::shared_ptr<Session> session, std::vector<std::string> pieces) {
  const std::stop_token never;
  const auto transfer = co_await Transfer::begin(session, Verb::stor, "/f", 0, never);
  if (transfer->refusal()) throw Error(EACCES, "refused", transfer->refusal()->last_line());
  for (const std::string& piece : pieces) {
    const LocalFile file(piece);
    co_await transfer->write_file(file.fd(), 0, piece.size());
  }
  co_await transfer->finish();
}

class TransferTest : public Dialogue {
 protected:
  void start(const std::function<void(Script&)>& control) {
    context_ = new_context();
    control(log_in(network_.connection()));
    session_ = open_session();
  }

  static Script& passive(Script& script) { return script.expect("EPSV\r\n").send("229 ok (|||40000|)\r\n"); }

  // After a transfer that failed: is that all?
  static Script& fence(Script& script) { return script.expect("NOOP\r\n").send("200 ok\r\n"); }

  std::string retrieve(std::uint64_t offset = 0) { return play(download(session_, Verb::retr, offset)); }
  int retrieval_failure() { return failure(download(session_, Verb::retr, 0)); }

  // What a read ends with during which `meanwhile` happens; null: nothing has ended it.
  std::exception_ptr failed_read(Transfer& transfer, const std::function<void()>& meanwhile) {
    read_failure_ = nullptr;
    asio::co_spawn(io_, transfer.read_some(chunk_),
                   [this](std::exception_ptr error, std::size_t) { read_failure_ = error; });
    settle(io_);
    EXPECT_FALSE(read_failure_);
    meanwhile();
    settle(io_);
    return read_failure_;
  }

  std::shared_ptr<Session> session_;
  std::array<std::byte, 8> chunk_;
  std::exception_ptr read_failure_;
};

}  // namespace ftpfs::test
