// SPDX-License-Identifier: MIT
// An FtpRemote that nobody has connected yet: the first operation does, and whatever comes meanwhile waits
// for the same log-in. Where that fails, the operation fails with its reason and the next one tries again.
// For mounts that must be there before the network is (delay_connect).
#pragma once

#include <type_traits>

#include <ftpfs/base/wait.hpp>
#include <ftpfs/ftp/ftp_remote.hpp>

namespace ftpfs::ftp {

class LateRemote final : public Remote {
 public:
  LateRemote(Executor executor, Logger logger, FtpRemote& remote);

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
  bool upload_in_doubt(const Path& path) const override { return remote_.upload_in_doubt(path); }
  void beware_of_late_commands() noexcept override { remote_.beware_of_late_commands(); }
  awaitable<void> settle(std::stop_token stop) override;
  Capabilities capabilities() const noexcept override { return remote_.capabilities(); }
  std::size_t spare() const noexcept override { return connected_ ? remote_.spare() : 0; }
  void expect(std::size_t operations) override {
    if (connected_) remote_.expect(operations);
  }
  std::size_t sessions() const noexcept override { return remote_.sessions(); }

 private:
  awaitable<void> reach(std::stop_token stop);
  template <class Operation, class... Given>  // of Remote, what it is given and `stop`
  std::invoke_result_t<Operation, Remote&, Given..., std::stop_token> later(Operation operation,
                                                                            std::stop_token stop,
                                                                            Given... given);
  static awaitable<bool> connect(LateRemote* self, std::stop_token stop);

  FtpRemote& remote_;
  bool connected_ = false;
  TaskSet tasks_;
  SingleFlight<bool> connecting_{tasks_};
};

}  // namespace ftpfs::ftp
