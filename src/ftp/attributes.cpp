// SPDX-License-Identifier: MIT
// Setting times and modes: four commands for the one, two for the other, none of them standard. The first
// that works is remembered.
#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/time.hpp>

#include "look.hpp"
#include "operations.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

struct Form {
  Verb verb;
  std::string argument;
};

Form spell(MtimeCommand command, const std::string& time, const std::string& path) {
  switch (command) {
    case MtimeCommand::mff:
      return {Verb::mff, fmt::format("modify={}; {}", time, path)};
    case MtimeCommand::site_utime:
      return {Verb::site, fmt::format("UTIME {} {}", time, path)};
    case MtimeCommand::mdtm:
      return {Verb::mdtm, fmt::format("{} {}", time, path)};
    default:
      return {Verb::mfmt, fmt::format("{} {}", time, path)};
  }
}

Form spell(ModeCommand command, std::uint16_t mode, const std::string& path) {
  if (command == ModeCommand::mff) return {Verb::mff, fmt::format("UNIX.mode={:04o}; {}", mode, path)};
  return {Verb::site, fmt::format("CHMOD {:03o} {}", mode, path)};
}

// Those that FEAT names first; the others may exist all the same. MDTM before them: it is what vsftpd and IIS
// have, and where it only reads, it asks for a file called "TIME PATH".
std::vector<MtimeCommand> mtime_commands(const ServerProfile& profile) {
  if (profile.mtime != MtimeCommand::untested) return {profile.mtime};
  const proto::Features& features = profile.features;
  std::vector<MtimeCommand> named;
  std::vector<MtimeCommand> others;
  (features.mfmt ? named : others).push_back(MtimeCommand::mfmt);
  if (features.mff_modify) named.push_back(MtimeCommand::mff);
  (features.site_utime ? named : others).push_back(MtimeCommand::site_utime);
  named.push_back(MtimeCommand::mdtm);
  named.insert(named.end(), others.begin(), others.end());
  return named;
}

std::vector<ModeCommand> mode_commands(const ServerProfile& profile) {
  if (profile.mode != ModeCommand::untested) return {profile.mode};
  if (profile.features.mff_mode) return {ModeCommand::mff, ModeCommand::site_chmod};
  return {ModeCommand::site_chmod};
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

// Tries the forms of `commands` and remembers the first that works, or that none exists.
template <class Command, class Value>
awaitable<void> apply(std::shared_ptr<Session> session, std::vector<Command> commands, Value value,
                      std::string path, std::string_view what, Command* remembered, std::stop_token stop) {
  std::optional<Reply> refused;
  Verb refused_verb = Verb::site;
  bool maybe_missing = false;
  for (const Command command : commands) {
    if (command == Command::none) break;
    const Form form = spell(command, value, path);
    const Reply reply = co_await session->command(form.verb, form.argument, stop);
    if (accepted(reply)) {
      *remembered = command;
      co_return;
    }
    // A server whose MDTM only reads has looked for a file called "TIME PATH".
    if (*remembered == Command::untested && form.verb == Verb::mdtm && says_absent(reply)) {
      maybe_missing = true;
      continue;
    }
    if (unknown_form(form, reply) || refused) continue;
    refused = reply;
    refused_verb = form.verb;
  }
  if (!refused) {
    std::optional<Attributes> found = Attributes();
    if (maybe_missing) found = co_await look(session, path, stop);
    if (!found) throw Error(ENOENT, fmt::format("{}: no such file", escaped(path)));
    *remembered = Command::none;
    throw unsupported(what, path);
  }
  const Error why =
      co_await explain_refusal(session, refused_verb, path, *refused, Wants::anything, EPERM, stop);
  throw why;
}

}  // namespace

awaitable<void> set_mtime(std::shared_ptr<Session> session, std::string path, std::int64_t seconds,
                          std::stop_token stop) {
  const std::vector<MtimeCommand> commands = mtime_commands(session->profile());
  const std::string time = proto::format_time_value(seconds);
  co_await apply(session, commands, time, path, "time", &session->profile().mtime, stop);
}

awaitable<void> set_mode(std::shared_ptr<Session> session, std::string path, std::uint16_t mode,
                         std::stop_token stop) {
  const std::vector<ModeCommand> commands = mode_commands(session->profile());
  const auto bits = static_cast<std::uint16_t>(mode & 07777);
  co_await apply(session, commands, bits, path, "mode", &session->profile().mode, stop);
}

}  // namespace ftpfs::ftp
