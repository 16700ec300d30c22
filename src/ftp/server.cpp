// SPDX-License-Identifier: MIT
#include "server.hpp"

namespace ftpfs::ftp {

namespace {

struct Outcome {
  bool done = false;
  std::exception_ptr failure;
  WaitList changed;
};

awaitable<void> run(std::shared_ptr<Outcome> outcome, awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    outcome->failure = std::current_exception();
  }
  outcome->done = true;
  outcome->changed.wake_all();
}

}  // namespace

void Server::find_root() {
  const std::string& directory = context->config.directory;
  const bool absolute = directory.starts_with('/');
  root = absolute ? directory : context->profile.home;
  if (!absolute && !directory.empty()) root += '/' + directory;
  std::string::size_type doubled = 0;
  while ((doubled = root.find("//", doubled)) != root.npos) root.erase(doubled, 1);
  while (root.ends_with('/')) root.pop_back();
}

std::string Server::path(const Path& below_root) const {
  if (!below_root.is_root()) return root + below_root.str();
  // "C:" alone is the drive's current directory, not its root.
  return root.empty() || root.ends_with(':') ? root + '/' : root;
}

awaitable<void> to_the_end(ServerPtr server, awaitable<void> work, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  const auto outcome = std::make_shared<Outcome>();
  server->context->tasks.spawn(run(outcome, std::move(work)));
  while (!outcome->done) co_await outcome->changed.wait(stop);
  if (outcome->failure) std::rethrow_exception(outcome->failure);
}

}  // namespace ftpfs::ftp
