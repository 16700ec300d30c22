// SPDX-License-Identifier: MIT
// MKD, DELE, RMD. A 550 says only "no", so a look decides what it meant; a lost reply likewise.
#include <cerrno>

#include <ftpfs/proto/fault.hpp>

#include "kept_names.hpp"
#include "listing.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// A change once begun is not stopped; only the end of the mount stops it.
std::stop_token mount_ends(const std::shared_ptr<Session>& session) {
  return session->context().tasks.stop_token();
}

awaitable<bool> is_directory(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = mount_ends(session);
  const std::optional<Attributes> found = co_await look(session, path, stop);
  co_return found && found->kind == Kind::directory;
}

awaitable<bool> is_gone(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = mount_ends(session);
  const std::optional<Attributes> found = co_await look(session, path, stop);
  co_return !found;
}

awaitable<void> mkd(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = mount_ends(session);
  co_await require_kept(session, path);
  const Reply reply = co_await command_patiently(session, Verb::mkd, path, stop);
  if (reply.completion()) co_return;
  const Error why = co_await explain_creation(session, Verb::mkd, path, reply, Wants::directory, stop);
  throw why;
}

awaitable<void> dele(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = mount_ends(session);
  co_await require_unconfused(session, path);
  const Reply reply = co_await command_patiently(session, Verb::dele, path, stop);
  if (reply.completion()) co_return;
  const Error why = co_await explain_refusal(session, Verb::dele, path, reply, Wants::file, EACCES, stop);
  throw why;
}

awaitable<void> rmd(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = mount_ends(session);
  co_await require_unconfused(session, path);
  const Reply reply = co_await command_patiently(session, Verb::rmd, path, stop);
  if (reply.completion()) co_return;
  const Error why = co_await explain_refusal(session, Verb::rmd, path, reply, Wants::directory, EACCES, stop);
  if (why.code() != EACCES) throw why;  // clear enough
  // Most servers refuse RMD without saying that something is in it.
  const std::vector<Entry> entries = co_await list_if_readable(session, path, stop);
  if (!entries.empty()) throw refusal(Verb::rmd, path, reply, ENOTEMPTY);
  throw why;
}

}  // namespace

awaitable<void> make_directory(ServerPtr server, std::string path, std::stop_token wanted) {
  const std::stop_token stop = server->context->tasks.stop_token();
  const auto work = [path](Lease& lease) { return mkd(lease.session(), path); };
  const auto made = [path](Lease& lease) { return is_directory(lease.session(), path); };
  co_await looking_after(server, work, made, wanted, stop);
}

awaitable<void> remove_file(ServerPtr server, std::string path, std::stop_token wanted) {
  const std::stop_token stop = server->context->tasks.stop_token();
  const auto work = [path](Lease& lease) { return dele(lease.session(), path); };
  const auto removed = [path](Lease& lease) { return is_gone(lease.session(), path); };
  co_await server->context->late_uploads.none_ending(path, wanted);
  co_await looking_after(server, work, removed, wanted, stop);
}

awaitable<void> remove_directory(ServerPtr server, std::string path, std::stop_token wanted) {
  const std::stop_token stop = server->context->tasks.stop_token();
  const auto work = [path](Lease& lease) { return rmd(lease.session(), path); };
  const auto removed = [path](Lease& lease) { return is_gone(lease.session(), path); };
  co_await looking_after(server, work, removed, wanted, stop);
}

}  // namespace ftpfs::ftp
