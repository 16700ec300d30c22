// SPDX-License-Identifier: MIT
// The dialogue: one command out, its replies in. Logging in is in login.cpp.
#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/ftp/session.hpp>
#include <ftpfs/proto/fault.hpp>

#include "primed.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

constexpr std::chrono::milliseconds quiet_after_reply{1000};
constexpr std::chrono::seconds next_in_row{10};  // the first is answered: the server is not asleep
constexpr std::chrono::milliseconds look_after_reply{50};
constexpr int most_looks = 64;  // at what came unasked and says nothing: empty lines, Telnet

// Codes that belong to another command: the replies are out of step. The address of a passive port answers
// EPSV and PASV alone; and a CWD that is wrongly taken for done would show another directory's files as this
// one's.
bool may_answer(Verb verb, const Reply& reply) noexcept {
  if (reply.code >= 227 && reply.code <= 229) return verb == Verb::epsv || verb == Verb::pasv;
  const int kind = reply.code / 10;
  return verb != Verb::cwd || !reply.completion() || kind == 20 || kind == 25;
}

// While it lasts, nothing else may be sent (pure-ftpd: 500; pyftpdlib ends the transfer).
bool moves_data(Verb verb) noexcept {
  using enum Verb;
  return verb == retr || verb == stor || verb == appe || verb == list || verb == mlsd;
}

bool changes(Verb verb) noexcept {
  using enum Verb;
  return verb == stor || verb == appe || verb == dele || verb == mkd || verb == rmd || verb == rnto;
}

// No transfer ends so.
bool answers_noop(const Reply& reply) noexcept {
  return reply.code == 200 || proto::is_unimplemented(Verb::noop, reply);
}

}  // namespace

Session::Session(std::shared_ptr<SessionContext> context)
    : context_(std::move(context)),
      number_(++context_->sessions),
      deadline_(*context_, [this] { expire(); }),
      primed_deadline_(*context_, [this] { drop_primed(*this); }) {}

Session::~Session() {
  abort();
}

void Session::abort() noexcept {
  if (!dead_ && std::ranges::any_of(outstanding_, &Outstanding::changes)) {
    context_->late.lost();
    for (const Outstanding& one : outstanding_) {
      if (!one.uploads_to.empty()) context_->late_uploads.lost(one.uploads_to);
    }
  }
  dead_ = true;
  deadline_.cancel();
  drop_primed(*this);
  primed_deadline_.cancel();
  if (stream_) stream_->abort();
  progress_.wake_all();
}

void Session::expire() noexcept {
  timed_out_ = true;
  abort();
}

bool Session::reusable() const noexcept {
  const bool asks_behind = background_ != 0;
  if (dead_ || outstanding_.size() > (asks_behind ? 1u : 0u)) return false;
  return asks_behind || (nothing_unread() && !parser_.broken());
}

bool Session::disturbed() const noexcept {
  return background_ == 0 && stream_->readable();
}

void Session::limit_reply(Clock::duration limit) {
  deadline_.set(std::min(context_->clock.now() + limit, work_ends_));
}

void Session::unlimit_reply() noexcept {
  deadline_.clear();
}

void Session::lose(int code, std::string what, std::string server_said) {
  if (!dead_) ++context_->traffic.lost;
  abort();
  throw ConnectionLost(code, std::move(what), std::move(server_said));
}

const std::string& Session::asked() const noexcept {
  return outstanding_.empty() ? last_command_ : outstanding_.front().text;
}

awaitable<Reply> Session::command(Verb verb, std::string argument, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  const std::stop_callback on_stop(stop, Abort(*this));
  try {
    if (must_walk(argument)) co_return co_await walk_and_ask(verb, std::move(argument));
    co_return co_await ask(verb, std::move(argument));
  } catch (const ConnectionLost&) {
    if (stop.stop_requested()) throw Cancelled();
    throw;
  }
}

awaitable<std::vector<Reply>> Session::commands(std::vector<Command> row, std::stop_token stop) {
  const auto walks = [this](const Command& one) { return must_walk(one.argument); };
  if (std::ranges::any_of(row, walks)) {
    std::vector<Reply> replies;
    for (const Command& one : row) {
      Reply reply = co_await command(one.verb, one.argument, stop);
      replies.push_back(std::move(reply));
    }
    co_return replies;
  }
  if (stop.stop_requested()) throw Cancelled();
  const std::stop_callback on_stop(stop, Abort(*this));
  try {
    co_return co_await ask_all(std::move(row));
  } catch (const ConnectionLost&) {
    if (stop.stop_requested()) throw Cancelled();
    throw;
  }
}

awaitable<Reply> Session::ask(Verb verb, std::string argument) {
  const Turn turn = co_await send(verb, std::move(argument));
  co_return co_await final_reply(verb, turn);
}

awaitable<std::vector<Reply>> Session::ask_all(std::vector<Command> row) {
  std::vector<Reply> replies;
  if (profile().pipelining != Support::yes) {
    for (Command& one : row) {
      Reply reply = co_await ask(one.verb, std::move(one.argument));
      replies.push_back(std::move(reply));
    }
    co_return replies;
  }
  for (const Command& one : row) co_await prepare(one.verb, one.argument);  // none, or all
  std::vector<Turn> turns;
  for (Command& one : row) {
    const Turn turn = co_await send(one.verb, std::move(one.argument));
    turns.push_back(turn);
  }
  for (std::size_t at = 0; at < row.size(); ++at) {
    if (at > 0 && heard() + 1 == turns[at])
      limit_reply(std::min<Clock::duration>(context_->config.timeout, next_in_row));
    Reply reply = co_await final_reply(row[at].verb, turns[at]);
    replies.push_back(std::move(reply));
  }
  co_return replies;
}

bool Session::may_ask_behind() const noexcept {
  if (dead_ || background_ != 0 || in_sequence_) return false;
  return outstanding_.empty() || (may_follow() && !outstanding_.back().leads);
}

awaitable<Reply> Session::ask_behind(Verb verb, std::string argument) {
  check_quiet();
  background_ = sent_ + 1;
  const Turn turn = co_await transmit(verb, std::move(argument));
  co_return co_await final_reply(verb, turn);
}

// A late 1xx (pure-ftpd sends its 150 after the 426 of a transfer that was given up early) answers no plain
// command.
awaitable<Reply> Session::final_reply(Verb verb, Turn turn) {
  for (;;) {
    Reply reply = co_await receive(turn);
    if (!may_answer(verb, reply))
      lose(EPROTO, fmt::format("{}: the reply belongs to another command", last_command_), reply.last_line());
    if (!reply.preliminary()) co_return reply;
  }
}

awaitable<void> Session::prepare(Verb verb, std::string argument) {
  try {
    proto::format_command(verb, argument);
  } catch (const std::invalid_argument&) {
    throw Error(EINVAL, fmt::format("{}: name contains a line break or NUL", proto::verb_text(verb)));
  }
  const bool is_question = verb == Verb::noop;
  const bool in_doubt = argument.find('\xFF') != argument.npos && profile().telnet == Support::unknown;
  if (in_doubt && !is_question && !in_sequence_) co_await learn_telnet();
}

// A server that speaks Telnet (RFC 959 5.3) takes a single 0xFF in a name for a command of it: "DELE
// a<FF><FE>b" would remove "a". Others take a doubled one for two letters. Who speaks it has to answer DO
// TIMING-MARK (RFC 860); to the others the same bytes are an argument of NOOP.
awaitable<void> Session::learn_telnet() {
  const std::size_t before = parser_.telnet_options();
  co_await ask(Verb::noop, "\xFF\xFD\x06");
  profile().telnet = parser_.telnet_options() > before ? Support::yes : Support::no;
}

awaitable<Session::Turn> Session::send(Verb verb, std::string argument, std::string uploads_to) {
  co_await prepare(verb, argument);
  const bool waits = moves_data(verb) || profile().pipelining != Support::yes;
  const std::stop_token never;
  while (waits && background_ != 0 && !dead_) co_await progress_.wait(never);
  check_quiet();
  co_return co_await transmit(verb, std::move(argument), std::move(uploads_to));
}

// The one place where commands are written.
awaitable<Session::Turn> Session::transmit(Verb verb, std::string argument, std::string uploads_to) {
  const bool doubled = profile().telnet == Support::yes;
  const std::string line =
      proto::format_command(verb, argument, doubled ? proto::Telnet::escaped : proto::Telnet::plain);
  last_command_ = escaped(proto::masked_command(verb, argument));
  context_->logger->debug("s{} > {}", number_, last_command_);
  const bool takes_back = verb == Verb::rest && argument == "0";
  outstanding_.push_back({.text = last_command_,
                          .moves_data = moves_data(verb),
                          .changes = changes(verb),
                          .leads = verb == Verb::rnfr || (verb == Verb::rest && !takes_back),
                          .ends_sequence = takes_back,
                          .uploads_to = std::move(uploads_to)});
  in_sequence_ = false;
  ++context_->traffic.commands;
  const Turn turn = ++sent_;
  if (outstanding_.size() == 1) limit_reply(context_->config.timeout);
  const std::stop_token never;
  while (written_ + 1 != turn && !dead_) co_await progress_.wait(never);
  int failed = 0;
  std::string reason;
  try {
    co_await stream_->write(as_bytes(line));
  } catch (const ConnectionLost& error) {
    failed = error.code();
    reason = error.what();
  }
  if (failed != 0) lose(timed_out_ ? ETIMEDOUT : failed, fmt::format("{}: {}", last_command_, reason));
  written_ = turn;
  progress_.wake_all();
  co_return turn;
}

void Session::data_ended(Turn turn) noexcept {
  const bool known = context_->profile.one_at_a_time && turn > heard();
  if (known) outstanding_[turn - heard() - 1].moves_data = false;
}

awaitable<void> Session::fence(Clock::duration limit) {
  if (!outstanding_.empty()) lose(EIO, "more commands had been sent behind the one that went wrong");
  const Turn turn = co_await send(Verb::noop, "");
  const Clock::time_point end = context_->clock.now() + limit;
  for (;;) {
    deadline_.set(end);
    const Reply reply = co_await receive(turn);
    if (answers_noop(reply)) break;
    if (!reply.preliminary()) outstanding_.push_front({last_command_, false});
  }
}

bool Session::may_follow() const noexcept {
  const auto is_transfer = [](const Outstanding& one) { return one.moves_data; };
  return context_->profile.pipelining == Support::yes && std::ranges::none_of(outstanding_, is_transfer);
}

// Nothing may be waiting to be read before a command goes out: it would be taken for the answer.
void Session::check_quiet() {
  if (dead_) lose(EIO, "session is closed");
  if (!outstanding_.empty() && may_follow()) return;  // what comes answers those
  if (!outstanding_.empty()) lose(EIO, fmt::format("a reply to {} is still missing", asked()));
  bool forgiven = false;  // one late 1xx (pure-ftpd) is; a flood of them would never end
  int looks = 0;
  while (!nothing_unread() || stream_->readable()) {
    if (!unread_.empty())
      parse_line();
    else if (++looks > most_looks)
      lose(EIO, "server speaks unasked, and does not end");
    else if (stream_->readable())
      take_what_came();
    while (const std::optional<Reply> reply = parser_.next()) {
      log(*reply);
      if (!reply->preliminary() || forgiven) lose(EIO, "server spoke unasked", reply->last_line());
      forgiven = true;
    }
    if (!parser_.empty() && unread_.empty() && !stream_->readable())
      lose(EIO, "server began to speak unasked");
  }
}

void Session::take_what_came() {
  std::optional<std::size_t> size;
  int failed = 0;
  std::string reason = "server closed the connection";
  try {
    size = stream_->try_read(input_);
  } catch (const ConnectionLost& error) {
    failed = error.code();
    reason = error.what();
  }
  if (failed != 0 || size == 0u) lose(failed != 0 ? failed : EIO, reason);
  if (size) unread_ = std::string_view(reinterpret_cast<const char*>(input_.data()), *size);
}

// One at a time: what follows a reply may be none (receive_bytes).
void Session::parse_line() {
  took(parser_.feed_line(unread_));
}

awaitable<Reply> Session::receive(Turn turn) {
  Reply reply = co_await hear(turn);
  if (proto::ends_session(reply))
    lose(EIO, fmt::format("{}: server closed the session", last_command_), reply.last_line());
  co_return reply;
}

awaitable<void> Session::come_to(Turn turn) {
  const std::stop_token never;
  while (heard() + 1 < turn && !dead_) co_await progress_.wait(never);
  if (heard() + 1 < turn) lose(timed_out_ ? ETIMEDOUT : EIO, fmt::format("{}: no reply any more", asked()));
}

awaitable<Reply> Session::hear(Turn turn) {
  co_await come_to(turn);
  Reply reply = co_await next_reply();
  if (!reply.preliminary()) answered();
  co_return reply;
}

void Session::answered() {
  if (outstanding_.empty()) return;  // a second final reply, see fence()
  last_command_ = std::move(outstanding_.front().text);
  outstanding_.pop_front();
  if (heard() == background_) background_ = 0;
  if (outstanding_.empty())
    unlimit_reply();
  else
    limit_reply(context_->config.timeout);
  progress_.wake_all();
}

awaitable<Reply> Session::next_reply() {
  for (;;) {
    if (std::optional<Reply> reply = parser_.next()) {
      log(*reply);
      context_->late.heard(context_->clock.now());
      const bool is_last = outstanding_.size() <= 1;  // else what it waits for has gone out already
      const bool goes_on = reply->intermediate() && is_last;
      const bool ends = !outstanding_.empty() && outstanding_.front().ends_sequence;
      if (!reply->preliminary()) in_sequence_ = goes_on && !ends;
      co_return std::move(*reply);
    }
    co_await advance();
  }
}

awaitable<void> Session::advance() {
  if (parser_.broken())
    lose(EPROTO, fmt::format("not an FTP server: {}", parser_.complaint()), parser_.offender());
  if (!unread_.empty())
    parse_line();
  else if (parser_.may_be_over())
    co_await wait_for_more();
  else
    co_await read_more();
}

awaitable<std::optional<Reply>> Session::receive_opening(Verb verb, Turn turn, int code) {
  co_await come_to(turn);
  while (!parser_.begun()) co_await advance();
  if (parser_.opened() == code) {
    parser_.leave_the_rest();
    in_sequence_ = false;
    context_->late.heard(context_->clock.now());
    co_return std::nullopt;
  }
  if (parser_.opened() != 0) lose(EPROTO, fmt::format("{}: not the reply that it must be", asked()));
  Reply reply = co_await final_reply(verb, turn);
  co_return reply;
}

awaitable<std::string_view> Session::receive_bytes() {
  if (unread_.empty()) co_await read_more();
  unlimit_work();
  limit_reply(context_->config.timeout);
  co_return unread_;
}

void Session::took(std::size_t size) noexcept {
  unread_.remove_prefix(size);
}

void Session::took_replies(Turn last) {
  while (heard() < last) answered();
}

// A server that opens a reply with one code and ends it with another has said all it wants to say. Looked at
// from time to time, because the end of a pending read would be the end of the connection.
awaitable<void> Session::wait_for_more() {
  const Clock::time_point end = context_->clock.now() + quiet_after_reply;
  const std::stop_token never;
  while (!dead_ && !stream_->readable() && context_->clock.now() < end) {
    const Clock::time_point next = context_->clock.now() + look_after_reply;
    co_await context_->clock.sleep_until(next, never);
  }
  if (timed_out_) lose(ETIMEDOUT, fmt::format("{}: no reply in time", asked()));
  if (dead_) lose(EIO, fmt::format("{}: given up", asked()));
  if (stream_->readable())
    take_what_came();
  else
    parser_.settle();
}

awaitable<void> Session::read_more() {
  std::size_t size = 0;
  int failed = 0;
  std::string reason = "server closed the connection";
  try {
    size = co_await stream_->read_some(input_);
  } catch (const ConnectionLost& error) {
    failed = error.code();
    reason = error.what();
  }
  if (timed_out_) lose(ETIMEDOUT, fmt::format("{}: no reply in time", asked()));
  if (failed != 0) lose(failed, fmt::format("{}: {}", asked(), reason));
  if (size == 0) lose(EIO, fmt::format("{}: {}", asked(), reason));
  unread_ = std::string_view(reinterpret_cast<const char*>(input_.data()), size);
}

void Session::log(const Reply& reply) const {
  if (!context_->logger->should_log(spdlog::level::debug)) return;
  for (const std::string& line : reply.lines) context_->logger->debug("s{} < {}", number_, escaped(line));
}

awaitable<void> Session::quit() {
  if (!reusable()) {
    abort();
    co_return;
  }
  try {
    const Turn turn = co_await send(Verb::quit, "");
    limit_reply(std::chrono::seconds(1));
    co_await hear(turn);
  } catch (const Error&) {
    // Gone is gone.
  }
  abort();
}

}  // namespace ftpfs::ftp
