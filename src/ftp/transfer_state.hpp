// SPDX-License-Identifier: MIT
// What a Transfer knows. transfer_begin.cpp brings it to life, transfer.cpp moves the data and ends it.
#pragma once

#include <fmt/format.h>

#include <ftpfs/ftp/transfer.hpp>

#include "data_connection.hpp"

namespace ftpfs::ftp {

// The final reply after a transfer was given up, or its reason after the data connection broke.
inline constexpr std::chrono::seconds settle_limit{5};

// Shared with the dialling and the listening task, which may outlive the Transfer by a few steps.
struct Transfer::State {
  State(std::shared_ptr<Session> on, proto::Verb command, std::string with)
      : session(std::move(on)), verb(command), argument(std::move(with)) {}

  std::shared_ptr<Session> session;
  proto::Verb verb;
  std::string argument;
  DataPort port;

  std::unique_ptr<net::Stream> data;
  std::exception_ptr not_connected;
  bool connecting = false;  // the data connection is being made
  bool commanded = false;   // the transfer command has gone out
  bool dialled = false;     // data or not_connected is set
  bool reached = false;     // the port; TLS may have failed afterwards
  bool distrusted = false;  // not_connected is no accident: the peer is not who it must be
  bool resumed = false;     // the control connection's TLS session
  std::vector<Command> before;
  std::vector<Session::Turn> before_turns;  // of those that go out together with the transfer command
  std::vector<proto::Reply> answers;        // to all of `before`
  Session::Turn turn = 0;
  std::optional<Session::Turn> rest;  // REST that is not answered yet
  bool restarts = false;              // REST was answered with 350
  bool accepted = false;
  bool data_ended = false;
  bool aborted = false;
  bool unheard = false;  // an upload that does not wait for its 150
  bool listening = false;
  bool hurried = false;  // the final reply is due: nothing but it ends the limit on silence
  std::optional<proto::Reply> final_reply;
  std::exception_ptr control_lost;
  std::uint64_t start = 0;       // the offset that was asked for
  std::uint64_t to_discard = 0;  // of it: what the server sends all the same
  std::stop_source given_up;     // ends dialling, and waiting for bandwidth
  WaitList changed;

  bool uploads() const noexcept { return verb == proto::Verb::stor || verb == proto::Verb::appe; }
  bool refused() const noexcept { return final_reply && !final_reply->completion(); }
  std::string name() const { return fmt::format("{} {}", proto::verb_text(verb), escaped(argument)); }

  bool never_connected() const noexcept;
  void abort() noexcept;
  void heard(proto::Reply reply);
  void hurry(Clock::duration limit);
  void check_alive();
  [[noreturn]] void fail();
  awaitable<std::size_t> allowed(Bandwidth& way, std::size_t wanted);
  awaitable<std::size_t> receive(MutableBytes into);
  awaitable<void> send(Bytes bytes);
  awaitable<std::size_t> send_piece(int file, std::uint64_t offset, std::size_t size);
  awaitable<std::optional<std::size_t>> send_file(int file, std::uint64_t offset, std::size_t size);
  awaitable<void> final();
  awaitable<void> last_words();
  awaitable<void> say_goodbye();
  awaitable<bool> ask_before(std::stop_token stop);
  awaitable<void> restart(std::stop_token stop);
  bool preceded() const noexcept { return answers.size() < before.size() || rest; }
  void data_is_over();
  void ask_for_next_port();
  void restarted(const proto::Reply& reply);
  bool decided(int looks) const;
  bool unconnected() const;

  static awaitable<void> connect(std::shared_ptr<State> state, std::stop_token stop);
  static awaitable<void> dial(std::shared_ptr<State> state);
  static awaitable<void> hear_what_precedes(std::shared_ptr<State> state);
  static awaitable<void> listen(std::shared_ptr<State> state);
  static awaitable<void> answered(std::shared_ptr<State> state, std::stop_token stop);
};

}  // namespace ftpfs::ftp
