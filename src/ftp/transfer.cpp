// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/ftp/transfer.hpp>
#include <ftpfs/proto/fault.hpp>

#include "passive.hpp"
#include "stop.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// The final reply after a transfer was given up, or its reason after the data connection broke.
constexpr std::chrono::seconds settle_limit{5};
// How often to see whether a server that sends no 1xx has begun to send data.
constexpr std::chrono::milliseconds look_for_data{250};
// An upload that is connected but not answered for so long may begin: some servers never send a 1xx.
constexpr int silent_looks_before_upload = 8;

bool uploads(Verb verb) noexcept {
  return verb == Verb::stor || verb == Verb::appe;
}

}  // namespace

// Shared with the dialling and the listening task, which may outlive the Transfer by a few steps.
struct Transfer::State {
  State(std::shared_ptr<Session> on, Verb command, std::string with)
      : session(std::move(on)), verb(command), argument(std::move(with)) {}

  std::shared_ptr<Session> session;
  Verb verb;
  std::string argument;
  PassivePort port;

  std::unique_ptr<net::Stream> data;
  std::exception_ptr not_connected;
  bool dialled = false;  // data or not_connected is set
  bool accepted = false;
  bool data_ended = false;
  bool aborted = false;
  bool listening = false;
  std::optional<Reply> final_reply;
  std::exception_ptr control_lost;
  std::uint64_t to_discard = 0;
  std::stop_source dial_stop;
  WaitList changed;

  bool refused() const { return final_reply && !final_reply->completion(); }
  std::string name() const { return fmt::format("{} {}", proto::verb_text(verb), escaped(argument)); }

  void abort() noexcept;
  void heard(Reply reply);
  void check_alive();
  [[noreturn]] void fail();
  awaitable<void> final();
  awaitable<void> reason();
  awaitable<void> say_goodbye();
  awaitable<void> restart_at(std::uint64_t offset, std::stop_token stop);
  bool decided(int looks);

  static awaitable<void> dial(std::shared_ptr<State> state);
  static awaitable<void> listen(std::shared_ptr<State> state);
  static awaitable<void> answered(std::shared_ptr<State> state, std::stop_token stop);
};

void Transfer::State::abort() noexcept {
  aborted = true;
  dial_stop.request_stop();
  if (data) data->abort();
  changed.wake_all();
}

awaitable<void> Transfer::State::dial(std::shared_ptr<State> state) {
  SessionContext& context = state->session->context();
  net::StreamLimits limits;
  limits.connect = context.config.connect_timeout;
  limits.inactivity = context.config.timeout;
  try {
    const std::stop_token stop = state->dial_stop.get_token();
    state->data = co_await context.connector.connect(state->port.where, limits, stop);
    if (state->aborted) state->data->abort();
  } catch (...) {
    state->not_connected = std::current_exception();
  }
  state->dialled = true;
  state->changed.wake_all();
}

// Reads the control connection from the command to its final reply.
awaitable<void> Transfer::State::listen(std::shared_ptr<State> state) {
  try {
    while (!state->final_reply) {
      Reply reply = co_await state->session->receive();
      // pure-ftpd ends a download that was given up with one more 150, and nothing after it.
      const bool last_word = state->aborted && state->accepted && reply.preliminary();
      state->heard(std::move(reply));
      if (last_word) {
        co_await state->session->fence(settle_limit);
        break;
      }
    }
  } catch (...) {
    state->control_lost = std::current_exception();
    if (uploads(state->verb) && state->data) state->data->abort();
  }
  state->listening = false;
  state->changed.wake_all();
}

void Transfer::State::heard(Reply reply) {
  if (reply.preliminary()) {
    accepted = true;
    if (!aborted && !not_connected) session->unlimit_reply();
  } else {
    final_reply = std::move(reply);
    // A server that gives up an upload (552) may leave our writes hanging.
    if (uploads(verb) && refused() && data) data->abort();
  }
  changed.wake_all();
}

// REST right before the transfer command; 350 is the only yes. What is refused is read and thrown away
// instead.
awaitable<void> Transfer::State::restart_at(std::uint64_t offset, std::stop_token stop) {
  Support& rest = session->profile().rest;
  if (rest == Support::no) {
    to_discard = offset;
    co_return;
  }
  const Reply reply = co_await session->command(Verb::rest, std::to_string(offset), stop);
  if (reply.intermediate()) {
    rest = Support::yes;
    co_return;
  }
  if (proto::is_unimplemented(Verb::rest, reply)) rest = Support::no;
  to_discard = offset;
}

Transfer::Transfer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Transfer::~Transfer() {
  abort();
}

awaitable<std::unique_ptr<Transfer>> Transfer::begin(std::shared_ptr<Session> session, Verb verb,
                                                     std::string argument, std::uint64_t offset,
                                                     std::stop_token stop) {
  const auto state = std::make_shared<State>(session, verb, std::move(argument));
  std::unique_ptr<Transfer> transfer(new Transfer(state));
  state->port = co_await ask_passive_port(*session, stop);
  const std::stop_callback on_stop(stop, Abort(*session));
  TaskSet& tasks = session->context().tasks;
  tasks.spawn(State::dial(state));
  if (offset > 0) co_await state->restart_at(offset, stop);
  co_await session->send(verb, state->argument);
  state->listening = true;
  tasks.spawn(State::listen(state));
  co_await State::answered(state, stop);
  if (state->data) learn_passive(*session, state->port, true);
  co_return transfer;
}

// Is there enough to say yes or no? `looks`: how often a tick has passed since the data connection stood.
bool Transfer::State::decided(int looks) {
  if (control_lost) return true;
  if (final_reply) return refused() || dialled;
  if (!dialled) return false;
  if (not_connected)
    return false;  // the server may have closed its port because it refuses: wait for what it says
  if (accepted) return true;
  if (uploads(verb)) return looks >= silent_looks_before_upload;
  // Not at first sight: a port that is closed with a refusal looks readable (RST) just before the 5xx is
  // here.
  return looks > 0 && data->readable();
}

awaitable<void> Transfer::State::answered(std::shared_ptr<State> state, std::stop_token stop) {
  Session& session = *state->session;
  int looks = 0;
  bool patience_limited = false;
  Deadline tick(session.context(), [&] {
    ++looks;
    state->changed.wake_all();
  });
  while (!state->decided(looks)) {
    if (state->not_connected && !patience_limited && !state->final_reply) {
      patience_limited = true;
      session.limit_reply(settle_limit);
    }
    if (state->data && !state->accepted) tick.set_in(look_for_data);
    co_await state->changed.wait(stop);
  }
  if (stop.stop_requested()) throw Cancelled();
  const bool unreachable = state->not_connected && (state->control_lost || state->final_reply->code == 425);
  if (unreachable) learn_passive(session, state->port, false);
  if (state->not_connected && state->control_lost) std::rethrow_exception(state->not_connected);
  if (state->control_lost) std::rethrow_exception(state->control_lost);
  if (state->refused() && state->final_reply->code == 425) {
    throw ConnectionLost(EIO, fmt::format("{}: no data connection", state->name()),
                         state->final_reply->last_line());
  }
  if (state->refused()) state->abort();
}

const std::optional<Reply>& Transfer::refusal() const noexcept {
  static const std::optional<Reply> none;
  return state_->refused() ? state_->final_reply : none;
}

const std::optional<Reply>& Transfer::final_reply() const noexcept {
  return state_->final_reply;
}

// What ended the transfer, as an exception; the server's words if there are any.
void Transfer::State::fail() {
  if (refused()) {
    throw Error(proto::errno_for(verb, *final_reply), name() + " failed", final_reply->last_line());
  }
  if (control_lost) std::rethrow_exception(control_lost);
  throw ConnectionLost(EIO, name() + ": data connection lost");
}

void Transfer::State::check_alive() {
  if (refused() || control_lost || aborted) fail();
}

// Waits for the final reply; throws unless it is a 2xx.
awaitable<void> Transfer::State::final() {
  const std::stop_token never;
  if (listening) session->limit_reply(session->context().config.timeout);
  while (listening && !aborted) co_await changed.wait(never);
  if (!final_reply || refused()) fail();
}

// The data connection broke: the final reply may say why. Throws in any case.
awaitable<void> Transfer::State::reason() {
  const std::stop_token never;
  if (listening) session->limit_reply(settle_limit);
  while (listening && !aborted) co_await changed.wait(never);
  fail();
}

// After the end of a download: proftpd lingers up to 10 s for our FIN before it says 226.
awaitable<void> Transfer::State::say_goodbye() {
  try {
    co_await data->finish();
  } catch (const ConnectionLost&) {
    // Reset after a clean end: nothing is missing.
  }
}

awaitable<std::size_t> Transfer::read_some(MutableBytes into) {
  const std::shared_ptr<State> state = state_;  // *this may be gone when a read returns
  while (state->data && !state->data_ended) {
    const std::size_t size = co_await state->data->read_some(into);
    if (size == 0) {
      state->data_ended = true;
      co_await state->say_goodbye();
    } else if (state->to_discard == 0) {
      co_return size;
    } else {
      const auto unwanted = static_cast<std::size_t>(std::min<std::uint64_t>(state->to_discard, size));
      state->to_discard -= unwanted;
      if (unwanted == size) continue;
      std::copy(into.begin() + static_cast<std::ptrdiff_t>(unwanted),
                into.begin() + static_cast<std::ptrdiff_t>(size), into.begin());
      co_return size - unwanted;
    }
  }
  co_await state->final();
  co_return 0;
}

awaitable<void> Transfer::write(Bytes bytes) {
  const std::shared_ptr<State> state = state_;
  state->check_alive();
  bool broken = !state->data || state->final_reply;
  if (!broken) {
    try {
      co_await state->data->write(bytes);
    } catch (const ConnectionLost&) {
      broken = true;
    }
  }
  if (broken) co_await state->reason();
}

awaitable<void> Transfer::finish() {
  const std::shared_ptr<State> state = state_;
  state->check_alive();
  bool broken = false;
  if (state->data && !state->data_ended) {
    try {
      co_await state->data->finish();
      state->data_ended = true;
    } catch (const ConnectionLost&) {
      broken = true;
    }
  }
  if (broken) co_await state->reason();
  co_await state->final();
}

bool Transfer::sent_whole() const noexcept {
  return state_->data_ended;
}

void Transfer::abort() noexcept {
  state_->abort();
}

awaitable<void> Transfer::settle() {
  const std::stop_token never;
  const std::shared_ptr<State> state = state_;
  state->abort();
  if (state->listening) state->session->limit_reply(settle_limit);
  while (state->listening) co_await state->changed.wait(never);
}

}  // namespace ftpfs::ftp
