// SPDX-License-Identifier: MIT
// A data connection and the final reply of its command, as one object. The transfer is over only when both
// are: the end of the data and a final reply may come in either order, and neither means success alone. While
// it lasts, a listening task reads the control connection, so that a refusal in the middle is heard at once.
// Uses its session alone; whoever owns the Transfer keeps the session leased until the Transfer has ended or
// settled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <ftpfs/base/bytes.hpp>
#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

class Transfer {
 public:
  // Passive connection, [REST], command; connecting and sending do not wait for each other. Returns when the
  // server accepted (1xx, data, or a final 2xx) or refused (see refusal()). Throws ConnectionLost when the
  // session or the data connection could not be had: nothing of a file was sent or read then, trying again on
  // a fresh session is safe. Where the server refuses REST, the transfer starts at 0 and read_some() leaves
  // out the first `offset` bytes.
  // Until::sent, for uploads: returns when the command is out and the data connection is made (with TLS: the
  // handshake is done); a refusal then comes from write() or finish(). Only where the server keeps data that
  // arrive before their command: a packet of the control connection may be lost.
  // `before`: commands without effects that go ahead of it, in one trip with it where that is possible. When
  // begin() returns, answers() has their replies (with Until::sent: when finish() does); if one of them is no
  // 2xx, the transfer may not have begun.
  enum class Until : bool { accepted, sent };
  static awaitable<std::unique_ptr<Transfer>> begin(std::shared_ptr<Session> session, proto::Verb verb,
                                                    std::string argument, std::uint64_t offset,
                                                    std::stop_token stop, Until until = Until::accepted,
                                                    std::vector<Command> before = {});
  ~Transfer();  // aborts
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The 4xx or 5xx that answered the command. The session is free again.
  const std::optional<proto::Reply>& refusal() const noexcept;

  const std::vector<proto::Reply>& answers() const noexcept;
  bool in_a_row() const noexcept;  // they went out together with the transfer command
  bool begun() const noexcept;     // the transfer command has gone out
  bool accepted() const noexcept;  // and was answered by a 1xx or a 2xx

  // What a completed transfer ended with: some servers qualify their 2xx ("Output truncated").
  const std::optional<proto::Reply>& final_reply() const noexcept;

  // At least one byte; 0 = end of the data and a final 2xx. Throws Error with the server's words for a final
  // 4xx/5xx, ConnectionLost when either connection died. Straight into `into`, no copy.
  awaitable<std::size_t> read_some(MutableBytes into);
  // All of them. Throws as read_some(): a server that gives up says why (552) before it closes the data
  // connection.
  awaitable<void> write(Bytes bytes);
  // The same with a piece of a local file; returns how much of it the file had.
  awaitable<std::size_t> write_file(int file, std::uint64_t offset, std::size_t size);
  // Upload: the data are over; does not wait for the reply.
  awaitable<void> end_data();
  // Upload: end_data(), unless that was done; returns after the final 2xx.
  awaitable<void> finish();

  // Of an upload: its path on the server. Else "".
  const std::string& uploads_to() const noexcept;

  // After the end of a download: false where TLS ended without close_notify. Bytes may be missing then, in
  // spite of a final 2xx: compare with a size, if there is one.
  bool end_confirmed() const noexcept;

  // finish() has sent the end of the data: the server may have the whole file even if its reply was lost.
  bool sent_whole() const noexcept;

  // Drops the data connection (RST: the server must not take a cut upload for a whole one).
  void abort() noexcept;
  // After abort(): waits for the one final reply that makes the session usable again, a few seconds at most;
  // the session is aborted when it does not come.
  awaitable<void> settle();

 private:
  struct State;
  explicit Transfer(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace ftpfs::ftp
