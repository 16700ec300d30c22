// SPDX-License-Identifier: MIT
#include "support/fake_server/fake_server.hpp"

#include <algorithm>
#include <utility>

#include "support/fake_server/session.hpp"
#include "support/fake_server/state.hpp"

namespace ftpfs::test {
namespace fake {

std::optional<Fault> State::next_fault(std::string_view verb, Fault::Moment moment) {
  for (auto next = faults.begin(); next != faults.end(); ++next) {
    Fault& fault = next->fault;
    if (fault.verb != verb || fault.moment != moment) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    ++faults_fired;
    next->fired = true;
    const Fault hit = fault;
    if (--fault.times == 0) faults.erase(next);
    return hit;
  }
  return {};
}

std::size_t State::open_sessions() const {
  return static_cast<std::size_t>(std::ranges::count_if(sessions, &Session::open));
}

}  // namespace fake

using asio::ip::tcp;

FakeServer::FakeServer(asio::io_context& io, Behaviour behaviour, asio::ip::address where)
    : state_(std::make_shared<fake::State>(io, std::move(where))) {
  state_->behaviour = std::move(behaviour);
  start_again();
}

FakeServer::~FakeServer() {
  shut_down();
  state_->sessions.clear();
}

awaitable<void> FakeServer::serve(std::shared_ptr<fake::State> state) {
  for (;;) {
    boost::system::error_code error;
    auto token = asio::redirect_error(use_awaitable, error);
    tcp::socket socket = co_await state->acceptor.async_accept(token);
    if (error) co_return;  // shut down
    const std::size_t number = state->sessions.size();
    const auto session = std::make_shared<fake::Session>(*state, std::move(socket), number);
    state->sessions.push_back(session);
    state->commands_of.emplace_back();
    state->most_open_sessions = std::max(state->most_open_sessions, state->open_sessions());
    asio::co_spawn(state->io, fake::Session::serve(state, session), asio::detached);
  }
}

void FakeServer::start_again() {
  const tcp::endpoint where(state_->address, state_->port);
  state_->acceptor.open(where.protocol());
  state_->acceptor.set_option(asio::socket_base::reuse_address(true));
  state_->acceptor.bind(where);
  state_->acceptor.listen();
  state_->port = state_->acceptor.local_endpoint().port();
  asio::co_spawn(state_->io, serve(state_), asio::detached);
}

void FakeServer::shut_down() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  for (const auto& session : state_->sessions) session->close();
}

void FakeServer::dismiss_idle(const std::string& reply) {
  for (const auto& session : state_->sessions)
    if (session->idle()) session->dismiss(reply);
}

std::uint16_t FakeServer::port() const {
  return state_->port;
}
Tree& FakeServer::tree() {
  return state_->tree;
}
Behaviour& FakeServer::behaviour() {
  return state_->behaviour;
}

void FakeServer::inject(Fault fault) {
  state_->faults.push_back({std::move(fault)});
}
void FakeServer::clear_faults() {
  state_->cleared_in_vain = faults_in_vain();
  state_->faults.clear();
}
std::size_t FakeServer::faults_fired() const {
  return state_->faults_fired;
}
std::size_t FakeServer::faults_left() const {
  std::size_t left = 0;
  for (const fake::Injected& one : state_->faults) left += one.fault.times;
  return left;
}
std::vector<Fault> FakeServer::faults_in_vain() const {
  std::vector<Fault> in_vain = state_->cleared_in_vain;
  for (const fake::Injected& one : state_->faults)
    if (!one.fired) in_vain.push_back(one.fault);
  return in_vain;
}

const std::vector<std::string>& FakeServer::commands() const {
  return state_->commands;
}
std::vector<std::string> FakeServer::take_commands() {
  return std::exchange(state_->commands, {});
}
std::vector<std::string> FakeServer::take_commands_in_a_row() {
  return std::exchange(state_->commands_in_a_row, {});
}

std::vector<std::string> FakeServer::commands_of(std::size_t session) const {
  return state_->commands_of.at(session);
}

std::size_t FakeServer::sessions() const {
  return state_->sessions.size();
}
std::size_t FakeServer::open_sessions() const {
  return state_->open_sessions();
}
std::size_t FakeServer::most_open_sessions() const {
  return state_->most_open_sessions;
}
std::size_t FakeServer::data_connections() const {
  return state_->data_connections;
}

const std::vector<std::string>& FakeServer::clear_commands() const {
  return state_->clear_commands;
}
const std::vector<std::string>& FakeServer::server_names() const {
  return state_->server_names;
}
const std::vector<DataTls>& FakeServer::data_tls() const {
  return state_->data_tls;
}

}  // namespace ftpfs::test
