// SPDX-License-Identifier: MIT
// SITE SYMLINK (proftpd mod_site_misc, SFTPGo). Its two arguments are separated by a blank and there is no
// way to quote one.
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include <ftpfs/proto/fault.hpp>

#include "kept_names.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// By the text alone, which is what a server that keeps no relative targets does.
std::string absolute(const std::string& directory, const std::string& target) {
  std::string path = (std::filesystem::path(directory) / target).lexically_normal();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

awaitable<void> link(std::shared_ptr<Session> session, std::string target, std::string path) {
  const std::stop_token stop = session->context().tasks.stop_token();
  co_await require_kept(session, path);
  std::string argument = fmt::format("SYMLINK {} {}", target, path);
  const Reply reply = co_await command_patiently(session, Verb::site, std::move(argument), stop);
  if (reply.completion() && reply.code != 202) co_return;
  if (proto::is_unimplemented(Verb::site, reply)) throw refusal(Verb::site, path, reply, EOPNOTSUPP);
  // proftpd makes links only to what exists, and complains about the link.
  const std::string parent = parent_of(path);
  std::optional<Attributes> directory;
  if (says_absent(reply)) directory = co_await look(session, parent, stop);
  if (directory) throw refusal(Verb::site, target, reply, EPERM);
  const Error why = co_await explain_creation(session, Verb::mkd, path, reply, Wants::directory, stop);
  throw why;
}

awaitable<bool> exists(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token stop = session->context().tasks.stop_token();
  const std::optional<Attributes> found = co_await look(session, path, stop);
  co_return found.has_value();
}

}  // namespace

std::string link_argument(const Server& server, const std::string& target, const Path& link) {
  const std::string below = absolute(link.parent().str(), target);
  const std::optional<std::string> spelt = server.names.path_to_server(below);
  if (!spelt) throw Error(EILSEQ, "no such name in the server's character set: " + escaped(target));
  std::string argument = server.root + *spelt;
  const auto cuts = [](const std::string& path) { return path.find_first_of(" \r\n") != path.npos; };
  if (cuts(argument) || cuts(server.new_path(link)))
    throw Error(EINVAL, "SITE SYMLINK cannot carry these: " + escaped(target) + ", " + escaped(link.str()));
  return argument;
}

std::string target_from(const std::string& root, const std::string& directory, const std::string& target) {
  if (!target.starts_with('/')) return target;
  const std::string to = absolute("/", target);
  const bool below = to == root || to.starts_with(root + '/');
  return below ? std::filesystem::path(to).lexically_relative(directory).string() : target;
}

awaitable<void> make_symlink(ServerPtr server, std::string target, std::string path, std::stop_token wanted) {
  const std::stop_token stop = server->context->tasks.stop_token();
  const auto work = [target, path](Lease& lease) { return link(lease.session(), target, path); };
  const auto made = [path](Lease& lease) { return exists(lease.session(), path); };
  co_await looking_after(server, work, made, wanted, stop);
}

}  // namespace ftpfs::ftp
