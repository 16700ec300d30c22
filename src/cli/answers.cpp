// SPDX-License-Identifier: MIT
#include <cerrno>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/answers.hpp>

namespace ftpfs::cli {
namespace {

std::int64_t wall_seconds(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

}  // namespace

Answers::Answers(const Settings& settings, const Clock& clock, const ftp::FtpRemote& remote, vfs::Vfs& vfs,
                 const fuse::Channel& channel)
    : facts_{settings.mount.mountpoint, settings.mount.fsname, {}, wall_seconds(clock)},
      remote_(remote),
      vfs_(vfs),
      channel_(channel) {}

MountFacts Answers::facts(const ftp::RemoteStatus& now) const {
  MountFacts facts = facts_;
  facts.url = url_of(now, now.root);
  return facts;
}

std::string Answers::status() const {
  const ftp::RemoteStatus remote = remote_.status();
  return status_json(facts(remote), remote, vfs_.status());
}

std::string Answers::stats() const {
  const ftp::RemoteStatus remote = remote_.status();
  return stats_json(facts(remote), remote, vfs_.status(), channel_.counters());
}

std::string Answers::file(const std::string& name) const {
  const Path path(name);
  const ftp::RemoteStatus remote = remote_.status();
  const std::optional<std::string> there = remote_.path_on_server(path);
  return file_json(path, there ? url_of(remote, *there) : "", vfs_.file_status(path));
}

awaitable<std::string> Answers::flush(std::stop_token stop) {
  const vfs::SendReport report = co_await vfs_.send_all(stop);
  co_return report_json(report);
}

awaitable<std::string> Answers::to(std::string question, std::stop_token stop) {
  if (question == "flush") {
    std::string report = co_await flush(stop);
    co_return report;
  }
  if (question == "status") co_return status();
  if (question == "stats") co_return stats();
  if (question == "progress") co_return progress_json(vfs_.unsent(), remote_.status().sent);
  if (question.starts_with("status /")) co_return file(question.substr(question.find('/')));
  throw Error(EINVAL, "the daemon does not know this question");
}

}  // namespace ftpfs::cli
