// SPDX-License-Identifier: MIT
#include "look.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>

#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/listing.hpp>
#include <ftpfs/proto/time.hpp>

#include "kept_names.hpp"
#include "listing.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// "213 1234"; some put words around it, the number comes last.
std::optional<std::uint64_t> last_number(std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  const std::size_t last = text.find_last_of(digits);
  if (last == text.npos) return std::nullopt;
  const std::size_t before = text.find_last_not_of(digits, last);
  const std::size_t first = before == text.npos ? 0 : before + 1;
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data() + first, text.data() + last + 1, value);
  if (result.ec != std::errc() || value > INT64_MAX) return std::nullopt;
  return value;
}

bool tells_size_and_mdtm(const ServerProfile& profile) noexcept {
  return is_expected(profile.size, profile.features.size) && is_expected(profile.mdtm, profile.features.mdtm);
}

void learn(Support& support, Verb verb, const Reply& reply) noexcept {
  if (reply.completion() && reply.code != 202) support = Support::yes;
  if (proto::is_unimplemented(verb, reply)) support = Support::no;
}

std::optional<Timestamp> time_in(ServerProfile& profile, const Reply& reply) {
  learn(profile.mdtm, Verb::mdtm, reply);
  if (reply.code != 213) return std::nullopt;
  return proto::find_time_value(reply.text);
}

// uftpd 2.13 lists MLST and never answers it. What has worked once is not given up for a line that died.
awaitable<Reply> ask_mlst(Session& session, std::string path, std::stop_token stop) {
  Support& support = session.profile().mlst;
  try {
    const Reply reply = co_await session.command(Verb::mlst, path, stop);
    learn(support, Verb::mlst, reply);
    co_return reply;
  } catch (const ConnectionLost& error) {
    if (error.code() == ETIMEDOUT && support == Support::unknown) support = Support::no;
    throw;
  }
}

// In a directory that may be entered and not be read (a drop box: proftpd's <Limit DIRS>, mode 733). What it
// does not tell is not there, as far as anybody can see: else nothing could ever be put into it.
awaitable<std::optional<Attributes>> look_in_the_dark(std::shared_ptr<Session> session, std::string path,
                                                      std::stop_token stop) {
  Attributes attributes;
  const std::optional<std::uint64_t> size = co_await ask_size(*session, path, stop);
  if (size) {
    attributes.size = *size;
    co_return attributes;
  }
  const bool directory = co_await enter(*session, path, stop);
  if (!directory) co_return std::nullopt;
  attributes.kind = Kind::directory;
  co_return attributes;
}

awaitable<std::optional<Attributes>> look_in_parent(std::shared_ptr<Session> session, std::string path,
                                                    std::stop_token stop) {
  std::vector<Entry> siblings;
  bool parent_is_missing = false;
  std::exception_ptr unreadable;
  try {
    siblings = co_await list_directory(session, parent_of(path), stop);
  } catch (const Error& error) {
    if (error.code() == EACCES) unreadable = std::current_exception();
    parent_is_missing = error.code() == ENOENT || error.code() == ENOTDIR;
    if (!unreadable && !parent_is_missing) throw;
  }
  if (parent_is_missing) co_return std::nullopt;
  if (unreadable) {
    const bool may_enter = co_await enter(*session, parent_of(path), stop);
    if (!may_enter) std::rethrow_exception(unreadable);
    co_return co_await look_in_the_dark(session, path, stop);
  }
  const auto found = std::find_if(siblings.begin(), siblings.end(),
                                  [&](const Entry& entry) { return entry.name == name_of(path); });
  if (found == siblings.end()) co_return std::nullopt;
  co_return found->attributes;
}

// Where neither MLST nor SIZE tell how long the file is, the parent's listing may.
awaitable<std::optional<Attributes>> with_size_at_last(std::shared_ptr<Session> session, std::string path,
                                                       Attributes facts, std::stop_token stop) {
  Attributes attributes = co_await with_size(*session, path, facts, stop);
  if (attributes.size_known || session->profile().size != Support::no || path == "/") co_return attributes;
  const std::optional<Attributes> listed = co_await look_in_parent(session, path, stop);
  if (!listed || listed->kind != attributes.kind || !listed->size_known) co_return attributes;
  attributes.size = listed->size;
  attributes.size_known = true;
  co_return attributes;
}

// A file has a size, a directory can be entered.
awaitable<std::optional<Attributes>> look_by_size(std::shared_ptr<Session> session, std::string path,
                                                  std::stop_token stop) {
  Attributes attributes;
  const Measured measured = co_await ask_size_and_mdtm(*session, path, stop);
  if (measured.size) {
    attributes.size = *measured.size;
    attributes.mtime = measured.mdtm;
    if (attributes.mtime)
      attributes.mtime->seconds = session->profile().clock.from_mdtm(attributes.mtime->seconds);
    co_return attributes;
  }
  const Reply entered = co_await session->command(Verb::cwd, path, stop);
  if (entered.completion()) {
    attributes.kind = Kind::directory;
    co_return attributes;
  }
  if (says_absent(entered)) co_return std::nullopt;
  if (path == "/") throw refusal(Verb::cwd, path, entered, EACCES);
  co_return co_await look_in_parent(session, path, stop);
}

}  // namespace

bool says_absent(const Reply& reply) noexcept {
  // DELE is no verb whose bare 550 is taken for "absent": what remains is the text.
  return !reply.completion() && proto::errno_for(Verb::dele, reply) == ENOENT;
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool may_have_mlst(const ServerProfile& profile) noexcept {
  if (profile.mlst != Support::unknown) return profile.mlst == Support::yes;
  return profile.features.mlst || !profile.features.known;
}

awaitable<bool> enter(Session& session, std::string path, std::stop_token stop) {
  const Reply reply = co_await session.command(Verb::cwd, std::move(path), stop);
  co_return reply.completion();
}

std::optional<std::uint64_t> size_in(ServerProfile& profile, const Reply& reply) {
  learn(profile.size, Verb::size, reply);
  if (reply.code != 213 || reply.lines.size() > 1) return std::nullopt;  // IIS: several lines for a directory
  return last_number(reply.text);
}

awaitable<std::optional<std::uint64_t>> ask_size(Session& session, std::string path, std::stop_token stop) {
  if (session.profile().size == Support::no) co_return std::nullopt;
  const Reply reply = co_await session.command(Verb::size, std::move(path), stop);
  co_return size_in(session.profile(), reply);
}

awaitable<Attributes> with_size(Session& session, std::string path, Attributes attributes,
                                std::stop_token stop) {
  if (attributes.size_known) co_return attributes;
  const std::optional<std::uint64_t> size = co_await ask_size(session, std::move(path), stop);
  attributes.size_known = size.has_value();
  attributes.size = size.value_or(attributes.size);
  co_return attributes;
}

std::int64_t wall_seconds(Session& session) {
  const auto since_epoch = session.context().clock.wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

awaitable<std::optional<Timestamp>> ask_mtime(Session& session, std::string path, std::stop_token stop) {
  std::optional<Timestamp> time = co_await ask_mdtm(session, std::move(path), stop);
  if (time) time->seconds = session.profile().clock.from_mdtm(time->seconds);
  co_return time;
}

awaitable<std::optional<Timestamp>> ask_mdtm(Session& session, std::string path, std::stop_token stop) {
  if (session.profile().mdtm == Support::no) co_return std::nullopt;
  const Reply reply = co_await session.command(Verb::mdtm, std::move(path), stop);
  co_return time_in(session.profile(), reply);
}

awaitable<Measured> ask_size_and_mdtm(Session& session, std::string path, std::stop_token stop) {
  ServerProfile& profile = session.profile();
  Measured measured;
  if (profile.pipelining != Support::yes || !tells_size_and_mdtm(profile)) {
    measured.size = co_await ask_size(session, path, stop);
    if (measured.size) measured.mdtm = co_await ask_mdtm(session, path, stop);
    co_return measured;
  }
  std::vector<Command> row{{Verb::size, path}, {Verb::mdtm, path}};
  const std::vector<Reply> replies = co_await session.commands(std::move(row), stop);
  measured.size = size_in(profile, replies[0]);
  measured.mdtm = time_in(profile, replies[1]);
  co_return measured;
}

std::vector<Command> look_ahead_commands(const ServerProfile& profile, const std::string& path) {
  if (profile.pipelining != Support::yes) return {};  // no trip would be saved
  if (may_be_confused(profile, path) || profile.relative) return {};
  if (profile.mlst == Support::yes) return {{Verb::mlst, path}};
  if (may_have_mlst(profile) || !tells_size_and_mdtm(profile)) return {};
  return {{Verb::size, path}, {Verb::mdtm, path}};
}

std::optional<Attributes> looked_ahead(Session& session, const std::vector<Reply>& replies) {
  if (replies.size() == 1) {
    const std::optional<Entry> entry = proto::parse_mlst_reply(replies[0]);
    const bool whole = entry && entry->attributes.kind == Kind::file && entry->attributes.size_known;
    return whole ? std::optional(entry->attributes) : std::nullopt;
  }
  Attributes attributes;
  const std::optional<std::uint64_t> size = size_in(session.profile(), replies[0]);
  if (!size) return std::nullopt;
  attributes.size = *size;
  attributes.mtime = time_in(session.profile(), replies[1]);
  if (attributes.mtime)
    attributes.mtime->seconds = session.profile().clock.from_mdtm(attributes.mtime->seconds);
  return attributes;
}

awaitable<std::optional<Attributes>> ask_facts(Session& session, std::string path, std::stop_token stop) {
  if (!may_have_mlst(session.profile())) co_return std::nullopt;
  const Reply reply = co_await ask_mlst(session, path, stop);
  if (!reply.completion()) co_return std::nullopt;
  const std::optional<Entry> entry = proto::parse_mlst_reply(reply);
  if (!entry || entry->attributes.kind == Kind::symlink)
    co_return std::nullopt;  // it is the target that counts
  co_return co_await with_size(session, path, entry->attributes, stop);
}

awaitable<bool> has_file(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  const ServerProfile& profile = session->profile();
  if (profile.size == Support::yes && !may_be_confused(profile, path)) {
    const Reply reply = co_await session->command(Verb::size, path, stop);
    if (reply.code == 213 || reply.code == 550) co_return reply.code == 213;
  }
  const std::optional<Attributes> found = co_await look(session, path, stop);
  co_return found && found->kind != Kind::directory;
}

awaitable<bool> shows_file(Session& session, std::string path, std::stop_token stop) {
  const std::optional<std::uint64_t> size = co_await ask_size(session, path, stop);
  if (size || session.profile().size != Support::no) co_return size.has_value();
  const std::optional<Attributes> facts = co_await ask_facts(session, path, stop);
  co_return facts && facts->kind == Kind::file;
}

awaitable<std::optional<Attributes>> look(std::shared_ptr<Session> session, std::string path,
                                          std::stop_token stop) {
  if (may_be_confused(session->profile(), path)) co_return co_await look_in_parent(session, path, stop);
  if (may_have_mlst(session->profile())) {
    const Reply reply = co_await ask_mlst(*session, path, stop);
    if (says_absent(reply)) co_return std::nullopt;
    std::optional<Entry> entry;
    if (reply.completion()) entry = proto::parse_mlst_reply(reply);
    if (entry && entry->attributes.kind != Kind::symlink)
      co_return co_await with_size_at_last(session, path, entry->attributes, stop);
    // pure-ftpd refuses what is missing without saying so, and makes each failed CWD slower than the one
    // before.
    const bool refused = !reply.completion() && may_have_mlst(session->profile());
    if (refused && path != "/") co_return co_await look_in_parent(session, path, stop);
  }
  // z/OS lets into directories that are not there: CWD only makes a prefix for names.
  if (session->profile().relative && path != "/") co_return co_await look_in_parent(session, path, stop);
  co_return co_await look_by_size(session, path, stop);
}

}  // namespace ftpfs::ftp
