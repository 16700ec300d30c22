// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/ftp/late_remote.hpp>

namespace ftpfs::ftp {

LateRemote::LateRemote(Executor executor, Logger logger, FtpRemote& remote)
    : remote_(remote), tasks_(std::move(executor), std::move(logger)) {}

awaitable<bool> LateRemote::connect(LateRemote* self, std::stop_token stop) {
  co_await self->remote_.connect(std::move(stop));
  self->connected_ = true;
  co_return true;
}

awaitable<void> LateRemote::reach(std::stop_token stop) {
  if (connected_) co_return;
  const SingleFlight<bool>::Work work = [self = this](std::stop_token last) {
    return connect(self, std::move(last));
  };
  co_await connecting_.get(work, std::move(stop));
}

awaitable<std::optional<Attributes>> LateRemote::stat(Path path, std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.stat(std::move(path), stop);
}

awaitable<bool> LateRemote::has_file(Path path, std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.has_file(std::move(path), stop);
}

awaitable<std::vector<Entry>> LateRemote::list(Path directory, std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.list(std::move(directory), stop);
}

awaitable<std::unique_ptr<Source>> LateRemote::open_source(Path path, std::uint64_t offset,
                                                           std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.open_source(std::move(path), offset, stop);
}

awaitable<std::optional<WholeFile>> LateRemote::fetch_whole(Path path, std::uint64_t at_most,
                                                            std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.fetch_whole(std::move(path), at_most, stop);
}

awaitable<std::unique_ptr<Sink>> LateRemote::open_sink(Path path, SinkRequest request, std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.open_sink(std::move(path), request, stop);
}

awaitable<void> LateRemote::make_directory(Path path, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.make_directory(std::move(path), stop);
}

awaitable<void> LateRemote::remove_file(Path path, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.remove_file(std::move(path), stop);
}

awaitable<void> LateRemote::remove_directory(Path path, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.remove_directory(std::move(path), stop);
}

awaitable<void> LateRemote::rename(Path from, Path to, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.rename(std::move(from), std::move(to), stop);
}

awaitable<void> LateRemote::set_mtime(Path path, std::int64_t seconds, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.set_mtime(std::move(path), seconds, stop);
}

awaitable<std::uint16_t> LateRemote::set_mode(Path path, std::uint16_t mode, std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.set_mode(std::move(path), mode, stop);
}

awaitable<void> LateRemote::make_symlink(std::string target, Path path, std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.make_symlink(std::move(target), std::move(path), stop);
}

awaitable<void> LateRemote::settle(std::stop_token stop) {
  co_await reach(stop);
  co_await remote_.settle(stop);
}

awaitable<std::optional<Space>> LateRemote::space(std::stop_token stop) {
  co_await reach(stop);
  co_return co_await remote_.space(stop);
}

}  // namespace ftpfs::ftp
