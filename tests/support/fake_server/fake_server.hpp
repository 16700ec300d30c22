// SPDX-License-Identifier: MIT
// An FTP server on 127.0.0.1 (or ::1) with a tree in memory, for tests. It lives on the io_context of the
// test, so whatever it has received can be asserted between two steps of the loop. Every command is recorded,
// every fault counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ftpfs/base/asio.hpp>

#include "support/fake_server/behaviour.hpp"
#include "support/fake_server/tree.hpp"

namespace ftpfs::test {

namespace fake {
struct State;
}

class FakeServer {
 public:
  explicit FakeServer(asio::io_context& io, Behaviour behaviour = {},
                      asio::ip::address where = asio::ip::address_v4::loopback());
  ~FakeServer();  // closes everything
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::uint16_t port() const;
  Tree& tree();
  Behaviour& behaviour();

  void inject(Fault fault);
  std::size_t faults_left() const;  // injected and not fired (as often as asked for)
  std::size_t faults_fired() const;
  std::vector<Fault> faults_in_vain() const;  // that have not fired once, whether cleared or not
  void clear_faults();

  // As received, without CRLF, in order over all sessions.
  const std::vector<std::string>& commands() const;
  std::vector<std::string> take_commands();  // and forgets them
  // Of them: those that came before the one ahead of them was answered; and forgets them.
  std::vector<std::string> take_commands_in_a_row();
  std::vector<std::string> commands_of(std::size_t session) const;  // 0: the first that connected

  std::size_t sessions() const;       // ever accepted
  std::size_t open_sessions() const;  // now
  std::size_t most_open_sessions() const;
  std::size_t data_connections() const;  // ever accepted

  const std::vector<std::string>& clear_commands() const;  // that came without TLS
  const std::vector<std::string>& server_names() const;    // SNI of each control connection in TLS; "": none
  const std::vector<DataTls>& data_tls() const;            // one for each data connection

  // To every session that waits for a command: says `reply` (unless empty) and closes, as after an idle time.
  void dismiss_idle(const std::string& reply = "421 Timeout.");
  // Nobody answers on the port any more / somebody does again; open sessions are cut.
  void shut_down();
  void start_again();

 private:
  static awaitable<void> serve(std::shared_ptr<fake::State> state);

  std::shared_ptr<fake::State> state_;
};

}  // namespace ftpfs::test
