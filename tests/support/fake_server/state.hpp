// SPDX-License-Identifier: MIT
// What the server and its sessions share: the tree, the switches, the record of what happened.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ftpfs/base/asio.hpp>

#include "support/fake_server/behaviour.hpp"
#include "support/fake_server/tls_context.hpp"
#include "support/fake_server/tree.hpp"

namespace ftpfs::test::fake {

using asio::ip::tcp;

class Session;

struct Injected {
  Fault fault;
  bool fired = false;
};

struct State {
  State(asio::io_context& context, asio::ip::address where)
      : io(context), address(std::move(where)), acceptor(context) {}

  // The fault that hits this command now, if any; counts it.
  std::optional<Fault> next_fault(std::string_view verb, Fault::Moment moment);
  std::size_t open_sessions() const;

  asio::io_context& io;
  asio::ip::address address;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  Behaviour behaviour;
  Tree tree;
  std::list<Injected> faults;
  std::size_t faults_fired = 0;
  std::vector<Fault> cleared_in_vain;  // taken back, and never fired
  std::vector<std::string> commands;
  std::vector<std::string> commands_in_a_row;         // that came before the one ahead was answered
  std::vector<std::vector<std::string>> commands_of;  // by session
  std::vector<std::shared_ptr<Session>> sessions;  // all that ever were; their sockets are closed at the end
  std::size_t most_open_sessions = 0;
  std::size_t data_connections = 0;
  TlsContexts tls_contexts;
  std::vector<std::string> clear_commands;  // that came without TLS
  std::vector<std::string> server_names;    // what each TLS handshake on a control connection asked for (SNI)
  std::vector<DataTls> data_tls;            // one for each data connection
};

}  // namespace ftpfs::test::fake
