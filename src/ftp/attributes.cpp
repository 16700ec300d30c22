// SPDX-License-Identifier: MIT
// Setting times and modes: four commands for the one, two for the other, none of them standard. The first
// that works is remembered.
#include <cerrno>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/time.hpp>

#include "look.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "refusal.hpp"
#include "server_times.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

struct Form {
  Verb verb;
  std::string argument;
};

Form spell(const ServerProfile& profile, MtimeCommand command, std::int64_t seconds,
           const std::string& path) {
  const std::string time = proto::format_time_value(seconds);
  switch (command) {
    case MtimeCommand::mff:
      return {Verb::mff, fmt::format("modify={}; {}", time, path)};
    case MtimeCommand::mdtm:  // in whatever zone it tells times
      return {Verb::mdtm,
              fmt::format("{} {}", proto::format_time_value(profile.clock.to_mdtm(seconds)), path)};
    case MtimeCommand::site_utime:
      return {Verb::site, fmt::format("UTIME {} {}", time, path)};
    case MtimeCommand::site_utime_utc:
      return {Verb::site, fmt::format("UTIME {0} {1} {1} {1} UTC", path, time)};
    default:
      return {Verb::mfmt, fmt::format("{} {}", time, path)};
  }
}

Form spell(const ServerProfile& /* all the same */, ModeCommand command, std::uint16_t mode,
           const std::string& path) {
  if (command == ModeCommand::mff) return {Verb::mff, fmt::format("UNIX.mode={:04o}; {}", mode, path)};
  return {Verb::site, fmt::format("CHMOD {:03o} {}", mode, path)};
}

// What has worked before comes first: the others are for a server that has it no longer.
template <class Command>
std::vector<Command> beginning_with(Command known, std::vector<Command> commands) {
  std::erase(commands, known);
  commands.insert(commands.begin(), known);
  return commands;
}

// Those that FEAT names first; the others may exist all the same. MDTM before them: it is what vsftpd and IIS
// have, and where it only reads, it asks for a file called "TIME PATH".
std::vector<MtimeCommand> mtime_commands(Session& session) {
  const ServerProfile& profile = session.profile();
  if (profile.mtime == MtimeCommand::none) return {};
  if (session.config().workarounds.mdtm_sets_time) return {MtimeCommand::mdtm};
  const proto::Features& features = profile.features;
  std::vector<MtimeCommand> named;
  std::vector<MtimeCommand> others;
  (features.mfmt ? named : others).push_back(MtimeCommand::mfmt);
  if (features.mff_modify) named.push_back(MtimeCommand::mff);
  for (const MtimeCommand form : {MtimeCommand::site_utime, MtimeCommand::site_utime_utc})
    (features.site_utime ? named : others).push_back(form);
  named.push_back(MtimeCommand::mdtm);
  named.insert(named.end(), others.begin(), others.end());
  if (profile.mtime != MtimeCommand::untested) return beginning_with(profile.mtime, named);
  return named;
}

std::vector<ModeCommand> mode_commands(const ServerProfile& profile) {
  if (profile.mode == ModeCommand::none) return {};
  std::vector<ModeCommand> named;
  if (profile.features.mff_mode) named.push_back(ModeCommand::mff);
  named.push_back(ModeCommand::site_chmod);
  if (profile.mode != ModeCommand::untested) return beginning_with(profile.mode, named);
  return named;
}

bool accepted(const Reply& reply) noexcept {
  return reply.completion() && reply.code != 202;
}

// What is said about a form that this server does not have.
bool unknown_form(const Form& form, const Reply& reply) noexcept {
  return proto::is_unimplemented(form.verb, reply) || reply.code == 501;
}

Error unsupported(std::string_view what, std::string_view path) {
  return Error(EOPNOTSUPP, fmt::format("{}: server cannot set the {}", escaped(path), what));
}

// The time that the server shows is the one it was told; also where it does not say.
awaitable<bool> shows_mtime(std::shared_ptr<Session> session, std::string path, std::int64_t seconds,
                            std::stop_token stop) {
  std::optional<Timestamp> shown;
  const std::optional<Attributes> facts = co_await ask_facts(*session, path, stop);
  if (facts) {
    shown = facts->mtime;
  } else {
    shown = co_await ask_mtime(*session, path, stop);
  }
  co_return !shown || consistent(*shown, {seconds, Precision::second});
}

template <class Value>
using Check = awaitable<bool> (*)(std::shared_ptr<Session>, std::string, Value, std::stop_token);

// Why no form has worked so far.
struct Refusals {
  std::optional<Reply> reply;  // the first that was about the file, and not about the form
  Verb verb = Verb::site;
  bool maybe_missing = false;
  bool ignored = false;  // accepted, and yet the server shows another value

  void add(const Form& form, const Reply& refusal, bool form_is_known) {
    // A server whose MDTM only reads has looked for a file called "TIME PATH".
    if (!form_is_known && form.verb == Verb::mdtm && says_absent(refusal)) {
      maybe_missing = true;
    } else if (!unknown_form(form, refusal) && !reply) {
      reply = refusal;
      verb = form.verb;
    }
  }
};

// Throws what the server meant; returns when it has no form of the command at all.
awaitable<void> explain(std::shared_ptr<Session> session, std::string path, Refusals why,
                        std::stop_token stop) {
  if (why.reply) {
    const Error error =
        co_await explain_refusal(session, why.verb, path, *why.reply, Wants::anything, EPERM, stop);
    throw error;
  }
  std::optional<Attributes> found = Attributes();
  if (why.maybe_missing) found = co_await look(session, path, stop);
  if (!found) throw Error(ENOENT, fmt::format("{}: no such file", escaped(path)));
}

enum class Outcome { done, ignored };

// Tries the forms of `commands` and remembers the first that works, or that none exists. What works is told
// by the reply, and by `check` where there is one, which a form that has worked before is spared if
// `trusted`.
template <class Command, class Value>
awaitable<Outcome> apply(std::shared_ptr<Session> session, std::vector<Command> commands, Value value,
                         std::string path, std::string_view what, Command* remembered, Check<Value> check,
                         bool trusted, std::stop_token stop) {
  Refusals why;
  const Command known = *remembered;
  for (const Command command : commands) {
    const bool is_known = command == known;
    const Session::Reached reached = co_await session->reach(path, stop);
    const Form form = spell(session->profile(), command, value, reached.argument);
    Reply reply;
    if (reached.refusal) reply = *reached.refusal;
    if (!reached.refusal) reply = co_await command_patiently(session, form.verb, form.argument, stop);
    if (!accepted(reply)) {
      why.add(form, reply, is_known);
      if (is_known && !unknown_form(form, reply)) break;
      continue;
    }
    bool shown = true;
    const bool in_doubt = !is_known || !trusted;
    if (check && in_doubt) shown = co_await check(session, path, value, stop);
    if (shown) *remembered = command;
    if (shown) co_return Outcome::done;
    why.ignored = true;
    if (is_known) break;
  }
  if (why.ignored) co_return Outcome::ignored;
  co_await explain(session, path, why, stop);
  *remembered = Command::none;
  throw unsupported(what, path);
}

// What every server can keep: it has been so since 1970, and 31 bits are enough for it.
bool is_ordinary(std::int64_t seconds) noexcept {
  return seconds >= 0 && seconds <= INT32_MAX;
}

}  // namespace

awaitable<void> set_mtime(std::shared_ptr<Session> session, std::string path, std::int64_t seconds,
                          std::stop_token stop) {
  ServerProfile& profile = session->profile();
  const bool trusted = is_ordinary(seconds);
  const Check<std::int64_t> check = shows_mtime;
  const std::vector<MtimeCommand> commands = mtime_commands(*session);
  const Outcome outcome =
      co_await apply(session, commands, seconds, path, "time", &profile.mtime, check, trusted, stop);
  if (outcome == Outcome::ignored) {
    if (!is_ordinary(seconds))
      throw Error(EINVAL, fmt::format("{}: the server cannot keep a time so far off", escaped(path)));
    profile.mtime = MtimeCommand::none;
    throw unsupported("time", path);
  }
  if (profile.mtime != MtimeCommand::mdtm || profile.clock.calibrated() || may_have_mlst(profile)) co_return;
  const std::string directory = parent_of(path);
  co_await calibrate_clock(session, directory);
  if (profile.clock.to_mdtm(seconds) == seconds) co_return;
  const std::vector<MtimeCommand> again = mtime_commands(*session);
  co_await apply(session, again, seconds, path, "time", &profile.mtime, check, trusted, stop);
}

awaitable<std::uint16_t> set_mode(std::shared_ptr<Session> session, std::string path, std::uint16_t mode,
                                  std::stop_token stop) {
  const std::vector<ModeCommand> commands = mode_commands(session->profile());
  // pure-ftpd (1.0.50) opens for reading what it is to change: without that right it could never change it
  // again.
  constexpr std::uint16_t owner_reads = 0400;
  const bool keeps = session->profile().features.estp;
  const auto bits = static_cast<std::uint16_t>((mode & 07777) | (keeps ? owner_reads : 0));
  const Check<std::uint16_t> by_the_reply = nullptr;
  constexpr bool trusted = true;
  ModeCommand& known = session->profile().mode;
  co_await apply(session, commands, bits, path, "mode", &known, by_the_reply, trusted, stop);
  co_return bits;
}

}  // namespace ftpfs::ftp
