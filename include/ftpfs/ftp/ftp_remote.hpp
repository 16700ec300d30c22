// SPDX-License-Identifier: MIT
// Remote over FTP: which command, in which form, with which fall-back, and what the answer means as an errno.
// Owns the pool of sessions and what was learned about this server. Lives on the loop; not copyable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/ftp/config.hpp>
#include <ftpfs/ftp/outage.hpp>
#include <ftpfs/ftp/report.hpp>
#include <ftpfs/ftp/status.hpp>
#include <ftpfs/net/connector.hpp>
#include <ftpfs/remote/remote.hpp>

namespace ftpfs::ftp {

class FtpRemote final : public Remote {
 public:
  // `connector` and `clock` must outlive it.
  FtpRemote(Executor executor, net::Connector& connector, Clock& clock, Logger logger, FtpConfig config);
  ~FtpRemote() override;

  // For tests: who decides from now on what is left to chance (names of our own, lengths of pauses).
  void leave_chance_to(std::function<std::uint64_t()> random);

  // Logs in once and makes sure that the directory to mount is there and is a directory. Throws Error: what
  // failed in our words, the server's words in server_said().
  awaitable<void> connect(std::stop_token stop);
  // Ends idle sessions with QUIT (1 s at most), drops the others.
  awaitable<void> close();
  // After connect(): what this server can do. `may_write`: also with a file of its own in the mounted
  // directory, which is gone afterwards.
  awaitable<ServerReport> examine(bool may_write, std::stop_token stop);

  RemoteStatus status() const;
  // As the server spells it; nullopt: not known before the first log-in, or nothing there has such a name.
  std::optional<std::string> path_on_server(const Path& path) const;

  awaitable<std::optional<Attributes>> stat(Path path, std::stop_token stop) override;
  awaitable<bool> has_file(Path path, std::stop_token stop) override;
  awaitable<std::vector<Entry>> list(Path directory, std::stop_token stop) override;
  awaitable<std::unique_ptr<Source>> open_source(Path path, std::uint64_t offset,
                                                 std::stop_token stop) override;
  awaitable<std::optional<WholeFile>> fetch_whole(Path path, std::uint64_t at_most,
                                                  std::stop_token stop) override;
  awaitable<std::unique_ptr<Sink>> open_sink(Path path, SinkRequest request, std::stop_token stop) override;
  awaitable<void> make_directory(Path path, std::stop_token stop) override;
  awaitable<void> remove_file(Path path, std::stop_token stop) override;
  awaitable<void> remove_directory(Path path, std::stop_token stop) override;
  awaitable<void> rename(Path from, Path to, std::stop_token stop) override;
  awaitable<void> set_mtime(Path path, std::int64_t seconds, std::stop_token stop) override;
  awaitable<std::uint16_t> set_mode(Path path, std::uint16_t mode, std::stop_token stop) override;
  awaitable<void> make_symlink(std::string target, Path path, std::stop_token stop) override;
  awaitable<std::optional<Space>> space(std::stop_token stop) override;
  void beware_of_late_commands() noexcept override;
  awaitable<void> settle(std::stop_token stop) override;
  Capabilities capabilities() const noexcept override;
  std::size_t spare() const noexcept override;
  void expect(std::size_t operations) override;
  std::size_t sessions() const noexcept override;
  bool upload_in_doubt(const Path& path) const override;
  const std::optional<Outage>& outage() const noexcept;  // while the server is away

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ftpfs::ftp
