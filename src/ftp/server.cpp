// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "own_names.hpp"

namespace ftpfs::ftp {

namespace {

struct Ending {
  bool done = false;
  std::exception_ptr failure;
  WaitList changed;
};

awaitable<void> run(std::shared_ptr<Ending> outcome, awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    outcome->failure = std::current_exception();
  }
  outcome->done = true;
  outcome->changed.wake_all();
}

proto::NameCodec codec_for(const FtpConfig& config, const ServerProfile& profile) {
  const std::string charset = charset_of(config, profile);
  if (charset.empty()) return {};
  try {
    return {charset, config.iocharset};
  } catch (const std::invalid_argument& error) {
    throw Error(EINVAL, error.what());
  }
}

}  // namespace

std::string charset_of(const FtpConfig& config, const ServerProfile& profile) {
  if (!config.codepage.empty()) return config.codepage;
  return config.ask_for_utf8 && profile.utf8 == Support::yes ? "UTF-8" : "";
}

void Server::find_root() {
  names = codec_for(context->config, context->profile);
  const std::optional<std::string> wanted = names.path_to_server(context->config.directory);
  if (!wanted)
    throw Error(ENOENT, fmt::format("{}: no such name in the server's character set",
                                    escaped(context->config.directory)));
  const std::string& directory = *wanted;
  const bool absolute = directory.starts_with('/');
  const std::string& home = context->profile.home;
  root = absolute ? directory : context->profile.relative ? "" : home;
  if (!absolute && !directory.empty()) root += '/' + directory;
  std::string::size_type doubled = 0;
  while ((doubled = root.find("//", doubled)) != root.npos) root.erase(doubled, 1);
  while (root.ends_with('/')) root.pop_back();
}

std::string Server::encoded(const Path& below_root, int code) const {
  const std::optional<std::string> spelt = names.path_to_server(below_root.str());
  if (spelt) return root + *spelt;
  throw Error(code,
              fmt::format("{}: cannot be written in the server's character set", escaped(below_root.str())));
}

std::string Server::new_path(const Path& below_root) const {
  return encoded(below_root, EILSEQ);
}

std::string Server::path(const Path& below_root) const {
  if (!below_root.is_root()) return encoded(below_root, ENOENT);
  // "C:" alone is the drive's current directory, not its root.
  return root.empty() || root.ends_with(':') ? root + '/' : root;
}

std::vector<Entry> Server::local(std::vector<Entry> entries) const {
  std::erase_if(entries, [&](const Entry& entry) { return is_probe(*context, entry.name); });
  if (names.transparent()) return entries;
  for (Entry& entry : entries) {
    entry.name = names.to_local(entry.name);
    entry.link_target = names.path_to_local(entry.link_target);
  }
  const std::size_t all = entries.size();
  std::erase_if(entries, [](const Entry& entry) { return !Path::valid_name(entry.name); });
  if (entries.size() < all)
    context->logger->warn("{} names are too long for this system", all - entries.size());
  return entries;
}

awaitable<void> to_the_end(ServerPtr server, Change work, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  const auto outcome = std::make_shared<Ending>();
  std::stop_source unwanted;
  awaitable<void> begun = work(server, unwanted.get_token());
  server->context->tasks.spawn(run(outcome, std::move(begun)));
  try {
    while (!outcome->done) co_await outcome->changed.wait(stop);
  } catch (const Cancelled&) {
    unwanted.request_stop();
    throw;
  }
  if (outcome->failure) std::rethrow_exception(outcome->failure);
}

}  // namespace ftpfs::ftp
