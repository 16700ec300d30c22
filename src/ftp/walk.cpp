// SPDX-License-Identifier: MIT
// Relative mode: the paths of a server whose PWD is none of Unix cannot be joined with '/', so a path
// "/A/B/NAME" of this layer, whose root is where the log-in ends, is walked: CWD there, CWD A, CWD B, and the
// command gets NAME alone.
#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/ftp/session.hpp>

#include "look.hpp"
#include "own_names.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// OpenVMS: "DISK$USER:[JOE]".
bool has_brackets(std::string_view home) noexcept {
  return home.ends_with(']') && home.find('[') != home.npos;
}

bool lies_below(std::string_view path, std::string_view directory) noexcept {
  if (directory == "/") return path != "/";
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace

bool Session::must_walk(std::string_view argument) const noexcept {
  return context_->profile.relative && argument.starts_with('/');
}

// One step down. OpenVMS takes "SUB" as a name of its own or wants "[.SUB]"; the first that is taken is
// remembered.
awaitable<Reply> Session::descend(std::string name) {
  Support& plain = profile().plain_cwd;
  const bool may_differ = has_brackets(profile().home);
  const std::string bracketed = fmt::format("[.{}]", name);
  if (may_differ && plain == Support::no) co_return co_await ask(Verb::cwd, bracketed);
  Reply reply = co_await ask(Verb::cwd, name);
  if (reply.completion()) plain = Support::yes;
  if (!may_differ || plain == Support::yes) co_return reply;
  const Reply other = co_await ask(Verb::cwd, bracketed);
  if (!other.completion()) co_return reply;
  plain = Support::no;
  co_return other;
}

// The reply to the last CWD. A CWD that is refused leaves the session where it was.
awaitable<Reply> Session::walk(std::string directory) {
  Reply reply;
  if (!lies_below(directory, directory_)) {
    reply = co_await ask(Verb::cwd, profile().home);
    if (!reply.completion()) co_return reply;
    directory_ = "/";
  }
  while (directory_ != directory) {
    const std::size_t begin = directory_ == "/" ? 1 : directory_.size() + 1;
    const std::string name = directory.substr(begin, directory.find('/', begin) - begin);
    reply = co_await descend(name);
    if (!reply.completion()) co_return reply;
    directory_ = child_path(directory_, name);
  }
  co_return reply;
}

awaitable<Session::Reached> Session::reach(std::string path, std::stop_token stop) {
  Reached reached;
  reached.argument = path;
  if (!must_walk(path)) co_return reached;
  if (stop.stop_requested()) throw Cancelled();
  const std::stop_callback on_stop(stop, Abort(*this));
  try {
    reached = co_await approach(path);
  } catch (const ConnectionLost&) {
    if (stop.stop_requested()) throw Cancelled();
    throw;
  }
  co_return reached;
}

awaitable<Session::Reached> Session::approach(std::string path) {
  Reached reached;
  reached.argument = name_of(path);
  const std::string directory = parent_of(path);
  if (directory == directory_) co_return reached;
  Reply reply = co_await walk(directory);
  if (!reply.completion()) reached.refusal = std::move(reply);
  co_return reached;
}

awaitable<Reply> Session::walk_and_ask(Verb verb, std::string path) {
  if (verb == Verb::cwd) co_return co_await walk(path);
  Reached reached = co_await approach(path);
  if (reached.refusal) co_return std::move(*reached.refusal);
  co_return co_await ask(verb, reached.argument);
}

}  // namespace ftpfs::ftp
