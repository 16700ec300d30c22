// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

#include <ftpfs/proto/fault.hpp>

#include "primed.hpp"
#include "transfer_state.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// As much of it as there is.
Bytes read_piece(int file, std::uint64_t offset, MutableBytes into) {
  std::size_t have = 0;
  while (have < into.size()) {
    const ssize_t got =
        ::pread(file, into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(errno, std::string("cannot read what is to be sent: ") + std::strerror(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return into.first(have);
}

}  // namespace

void Transfer::State::abort() noexcept {
  aborted = true;
  given_up.request_stop();
  if (port.listener) port.listener->close();
  if (data) data->abort();
  changed.wake_all();
}

void Transfer::State::heard(Reply reply) {
  if (reply.preliminary()) {
    accepted = true;
    if (!aborted && !hurried) session->unlimit_reply();
  } else {
    final_reply = std::move(reply);
    if (resumed && final_reply->completion()) session->profile().tls_data_resumed = true;
    // An upload that did not wait for its 150: the connection made ahead was no good.
    if (refused() && port.early && never_connected()) forget_priming(*session);
    // A server that gives up an upload (552) may leave our writes hanging.
    if (uploads() && refused() && data) data->abort();
  }
  changed.wake_all();
}

void Transfer::State::hurry(Clock::duration limit) {
  hurried = true;
  if (listening && !final_reply) session->limit_reply(limit);  // a fence has its own
}

Transfer::Transfer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Transfer::~Transfer() {
  abort();
}

const std::optional<Reply>& Transfer::refusal() const noexcept {
  static const std::optional<Reply> none;
  return state_->refused() ? state_->final_reply : none;
}

const std::vector<Reply>& Transfer::answers() const noexcept {
  return state_->answers;
}

const std::string& Transfer::uploads_to() const noexcept {
  static const std::string nowhere;
  return state_->uploads() ? state_->argument : nowhere;
}

bool Transfer::in_a_row() const noexcept {
  return !state_->before_turns.empty();
}

bool Transfer::begun() const noexcept {
  return state_->commanded;
}

bool Transfer::accepted() const noexcept {
  return state_->accepted || (state_->final_reply && state_->final_reply->completion());
}

const std::optional<Reply>& Transfer::final_reply() const noexcept {
  return state_->final_reply;
}

// What ended the transfer, as an exception; the server's words if there are any.
void Transfer::State::fail() {
  if (refused() && proto::is_resumption_refused(*final_reply)) {
    session->resumption_refused();
    throw ConnectionLost(EIO, name() + ": TLS session of the data connection was not resumed",
                         final_reply->last_line());
  }
  if (refused()) {
    const bool line_died = final_reply->code == 425 || final_reply->code == 426;
    if (never_connected() || (line_died && !uploads()))
      throw ConnectionLost(EIO, name() + " failed", final_reply->last_line());
    const int code = proto::errno_for(verb, *final_reply);
    // What was there to be sent is not missing now: a bare 550 is no ENOENT here.
    throw Error(code == ENOENT ? EIO : code, name() + " failed", final_reply->last_line());
  }
  if (control_lost) std::rethrow_exception(control_lost);
  throw ConnectionLost(EIO, name() + ": data connection lost");
}

// Turned away for want of a data connection, whatever we have sent on ours.
bool Transfer::State::never_connected() const noexcept {
  return refused() && !accepted && (final_reply->code == 425 || final_reply->code == 426);
}

void Transfer::State::check_alive() {
  if (refused() || control_lost || aborted) fail();
}

// Waits for the final reply; throws unless it is a 2xx.
awaitable<void> Transfer::State::final() {
  const std::stop_token never;
  hurry(session->context().config.timeout);
  while (listening && !aborted) co_await changed.wait(never);
  if (!final_reply || refused()) fail();
}

// The data connection broke: the final reply may say why.
awaitable<void> Transfer::State::last_words() {
  const std::stop_token never;
  hurry(settle_limit);
  while (listening && !aborted) co_await changed.wait(never);
}

// How much of it may be moved now; waits for that where bwlimit= is set.
awaitable<std::size_t> Transfer::State::allowed(Bandwidth& way, std::size_t wanted) {
  const std::size_t size = way.piece(wanted);
  Clock& clock = session->context().clock;
  const Clock::time_point from = way.book(clock.now(), size);
  const std::stop_token stop = given_up.get_token();
  try {
    if (from > clock.now()) co_await clock.sleep_until(from, stop);
  } catch (const Cancelled&) {
    // What follows will notice.
  }
  co_return size;
}

// A reset may be here before the 4xx that explains it. Where the data stood still, nobody will explain.
awaitable<std::size_t> Transfer::State::receive(MutableBytes into) {
  Bandwidth& down = session->context().down;
  try {
    const std::size_t most = co_await allowed(down, into.size());
    const std::size_t size = co_await data->read_some(into.first(most));
    down.give_back(most - size);
    session->context().traffic.received.add(size);
    co_return size;
  } catch (const ConnectionLost& error) {
    if (error.code() == ETIMEDOUT) throw;
  }
  co_await last_words();
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
    const std::size_t size = co_await state->receive(into);
    if (size == 0) {
      co_await state->say_goodbye();
      state->data_is_over();
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

awaitable<void> Transfer::State::send(Bytes bytes) {
  check_alive();
  Bandwidth& up = session->context().up;
  if (data && !final_reply) {
    try {
      for (Bytes left = bytes; !left.empty();) {
        const std::size_t size = co_await allowed(up, left.size());
        co_await data->write(left.first(size));
        left = left.subspan(size);
        session->context().traffic.sent.add(size);
      }
      co_return;
    } catch (const ConnectionLost&) {
      // The final reply says why.
    }
  }
  co_await last_words();
  fail();
}

awaitable<std::optional<std::size_t>> Transfer::State::send_file(int file, std::uint64_t offset,
                                                                 std::size_t size) {
  check_alive();
  Bandwidth& up = session->context().up;
  if (data && !final_reply) {
    try {
      co_await allowed(up, size);
      const std::optional<std::size_t> sent = co_await data->send_file(file, offset, size);
      if (!sent) up.give_back(size);
      session->context().traffic.sent.add(sent.value_or(0));
      co_return sent;
    } catch (const ConnectionLost&) {
      // As above.
    }
  }
  co_await last_words();
  fail();
}

awaitable<void> Transfer::write(Bytes bytes) {
  const std::shared_ptr<State> state = state_;
  co_await state->send(bytes);
}

awaitable<std::size_t> Transfer::State::send_piece(int file, std::uint64_t offset, std::size_t size) {
  const std::optional<std::size_t> sent = co_await send_file(file, offset, size);
  if (sent) co_return *sent;
  Buffer buffer(size);
  const Bytes bytes = read_piece(file, offset, buffer.bytes());
  co_await send(bytes);
  co_return bytes.size();
}

awaitable<std::size_t> Transfer::write_file(int file, std::uint64_t offset, std::size_t size) {
  const std::shared_ptr<State> state = state_;
  std::size_t sent = 0;
  for (bool more = true; more && sent < size;) {
    const std::size_t piece = state->session->context().up.piece(size - sent);
    const std::size_t moved = co_await state->send_piece(file, offset + sent, piece);
    sent += moved;
    more = moved == piece;
  }
  co_return sent;
}

void Transfer::State::data_is_over() {
  data_ended = true;
  ask_for_next_port();
}

// Where the server keeps commands for later, the next port is asked for beside the final reply: vsftpd's
// comes a round trip after the end of the data, for it waits until we have confirmed that, or has yet to
// notice that we want no more of them.
void Transfer::State::ask_for_next_port() {
  session->data_ended(turn);
  if (!final_reply && session->may_follow()) prime(session, Need::likely);
}

awaitable<void> Transfer::end_data() {
  const std::shared_ptr<State> state = state_;
  state->check_alive();
  if (!state->data || state->data_ended) co_return;
  bool broken = false;
  try {
    co_await state->data->finish();
    state->data_ended = true;
  } catch (const ConnectionLost&) {
    broken = true;
  }
  if (broken) {
    co_await state->last_words();
    state->fail();
  }
  state->session->data_ended(state->turn);
  state->hurry(state->session->context().config.timeout);  // also where more is asked before it is waited for
}

awaitable<void> Transfer::finish() {
  const std::shared_ptr<State> state = state_;
  co_await end_data();
  co_await state->final();
}

bool Transfer::end_confirmed() const noexcept {
  return !state_->data || !state_->data->cut();
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
  state->hurry(settle_limit);
  if (state->accepted && !state->uploads()) state->ask_for_next_port();
  while (state->listening) co_await state->changed.wait(never);
}

}  // namespace ftpfs::ftp
