// SPDX-License-Identifier: MIT
// RNFR and RNTO; and rename(2)'s "a file replaces a file" on servers whose RNTO refuses to (proftpd by
// default, IIS, FileZilla Server 0.9) or only says that it did (SwiFTP): the old file steps aside under a
// hidden name, and comes back if the rename fails after all.
#include <algorithm>
#include <cctype>
#include <cerrno>

#include <fmt/format.h>

#include "kept_names.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "own_names.hpp"
#include "passing.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

struct Names {
  std::string from;
  std::string to;
};

awaitable<bool> has_moved(std::shared_ptr<Session> session, Names names, std::stop_token stop) {
  const std::optional<Attributes> old_name = co_await look(session, names.from, stop);
  if (old_name) co_return false;
  const std::optional<Attributes> new_name = co_await look(session, names.to, stop);
  co_return new_name.has_value();
}

// To a server that folds case, `mv a A` is about one file.
bool may_be_one_name(const Names& names) {
  const auto alike = [](char left, char right) {
    const auto a = static_cast<unsigned char>(left);
    const auto b = static_cast<unsigned char>(right);
    return a < 0x80 && b < 0x80 ? std::tolower(a) == std::tolower(b) : a >= 0x80 && b >= 0x80;
  };
  return std::equal(names.from.begin(), names.from.end(), names.to.begin(), names.to.end(), alike);
}

Error in_the_way(const Names& names) {
  return Error(EEXIST, fmt::format("{} cannot be replaced by renaming", escaped(names.to)));
}

// Why RNTO was refused, as far as `to` is to blame: EEXIST when a file stands in the way of a file, or a
// directory in the way of a directory.
awaitable<Error> explain_target(std::shared_ptr<Session> session, Names names, Reply reply,
                                std::stop_token stop) {
  if (const int code = certain(Verb::rnto, reply)) co_return refusal(Verb::rnto, names.to, reply, code);
  const std::optional<Attributes> target = co_await look(session, names.to, stop);
  if (!target) {
    const Error why = co_await explain_creation(session, Verb::rnto, names.to, reply, Wants::anything, stop);
    co_return why;
  }
  const std::optional<Attributes> source = co_await look(session, names.from, stop);
  if (!source) co_return refusal(Verb::rnfr, names.from, reply, ENOENT);
  const bool to_directory = target->kind == Kind::directory;
  const bool from_directory = source->kind == Kind::directory;
  const int code = to_directory == from_directory ? EEXIST : to_directory ? EISDIR : ENOTDIR;
  co_return refusal(Verb::rnto, names.to, reply, code);
}

awaitable<void> name_source(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  const Reply reply = co_await command_patiently(session, Verb::rnfr, path, stop);
  if (reply.intermediate()) co_return;
  const Error why = co_await explain_refusal(session, Verb::rnfr, path, reply, Wants::anything, EACCES, stop);
  throw why;
}

// Where mv(1) hears of EXDEV it copies.
Error for_a_copy(Session& session, const Names& names, Error why) {
  const bool plain = why.code() == EACCES || why.code() == EPERM || why.code() == EIO;
  const bool elsewhere = parent_of(names.from) != parent_of(names.to);
  if (!session.config().workarounds.no_moving || !plain || !elsewhere) return why;
  return Error(EXDEV, why.what(), why.server_said());
}

// Fails with EEXIST where a file is in the way and has to step aside.
awaitable<void> move(std::shared_ptr<Session> session, Names names, std::stop_token stop) {
  // No CWD may come between RNFR and RNTO.
  if (session->profile().relative && parent_of(names.from) != parent_of(names.to))
    throw Error(EXDEV, fmt::format("{}: the server renames within a directory only", escaped(names.from)));
  co_await require_unconfused(session, names.from);
  co_await require_kept(session, names.to);
  co_await session->prepare(Verb::rnto, names.to);
  Support& replacing = session->profile().replacing;
  bool onto_file = false;
  const bool ask = replacing != Support::yes && !may_be_one_name(names);
  if (ask) onto_file = co_await shows_file(*session, names.to, stop);
  if (onto_file && replacing == Support::no) throw in_the_way(names);
  Patience patience(session->context());
  Reply to;
  bool again = false;
  do {
    co_await name_source(session, names.from, stop);
    to = co_await session->command(Verb::rnto, names.to, stop);
    again = false;
    if (!to.completion()) again = co_await patience.lasts(Verb::rnto, to, stop);
  } while (again);
  if (!to.completion()) {
    const Error why = co_await explain_target(session, names, to, stop);
    throw for_a_copy(*session, names, why);
  }
  if (!onto_file) co_return;
  const bool stayed = co_await shows_file(*session, names.from, stop);
  replacing = stayed ? Support::no : Support::yes;
  if (stayed) throw in_the_way(names);
}

std::stop_token mount_ends(const Server& server) {
  return server.context->tasks.stop_token();
}

awaitable<void> move_once(ServerPtr server, std::string from, std::string to, std::stop_token wanted) {
  const std::stop_token stop = mount_ends(*server);
  const Names names{std::move(from), std::move(to)};
  const auto work = [names, stop](Lease& lease) { return move(lease.session(), names, stop); };
  const auto moved = [names, stop](Lease& lease) { return has_moved(lease.session(), names, stop); };
  co_await looking_after(server, work, moved, wanted, stop);
}

// A hidden name beside `path` that nobody else will think of.
std::string aside(SessionContext& context, const std::string& path) {
  return child_path(parent_of(path), own_name(context, "old"));
}

awaitable<bool> is_directory(ServerPtr server, std::string path, std::stop_token stop) {
  const auto work = [path, stop](Lease& lease) { return look(lease.session(), path, stop); };
  const std::optional<Attributes> found =
      co_await retrying<std::optional<Attributes>>(server, Lane::metadata, work, stop);
  co_return found && found->kind == Kind::directory;
}

awaitable<void> take_back(ServerPtr server, std::string hidden, std::string path) {
  const std::stop_token stop = mount_ends(*server);
  try {
    co_await move_once(server, hidden, path, stop);
  } catch (const Error& error) {
    server->context->logger->error("{} is now called {}: {}", escaped(path), escaped(hidden), error.what());
  }
}

awaitable<void> discard(ServerPtr server, std::string hidden) {
  const std::stop_token stop = mount_ends(*server);
  try {
    co_await remove_file(server, hidden, stop);
  } catch (const Error& error) {
    server->context->logger->warn("{} is left over: {}", escaped(hidden), error.what());
  }
}

awaitable<void> replace(ServerPtr server, std::string from, std::string to) {
  const std::stop_token stop = mount_ends(*server);
  const bool directory = co_await is_directory(server, to, stop);
  if (directory) {  // rename(2): only an empty one may be replaced, and RMD takes no other
    co_await remove_directory(server, to, stop);
    co_await move_once(server, from, to, stop);
    co_return;
  }
  const std::string hidden = aside(*server->context, to);
  co_await move_once(server, to, hidden, stop);
  std::exception_ptr failure;
  try {
    co_await move_once(server, from, to, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await take_back(server, hidden, to);
    std::rethrow_exception(failure);
  }
  co_await discard(server, hidden);
}

// False: what is at `to` is in the way.
awaitable<bool> moves(ServerPtr server, std::string from, std::string to, std::stop_token wanted) {
  try {
    co_await move_once(server, from, to, wanted);
  } catch (const Error& error) {
    if (error.code() != EEXIST) throw;
    co_return false;
  }
  co_return true;
}

awaitable<void> move_over(ServerPtr server, std::string from, std::string to, std::stop_token wanted) {
  const bool moved = co_await moves(server, from, to, wanted);
  if (!moved) co_await replace(server, from, to);
}

// On a server that folds case the name itself is in its own way.
awaitable<void> change_case(ServerPtr server, std::string from, std::string to) {
  const std::stop_token stop = mount_ends(*server);
  const std::string hidden = aside(*server->context, to);
  co_await move_once(server, from, hidden, stop);
  std::exception_ptr failure;
  try {
    co_await move_over(server, hidden, to, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await take_back(server, hidden, from);
  std::rethrow_exception(failure);
}

}  // namespace

awaitable<void> rename(ServerPtr server, std::string from, std::string to, std::stop_token wanted) {
  LateUploads& uploads = server->context->late_uploads;
  co_await uploads.none_ending(from, wanted);
  co_await uploads.none_ending(to, wanted);
  if (may_be_one_name({from, to})) {
    const bool moved = co_await moves(server, from, to, wanted);
    if (!moved) co_await change_case(server, from, to);
  } else {
    co_await move_over(server, from, to, wanted);
  }
  uploads.renamed(from, to);
}

}  // namespace ftpfs::ftp
