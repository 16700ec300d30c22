// SPDX-License-Identifier: MIT
#include "support/fake_server/session.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

namespace ftpfs::test::fake {
namespace {

// FIN, also when something of the peer's is still unread: close() alone would then send RST.
void close_socket(tcp::socket& socket, bool reset) {
  boost::system::error_code ignored;
  if (reset) {
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    while (socket.is_open() && socket.available(ignored) > 0) {
      char unread[4096];
      socket.read_some(asio::buffer(unread), ignored);
    }
  }
  socket.close(ignored);
}

}  // namespace

Session::Session(State& state, tcp::socket control, std::size_t number)
    : state_(state),
      control_(std::move(control)),
      number_(number),
      directory_(state.behaviour.home),
      passive_(state.io),
      data_(state.io) {
  boost::system::error_code ignored;
  control_.set_option(tcp::no_delay(true), ignored);  // a 226 right behind a 150 must not wait for an ACK
}

awaitable<void> Session::serve(std::shared_ptr<State> /* kept alive */, std::shared_ptr<Session> self) {
  try {
    co_await self->greet();
    while (self->open()) {
      self->idle_ = true;
      const std::size_t size = co_await asio::async_read_until(
          self->control_, asio::dynamic_buffer(self->input_), "\r\n", use_awaitable);
      self->idle_ = false;
      std::string line = self->input_.substr(0, size - 2);
      self->input_.erase(0, size);
      co_await self->obey(std::move(line));
    }
  } catch (const boost::system::system_error&) {  // the client is gone
  } catch (const Ended&) {
  }
  self->idle_ = false;
  if (!self->stalled_) self->close();
}

void Session::dismiss(const std::string& text) {
  boost::system::error_code ignored;
  if (!text.empty()) asio::write(control_, asio::buffer(text + "\r\n"), ignored);
  close();
}

void Session::close(bool reset) {
  boost::system::error_code ignored;
  passive_.close(ignored);
  close_socket(data_, reset);
  close_socket(control_, reset);
}

void Session::close_data(bool reset) {
  close_socket(data_, reset);
}

awaitable<void> Session::greet() {
  const bool struck = co_await strike("GREETING", Fault::Moment::received);
  if (struck) co_return;
  const bool full = behaviour().max_sessions > 0 && state_.open_sessions() > behaviour().max_sessions;
  if (full && !behaviour().limit_reply.starts_with("530")) {
    co_await reply(behaviour().limit_reply);
    throw Ended();
  }
  co_await reply(behaviour().greeting);
  co_await strike("GREETING", Fault::Moment::replied);
}

awaitable<void> Session::obey(std::string line) {
  state_.commands.push_back(line);
  state_.commands_of.at(number_).push_back(line);
  const std::size_t blank = line.find(' ');
  std::string verb = line.substr(0, blank);
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  std::string argument = blank == std::string::npos ? "" : line.substr(blank + 1);

  bool replied = co_await strike(verb, Fault::Moment::received);
  if (replied) co_return;
  std::string text = "500 '" + line + "': command not understood.";
  const bool stray_blank =
      blank != std::string::npos && argument.empty() && behaviour().refuses_trailing_blank;
  if (!stray_blank) text = co_await answer(verb, std::move(argument));
  if (verb != "RNFR") rename_from_.clear();
  replied = co_await strike(verb, Fault::Moment::done);
  if (replied) co_return;
  co_await reply(std::move(text));
  co_await strike(verb, Fault::Moment::replied);
  if (verb == "QUIT") throw Ended();
}

awaitable<std::string> Session::answer(std::string verb, std::string argument) {
  using Command = std::string (Session::*)(const std::string&);
  static const std::map<std::string_view, Command> commands{
      {"USER", &Session::user}, {"PASS", &Session::pass}, {"FEAT", &Session::feat}, {"OPTS", &Session::opts},
      {"CLNT", &Session::clnt}, {"SYST", &Session::syst}, {"TYPE", &Session::type}, {"PWD", &Session::pwd},
      {"CWD", &Session::cwd},   {"REST", &Session::rest}, {"NOOP", &Session::noop}, {"ABOR", &Session::abor},
      {"QUIT", &Session::quit}, {"SIZE", &Session::size}, {"MDTM", &Session::mdtm}, {"MLST", &Session::mlst},
      {"MFMT", &Session::mfmt}, {"MFF", &Session::mff},   {"SITE", &Session::site}, {"DELE", &Session::dele},
      {"MKD", &Session::mkd},   {"RMD", &Session::rmd},   {"RNFR", &Session::rnfr}, {"RNTO", &Session::rnto},
      {"EPSV", &Session::epsv}, {"PASV", &Session::pasv}};

  const auto fixed = behaviour().replies.find(verb);
  if (fixed != behaviour().replies.end()) co_return fixed->second;
  const bool public_command =
      verb == "USER" || verb == "PASS" || verb == "FEAT" || verb == "QUIT" || verb == "CLNT";
  if (!logged_in_ && !public_command) co_return std::string("530 Please login with USER and PASS.");
  if (is_transfer(verb)) co_return co_await transfer(std::move(verb), std::move(argument));
  const auto command = commands.find(verb);
  if (command == commands.end()) co_return std::string("502 Command not implemented.");
  co_return (this->*command->second)(argument);
}

awaitable<bool> Session::strike(std::string verb, Fault::Moment moment) {
  const auto fault = state_.next_fault(verb, moment);
  if (!fault) co_return false;
  if (fault->action == Fault::Action::reply) {
    co_await reply(fault->reply);
    co_return true;
  }
  stalled_ = fault->action == Fault::Action::stall;
  if (!stalled_) close(fault->action == Fault::Action::reset);
  throw Ended();
}

awaitable<void> Session::reply(std::string text) {
  if (behaviour().delay > std::chrono::milliseconds(0)) {
    asio::steady_timer timer(state_.io, behaviour().delay);
    co_await timer.async_wait(use_awaitable);
  }
  text += "\r\n";
  const auto buffer = asio::buffer(text);
  co_await asio::async_write(control_, buffer, use_awaitable);
}

std::string Session::refusal(std::string_view text, std::string_view code) const {
  std::string line(code);
  line += ' ';
  line += behaviour().terse ? "Operation failed." : text;
  return line;
}

}  // namespace ftpfs::test::fake
