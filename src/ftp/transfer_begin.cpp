// SPDX-License-Identifier: MIT
// From an idle session to a transfer that runs: a data port, then the data connection and the command side by
// side.
#include <algorithm>
#include <cerrno>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/proto/fault.hpp>

#include "primed.hpp"
#include "transfer_state.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// How often to see whether a server that sends no 1xx has begun to send data.
constexpr std::chrono::milliseconds look_for_data{250};
// An upload that is connected but not answered for so long may begin: some servers never send a 1xx.
constexpr int silent_looks = 8;

}  // namespace

// With TLS the handshake follows as soon as the command is out. It does not wait for the 150: IIS and
// FileZilla Server wait for the handshake, vsftpd and proftpd begin theirs after it. Nor does it come before:
// pyftpdlib 1.5.7 closes a data connection that is readable while nothing is to be transferred
// (DTPHandler.readable).
awaitable<void> Transfer::State::connect(std::shared_ptr<State> state, std::stop_token stop) {
  state->connecting = true;
  std::unique_ptr<net::Stream> data = co_await open_data_connection(*state->session, state->port, stop);
  state->reached = true;
  if (std::unique_ptr<net::TlsStream> tls = state->session->protect(data)) {
    const std::stop_callback on_stop(stop, Abort(*tls));
    while (!state->commanded || state->preceded()) co_await state->changed.wait(stop);
    co_await tls->handshake();
    state->resumed = tls->resumed();
    data = std::move(tls);
  }
  if (state->aborted) data->abort();
  state->data = std::move(data);
}

awaitable<void> Transfer::State::dial(std::shared_ptr<State> state) {
  try {
    const std::stop_token stop = state->given_up.get_token();
    co_await connect(state, stop);
  } catch (const ConnectionLost&) {
    state->not_connected = std::current_exception();
  } catch (...) {
    state->not_connected = std::current_exception();
    state->distrusted = !state->aborted;
  }
  state->dialled = true;
  state->changed.wake_all();
}

awaitable<void> Transfer::State::hear_what_precedes(std::shared_ptr<State> state) {
  Session& session = *state->session;
  for (const Session::Turn turn : state->before_turns) {
    const Verb asked = state->before[state->answers.size()].verb;
    Reply reply = co_await session.final_reply(asked, turn);
    state->answers.push_back(std::move(reply));
  }
  if (state->rest) {
    const Reply reply = co_await session.receive(*state->rest);
    state->rest.reset();
    state->restarted(reply);
  }
  state->changed.wake_all();
}

// Reads the control connection from the command to its final reply.
awaitable<void> Transfer::State::listen(std::shared_ptr<State> state) {
  try {
    co_await hear_what_precedes(state);
    while (!state->final_reply) {
      Reply reply = co_await state->session->receive(state->turn);
      // What broke, or was given up, may end in more than one way: pure-ftpd has one more 150 and nothing
      // after it, others a 426 for the data connection and, some time later, a 226 for themselves.
      const bool sure = state->session->profile().one_at_a_time;  // vsftpd: one final reply, whatever happens
      const bool over = state->aborted || !reply.preliminary();
      const bool in_doubt = state->accepted && over && !reply.completion() && !sure;
      state->heard(std::move(reply));
      if (in_doubt) {
        co_await state->session->fence(settle_limit);
        break;
      }
    }
  } catch (...) {
    state->control_lost = std::current_exception();
    if (state->uploads() && state->data) state->data->abort();
  }
  state->listening = false;
  state->changed.wake_all();
}

// Those that cannot go together with the transfer command, because its port has yet to be asked for: beside
// that. False: one of them was refused.
awaitable<bool> Transfer::State::ask_before(std::stop_token stop) {
  const bool in_a_row = session->profile().pipelining == Support::yes;
  if (before.empty() || (in_a_row && session->primed())) co_return true;
  if (in_a_row) prime(session, Need::surely);
  answers = co_await session->commands(before, stop);
  co_return std::ranges::all_of(answers, &Reply::completion);
}

// REST right before the transfer command, in one trip with it where that loses nothing; 350 is the only yes.
// What is refused is read and thrown away instead.
awaitable<void> Transfer::State::restart(std::stop_token stop) {
  const Support known = session->profile().rest;
  to_discard = start;
  if (known == Support::no) co_return;
  const std::string where = std::to_string(start);
  const bool expected = is_expected(known, session->profile().features.rest_stream);
  if (expected && !uploads() && session->profile().pipelining == Support::yes) {
    rest = co_await session->send(Verb::rest, where);
    co_return;
  }
  const Reply reply = co_await session->command(Verb::rest, where, stop);
  restarted(reply);
}

void Transfer::State::restarted(const Reply& reply) {
  Support& known = session->profile().rest;
  if (reply.code == 350) {
    known = Support::yes;
    restarts = true;
    to_discard = 0;
  } else if (proto::is_unimplemented(Verb::rest, reply)) {
    known = Support::no;
  }
}

awaitable<std::unique_ptr<Transfer>> Transfer::begin(std::shared_ptr<Session> session, Verb verb,
                                                     std::string argument, std::uint64_t offset,
                                                     std::stop_token stop, Until until,
                                                     std::vector<Command> before) {
  const auto state = std::make_shared<State>(session, verb, std::move(argument));
  state->start = offset;
  state->unheard = state->uploads() && until == Until::sent;
  state->before = std::move(before);
  std::unique_ptr<Transfer> transfer(new Transfer(state));
  const std::stop_callback on_stop(stop, Abort(*session));
  co_await session->prepare(verb, state->argument);  // before a REST that would wait for the next transfer
  Session::Reached reached = co_await session->reach(state->argument, stop);
  if (reached.refusal) state->final_reply = std::move(reached.refusal);
  if (state->final_reply) co_return transfer;
  session->context().rhythm.beat(session->context().clock.now());
  const bool go_on = co_await state->ask_before(stop);
  if (!go_on) co_return transfer;
  std::optional<DataPort> primed = co_await take_primed(session, stop);
  if (primed)
    state->port = std::move(*primed);
  else
    state->port = co_await agree_on_data_port(*session, verb, reached.argument, stop);
  TaskSet& tasks = session->context().tasks;
  tasks.spawn(State::dial(state));
  // The first packet of the data connection leaves before the command: ftp-proxy (Proxy-Suite 1.9.2.4) closes
  // its port when the server has sent all, whether or not we were there.
  while (!state->connecting) co_await asio::post(use_awaitable);
  for (std::size_t at = state->answers.size(); at < state->before.size(); ++at) {
    const Command& one = state->before[at];
    const Session::Turn turn = co_await session->send(one.verb, one.argument);
    state->before_turns.push_back(turn);
  }
  if (offset > 0) co_await state->restart(stop);
  const std::string& uploads_to = transfer->uploads_to();
  state->turn = co_await session->send(verb, reached.argument, uploads_to);
  state->commanded = true;
  state->changed.wake_all();
  state->listening = true;
  tasks.spawn(State::listen(state));
  try {
    co_await State::answered(state, stop);
  } catch (const ConnectionLost&) {
    if (state->port.early) forget_priming(*session);
    if (state->restarts && state->refused()) session->abort();  // its offset would be the next one's
    throw;
  }
  if (state->data) learn_data_port(*session, state->port, true);
  // pyftpdlib 1.5.7 says "550 Not enough privileges" before RETR uses up the offset: it would be the next
  // one's.
  if (state->restarts && state->refused()) co_await session->command(Verb::rest, "0", stop);
  co_return transfer;
}

// Is there enough to say yes or no? `looks`: how often a tick has passed since the data connection stood.
bool Transfer::State::decided(int looks) const {
  if (control_lost || distrusted) return true;
  if (unheard && data && !final_reply) return true;
  if (preceded()) return false;
  if (final_reply) return refused() ? !listening : dialled;  // whoever hears of a refusal uses the session
  if (!dialled) return false;
  if (not_connected)
    return false;  // the server may have closed its port because it refuses: wait for what it says
  if (accepted) return true;
  if (uploads()) return looks >= silent_looks;
  // Not at first sight: a port that is closed with a refusal looks readable (RST) just before the 5xx is
  // here.
  return looks > 0 && data->readable();
}

// Does the transfer end here for want of a data connection? Called once decided() has said yes.
bool Transfer::State::unconnected() const {
  if (data || reached) return false;
  if (not_connected && (control_lost || accepted)) return true;
  return final_reply && (final_reply->code == 425 || final_reply->code == 426);
}

awaitable<void> Transfer::State::answered(std::shared_ptr<State> state, std::stop_token stop) {
  Session& session = *state->session;
  int looks = 0;
  Deadline tick(session.context(), [&] {
    ++looks;
    state->changed.wake_all();
  });
  while (!state->decided(looks)) {
    if (state->not_connected && !state->hurried) state->hurry(settle_limit);
    if (state->data && !state->accepted) tick.set_in(look_for_data);
    if (state->final_reply && state->port.listener) {
      // In active mode a server that is done may still be on its way, but not for long.
      if (looks >= silent_looks) state->port.listener->close();
      tick.set_in(look_for_data);
    }
    co_await state->changed.wait(stop);
  }
  if (stop.stop_requested()) throw Cancelled();
  if (state->distrusted) {
    session.abort();
    std::rethrow_exception(state->not_connected);
  }
  const bool refused = state->refused();
  if (refused && proto::is_resumption_refused(*state->final_reply)) state->fail();
  const bool unconnected = state->unconnected();
  if (unconnected && !state->port.early) learn_data_port(session, state->port, false);
  if (state->not_connected && (unconnected || state->control_lost))
    std::rethrow_exception(state->not_connected);
  if (state->control_lost) std::rethrow_exception(state->control_lost);
  const bool not_there = refused && state->final_reply->code == 425;
  // What came before its command is lost: 426 from some. Nor is a 426 about the file where the data
  // connection was not ready, because its handshake failed.
  const bool is_early = state->port.early != nullptr;
  const bool is_lost = refused && state->final_reply->code == 426 && (is_early || !state->data);
  if (unconnected || not_there || is_lost) {
    throw ConnectionLost(EIO, fmt::format("{}: no data connection", state->name()),
                         state->final_reply->last_line());
  }
  if (refused) state->abort();
  // A 2xx for what we were not there to see: a file or a listing would be taken for empty.
  if (!refused && state->not_connected) std::rethrow_exception(state->not_connected);
  session.unlimit_work();
  if (state->listening) session.unlimit_reply();  // begun, with or without a 1xx
}

}  // namespace ftpfs::ftp
