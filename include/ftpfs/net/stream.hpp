// SPDX-License-Identifier: MIT
// One byte stream to a peer: TCP, or TLS over it. Owned by the Session or Transfer that uses it.
// Every operation has the stream's inactivity limit built in: no progress for that long =
// ConnectionLost(ETIMEDOUT). At most one read and one write pending at a time (both together are allowed).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/bytes.hpp>
#include <ftpfs/net/host_port.hpp>

namespace ftpfs::net {

class Stream {
 public:
  virtual ~Stream() = default;                                      // aborts
  virtual awaitable<std::size_t> read_some(MutableBytes into) = 0;  // 0 = the end; throws ConnectionLost
  // The same without waiting; nullopt: nothing has come. Not while a read is pending.
  virtual std::optional<std::size_t> try_read(MutableBytes into) = 0;
  virtual awaitable<void> write(Bytes bytes) = 0;  // all of them; throws ConnectionLost
  // So many bytes of a file from an offset on, moved by the kernel without us (sendfile); returns how many of
  // them there were. What is changed in the file before the peer has them may or may not be sent. SIGPIPE
  // must be ignored. nullopt: nothing was sent, read and write them: the kernel has no way from this file to
  // this stream (TLS, some file systems), or reading fails, and read() will tell why.
  virtual awaitable<std::optional<std::size_t>> send_file(int /*file*/, std::uint64_t /*offset*/,
                                                          std::size_t /*size*/) {
    co_return std::nullopt;
  }
  // Tells the peer that nothing more will be written (TLS close_notify, then FIN); reading stays possible.
  virtual awaitable<void> finish() = 0;
  // Pending and later operations fail soon with ConnectionLost. Resets the connection (RST), so that a peer
  // that was receiving a file can tell the end from a cut. Safe to call twice.
  virtual void abort() noexcept = 0;
  // Is there something to read right now (data, end or error)? On an idle control connection: a 421 or a FIN.
  // TLS records that carry no data (tickets) are taken in meanwhile.
  virtual bool readable() noexcept = 0;
  // After the end: the peer has not confirmed it (TLS without close_notify), bytes may be missing.
  virtual bool cut() const noexcept { return false; }
  // The other end, so that a further connection reaches the same machine: its address as text; its name where
  // a proxy has looked it up.
  virtual HostPort peer() const = 0;
  virtual asio::ip::tcp::endpoint local() const = 0;  // our end of the TCP connection
  // How long a round trip takes, smoothed, as the kernel has seen it so far (TCP_INFO): right after
  // connecting that of the handshake. Of the way to a proxy, where there is one. nullopt: unknown.
  virtual std::optional<std::chrono::microseconds> round_trip() const noexcept { return std::nullopt; }
};

}  // namespace ftpfs::net
