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

// One after the other: what is asked for may depend on where the log-in has led.
template <class Operation, class... Given>
std::invoke_result_t<Operation, Remote&, Given..., std::stop_token> LateRemote::later(Operation operation,
                                                                                      std::stop_token stop,
                                                                                      Given... given) {
  co_await reach(stop);
  Remote& remote = remote_;
  co_return co_await (remote.*operation)(std::move(given)..., stop);
}

awaitable<std::optional<Attributes>> LateRemote::stat(Path path, std::stop_token stop) {
  return later(&Remote::stat, stop, std::move(path));
}

awaitable<bool> LateRemote::has_file(Path path, std::stop_token stop) {
  return later(&Remote::has_file, stop, std::move(path));
}

awaitable<std::vector<Entry>> LateRemote::list(Path directory, std::stop_token stop) {
  return later(&Remote::list, stop, std::move(directory));
}

awaitable<std::unique_ptr<Source>> LateRemote::open_source(Path path, std::uint64_t offset,
                                                           std::stop_token stop) {
  return later(&Remote::open_source, stop, std::move(path), offset);
}

awaitable<std::optional<WholeFile>> LateRemote::fetch_whole(Path path, std::uint64_t at_most,
                                                            std::stop_token stop) {
  return later(&Remote::fetch_whole, stop, std::move(path), at_most);
}

awaitable<std::unique_ptr<Sink>> LateRemote::open_sink(Path path, SinkRequest request, std::stop_token stop) {
  return later(&Remote::open_sink, stop, std::move(path), request);
}

awaitable<void> LateRemote::make_directory(Path path, std::stop_token stop) {
  return later(&Remote::make_directory, stop, std::move(path));
}

awaitable<void> LateRemote::remove_file(Path path, std::stop_token stop) {
  return later(&Remote::remove_file, stop, std::move(path));
}

awaitable<void> LateRemote::remove_directory(Path path, std::stop_token stop) {
  return later(&Remote::remove_directory, stop, std::move(path));
}

awaitable<void> LateRemote::rename(Path from, Path to, std::stop_token stop) {
  return later(&Remote::rename, stop, std::move(from), std::move(to));
}

awaitable<void> LateRemote::set_mtime(Path path, std::int64_t seconds, std::stop_token stop) {
  return later(&Remote::set_mtime, stop, std::move(path), seconds);
}

awaitable<std::uint16_t> LateRemote::set_mode(Path path, std::uint16_t mode, std::stop_token stop) {
  return later(&Remote::set_mode, stop, std::move(path), mode);
}

awaitable<void> LateRemote::make_symlink(std::string target, Path path, std::stop_token stop) {
  return later(&Remote::make_symlink, stop, std::move(target), std::move(path));
}

awaitable<void> LateRemote::settle(std::stop_token stop) {
  return later(&Remote::settle, stop);
}

awaitable<std::optional<Space>> LateRemote::space(std::stop_token stop) {
  return later(&Remote::space, stop);
}

}  // namespace ftpfs::ftp
