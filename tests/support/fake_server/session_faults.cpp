// SPDX-License-Identifier: MIT
// What goes wrong because a test has asked for it.
#include <algorithm>
#include <utility>

#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {
namespace {

using namespace std::string_view_literals;

// Past TLS, whatever state that is in.
void write_raw(Channel& channel, Fault::Action action) {
  constexpr std::string_view handshake_failure = "\x15\x03\x03\0\2\2\x28"sv;
  const bool is_alert = action == Fault::Action::alert;
  const std::string_view bytes = is_alert ? handshake_failure : "This is no TLS record.";
  boost::system::error_code ignored;
  asio::write(channel.socket(), asio::buffer(bytes), ignored);
}

}  // namespace

awaitable<bool> Session::strike(std::string verb, Fault::Moment moment) {
  const auto fault = state_.next_fault(verb, moment);
  if (!fault) co_return false;
  if (fault->action == Fault::Action::act) {
    fault->act();
    co_return false;
  }
  if (fault->action == Fault::Action::reply) {
    co_await reply(fault->reply);
    co_return true;
  }
  const bool is_alert = fault->action == Fault::Action::alert;
  if (is_alert && control_.secured()) {
    co_await control_.send_alert();
  } else if (is_alert || fault->action == Fault::Action::garble) {
    write_raw(control_, fault->action);
  }
  stalled_ = fault->action == Fault::Action::stall;
  if (!stalled_) close(fault->action == Fault::Action::reset);
  throw Ended();
}

awaitable<void> Session::reply_to(std::string verb, std::string text) {
  const auto fault = state_.next_fault(verb, Fault::Moment::replying);
  const bool acts = fault && fault->action == Fault::Action::act;
  if (acts) fault->act();
  if (!fault || acts) {
    co_await reply(std::move(text));
    co_return;
  }
  if (!text.ends_with("\r\n")) text += "\r\n";
  if (fault->action == Fault::Action::drip) {
    const bool heard = co_await drip(control_, std::move(text), *fault);
    if (!heard) throw Ended();
    co_return;
  }
  std::string begin = text.substr(0, fault->after_bytes);
  bool written = co_await control_.write(std::move(begin));
  const std::string line = text.substr(0, 3) + "-and more\r\n";
  while (written && fault->action == Fault::Action::flood) written = co_await control_.write(line);
  stalled_ = fault->action == Fault::Action::stall;
  if (!stalled_) close(fault->action == Fault::Action::reset);
  throw Ended();
}

// In segments of their own: the socket does not wait for more (TCP_NODELAY), and the reader has its turn.
awaitable<bool> Session::drip(Channel& into, std::string bytes, const Fault& fault) {
  const std::size_t step = std::max<std::size_t>(fault.after_bytes, 1);
  asio::steady_timer timer(state_.io);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string piece = bytes.substr(at, step);
    const bool written = co_await into.write(std::move(piece));
    if (!written) co_return false;
    timer.expires_after(fault.pause);
    co_await timer.async_wait(use_awaitable);
  }
  co_return true;
}

awaitable<std::string> Session::send_faultily(Fault fault, std::string bytes) {
  using enum Fault::Action;
  if (fault.action == drip) {
    const bool heard = co_await this->drip(data_, std::move(bytes), fault);
    if (!heard) co_return std::string(broken);
    co_return co_await complete_download();
  }
  if (fault.action == extra) bytes.append(fault.after_bytes, '!');
  std::string rest;
  if (fault.action != extra) {
    const std::size_t kept = std::min(bytes.size(), fault.after_bytes);
    rest = bytes.substr(kept);
    bytes.resize(kept);
  }
  bool written = co_await data_.write(std::move(bytes));
  if (!written) co_return std::string(broken);
  if (fault.action != extra && fault.action != act) co_return co_await spoil_data(fault);
  if (fault.action == act) {
    fault.act();
    written = co_await data_.write(std::move(rest));
    if (!written) co_return std::string(broken);
  }
  co_return co_await complete_download();
}

awaitable<std::string> Session::spoil_data(Fault fault) {
  const bool in_tls = fault.action == Fault::Action::alert && data_.secured();
  if (in_tls) co_await data_.send_alert();
  co_return cut_data(fault);
}

// What a data fault does to the connection; returns the final reply.
std::string Session::cut_data(const Fault& fault) {
  if (fault.action == Fault::Action::stall) {
    stalled_ = true;
    throw Ended();
  }
  const bool before_tls = fault.action == Fault::Action::alert && !data_.secured();
  if (fault.action == Fault::Action::garble || before_tls) write_raw(data_, fault.action);
  if (fault.action != Fault::Action::reply) data_.close(fault.action == Fault::Action::reset);
  return fault.reply.empty() ? broken : fault.reply;
}

}  // namespace ftpfs::test::fake
