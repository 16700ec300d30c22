// SPDX-License-Identifier: MIT
// What the daemon answers when somebody asks over the mount (fuse/question.hpp). The questions:
//
//   status          -> status_json        of the whole mount
//   status /PATH    -> file_json          of one name in it
//   stats           -> stats_json
//   progress        -> progress_json      what is still to be sent, in a few numbers
//   flush           -> report_json        sends everything that waits; the answer comes when it is over
#pragma once

#include <stop_token>
#include <string>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/clock.hpp>
#include <ftpfs/cli/mount_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/ftp/ftp_remote.hpp>
#include <ftpfs/fuse/channel.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::cli {

class Answers {
 public:
  // All must outlive it.
  Answers(const Settings& settings, const Clock& clock, const ftp::FtpRemote& remote, vfs::Vfs& vfs,
          const fuse::Channel& channel);

  // Throws Error(EINVAL) for a question that is none of these.
  awaitable<std::string> to(std::string question, std::stop_token stop);
  std::string stats() const;

 private:
  std::string status() const;
  std::string file(const std::string& path) const;
  awaitable<std::string> flush(std::stop_token stop);
  MountFacts facts(const ftp::RemoteStatus& now) const;

  MountFacts facts_;
  const ftp::FtpRemote& remote_;
  vfs::Vfs& vfs_;
  const fuse::Channel& channel_;
};

}  // namespace ftpfs::cli
