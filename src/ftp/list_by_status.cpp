// SPDX-License-Identifier: MIT
#include "list_by_status.hpp"

#include <cerrno>
#include <random>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/status_listing.hpp>

#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

constexpr int status_code = 213;
// What ended the session may have been the reply itself, where a firewall that reads along does not expect
// it. The next attempts are LIST's, for so long.
constexpr std::chrono::minutes after_a_death{1};
// vsftpd reads fifteen digits; what is longer is 0 to it.
constexpr std::uint64_t first_fence = 100'000'000'000'000;
constexpr std::uint64_t last_fence = 999'999'999'999'999;

// Who makes file names on the server has seen other numbers of ours, so this is no pseudo-random one.
std::string unforeseeable() {
  std::random_device source;
  std::uniform_int_distribution<std::uint64_t> fence(first_fence, last_fence);
  return std::to_string(fence(source));
}

bool is_echo(const Reply& reply, std::string_view number) {
  return reply.code == 350 && reply.text.find(fmt::format("({})", number)) != std::string::npos;
}

void give_up(Session& session, std::string_view why) {
  session.profile().status = Support::no;
  session.context().logger->info("no listings by STAT any more: {}", why);
}

// With an offset left over, the next upload would begin there.
[[noreturn]] void lose_offset(Session& session, const Reply& reply) {
  session.abort();
  throw ConnectionLost(EPROTO, "REST 0 is refused, the session cannot be used any more", reply.last_line());
}

awaitable<void> take_back(Session& session, Session::Turn turn) {
  const Reply reply = co_await session.final_reply(Verb::rest, turn);
  if (!is_echo(reply, "0")) lose_offset(session, reply);
}

// What CWD said, and what STAT: a refusal, or lines.
struct Told {
  explicit Told(ListingIntake where) : lines(std::move(where)) {}

  Reply directory;
  std::optional<Reply> refusal;
  bool begun = false;  // the first line of STAT is here
  ListingIntake lines;
};

awaitable<void> ask(Session& session, std::string path, Told& told) {
  const std::string fence = unforeseeable();
  co_await session.prepare(Verb::cwd, path);
  const Session::Turn cwd = co_await session.send(Verb::cwd, path);
  const Session::Turn stat = co_await session.send(Verb::stat, "-a");
  const Session::Turn rest = co_await session.send(Verb::rest, fence);
  const Session::Turn back = co_await session.send(Verb::rest, "0");
  told.directory = co_await session.final_reply(Verb::cwd, cwd);
  told.refusal = co_await session.receive_opening(Verb::stat, stat, status_code);
  if (told.refusal) {
    co_await session.final_reply(Verb::rest, rest);
    co_await take_back(session, back);
    co_return;
  }
  told.begun = true;
  proto::StatusListing reply(fence);
  std::string lines;
  while (!reply.over()) {
    const std::string_view bytes = co_await session.receive_bytes();
    const std::size_t size = reply.feed(bytes, lines);
    session.took(size);
    session.context().traffic.received.add(size);
    told.lines.take(lines);
    lines.clear();
  }
  session.took_replies(rest);
  co_await take_back(session, back);
}

// However this ends: nothing of the reply is left for whoever comes next.
awaitable<void> ask_or_abort(std::shared_ptr<Session> session, std::string path, Told& told,
                             std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  const std::stop_callback on_stop(stop, Abort(*session));
  try {
    co_await ask(*session, path, told);
  } catch (const ConnectionLost& error) {
    if (stop.stop_requested()) throw Cancelled();
    SessionContext& context = session->context();
    if (error.code() == EPROTO) give_up(*session, error.what());
    if (told.begun) context.profile.no_status_before = context.clock.now() + after_a_death;
    throw;
  } catch (...) {
    if (!session->reusable()) session->abort();
    throw;
  }
}

}  // namespace

std::vector<Command> status_questions(const FtpConfig& config, const ServerProfile& profile) {
  const bool is_known = profile.is_vsftpd && profile.status == Support::unknown;
  const bool by_list = config.list != ListMode::automatic || config.list_options || config.download_rate > 0;
  if (!is_known || by_list || !config.pipelining) return {};
  return {{Verb::rest, std::to_string(last_fence)}, {Verb::rest, "0"}};
}

void learn_status(Session& session, const Command& command, const Reply& reply) {
  Support& known = session.profile().status;
  const bool echoed = is_echo(reply, command.argument);
  if (command.argument != "0") {
    known = echoed ? Support::yes : Support::no;
    return;
  }
  if (echoed || known != Support::yes) return;
  known = Support::no;
  lose_offset(session, reply);
}

bool may_list_by_status(Session& session) noexcept {
  const ServerProfile& profile = session.profile();
  return profile.status == Support::yes && profile.pipelining == Support::yes && !profile.relative &&
         session.context().clock.now() >= profile.no_status_before;
}

awaitable<std::optional<Listed>> list_by_status(std::shared_ptr<Session> session, std::string path,
                                                std::stop_token stop) {
  Told told(ListingIntake(*session, Verb::stat, path));
  co_await ask_or_abort(session, path, told, stop);
  const bool is_patience_wanted = proto::is_passing(Verb::cwd, told.directory);
  if (!told.directory.completion() && is_patience_wanted) co_return std::nullopt;  // LIST has some
  if (!told.directory.completion()) {
    const Error why =
        co_await explain_refusal(session, Verb::cwd, path, told.directory, Wants::directory, EACCES, stop);
    throw why;
  }
  if (told.refusal) {
    give_up(*session, told.refusal->last_line());
    co_return std::nullopt;
  }
  Listed listed = told.lines.finish();
  if (listed.shows_self) co_return listed;
  if (listed.lines > 0) give_up(*session, "the directory itself is not in it");
  co_return std::nullopt;  // it may be entered and not be read, or is not there at all
}

}  // namespace ftpfs::ftp
