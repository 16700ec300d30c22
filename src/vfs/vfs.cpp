// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

Vfs::Impl::Impl(Executor executor_, Remote& remote_, Clock& clock_, Logger logger_, VfsConfig config_)
    : executor(std::move(executor_)),
      remote(remote_),
      clock(clock_),
      logger(std::move(logger_)),
      config(std::move(config_)),
      tasks(executor, logger),
      disk(DiskCache::open({clock, tasks, config, logger}, executor)),
      nodes(clock),
      blocks(config.block_bytes, clock),
      hidden(remote, clock, tasks, logger),
      directories(remote, clock, tasks, nodes, hidden, config),
      spool(config.read_only ? std::nullopt : std::make_optional<Spool>(config.spool_directory)),
      reading{remote,       clock,     tasks, nodes, blocks, chunks, config, spool ? &*spool : nullptr,
              more_streams, disk.get()},
      journal(reading, spool ? &*spool : nullptr, executor, logger),
      uploads(reading, directories, hidden, journal, spool ? &*spool : nullptr, logger),
      walk_ahead(walking()),
      files_ahead(reading_in_a_row()) {
  uploads.on_conflict([this](NodeRef node, Attributes theirs, std::stop_token stop) {
    return part_ways(std::move(node), std::move(theirs), std::move(stop));
  });
  // No listing tells the root's own time (its parent's is not ours to read).
  const auto wall = clock.wall().time_since_epoch();
  nodes.root().attributes.mtime =
      Timestamp{std::chrono::duration_cast<std::chrono::seconds>(wall).count(), Precision::second};
}

WalkAhead::Context Vfs::Impl::walking() {
  const auto child = [this](Node& directory, const EntryView& entry, Clock::time_point fetched) {
    return NodeRef(nodes, node_for(directory, entry, fetched));
  };
  return {remote, clock, tasks, nodes, directories, config, logger, child};
}

FilesAhead::Context Vfs::Impl::reading_in_a_row() {
  const auto child = [this](Node& directory, const EntryView& entry, Clock::time_point fetched) {
    return NodeRef(nodes, node_for(directory, entry, fetched));
  };
  const auto shown = [this](Node& file, const Attributes& now, Clock::time_point when) {
    notice(file, now, when);
  };
  return {remote, clock, tasks, nodes, directories, blocks, disk.get(), config, logger, child, shown};
}

// Whoever saves something now needs the sessions.
void Vfs::Impl::stop_fetching_ahead() noexcept {
  walk_ahead.stop();
  files_ahead.stop();
}

void Vfs::Impl::log_fetched_ahead() const {
  const AheadCounts& listings = walk_ahead.counts();
  const AheadCounts& contents = files_ahead.counts();
  const AheadCounts& segments = more_streams.counts;
  logger->debug(
      "fetched ahead: {} directories, of which {} were opened and {} not in time; {} files, {} and {}; {} "
      "segments "
      "of large files, {} and {}",
      listings.asked, listings.won, listings.wasted, contents.asked, contents.won, contents.wasted,
      segments.asked, segments.won, segments.wasted);
}

void Vfs::Impl::writable() const {
  if (config.read_only) throw Error(EROFS, "mounted read-only");
}

void Vfs::Impl::accepting() const {
  if (shutting_down) throw Error(ESHUTDOWN, "being unmounted");
}

void Vfs::Impl::drop_caches() noexcept {
  files_ahead.drop(nodes.root());
  directories.clear();
  blocks.clear();
  nodes.for_each([](Node& node) { node.learned = {}; });
}

awaitable<void> Vfs::Impl::forget_below(Ino ino, std::stop_token stop) {
  NodeRef top = nodes.ref(ino);
  files_ahead.drop(*top);
  if (top->parent) directories.drop(*top->parent);  // which tells about the top itself
  nodes.for_each([&](Node& node) {
    if (!nodes.is_at_or_below(node, *top)) return;
    node.learned = {};
    directories.drop(node);
  });
  // The kernel could be told to forget, but telling it waits for its locks, which may wait for us.
  const Clock::time_point due = clock.now() + config.kernel_ttl;
  Clock& time = clock;
  co_await time.sleep_until(due, stop);
}

namespace {

// A request's coroutine may be resumed, to end, after the Vfs has gone: it keeps what it works on alive.
template <class T>
awaitable<T> held(std::shared_ptr<void>, awaitable<T> work) {
  co_return co_await std::move(work);
}

// The same for what shows or changes names: what an earlier mount has left goes first.
template <class T, class ImplPtr>
awaitable<T> after_recovery(ImplPtr impl, std::stop_token stop, awaitable<T> work) {
  if (!impl->left_over.empty()) co_await impl->recovered(stop);
  co_return co_await std::move(work);
}

}  // namespace

Vfs::Vfs(Executor executor, Remote& remote, Clock& clock, Logger logger, VfsConfig config)
    : impl_(
          std::make_shared<Impl>(std::move(executor), remote, clock, std::move(logger), std::move(config))) {
  impl_->tasks.keep_alive(impl_);
  if (impl_->disk) impl_->disk->begin();
}

Vfs::~Vfs() {
  impl_->stop_fetching_ahead();
  impl_->tasks.request_stop();
  impl_->files.clear();
  impl_->open_directories.clear();
  impl_->drop_stages();
}

awaitable<void> Vfs::recover(std::stop_token stop) {
  return held(impl_, impl_->recover(std::move(stop)));
}
void Vfs::recover_later() {
  impl_->recover_later();
}

std::optional<Looked> Vfs::lookup_now(Ino parent, std::string_view name) {
  return impl_->lookup_now(parent, name);
}
awaitable<Looked> Vfs::lookup(Ino parent, std::string name, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->lookup(parent, std::move(name), stop));
}
void Vfs::forget(Ino ino, std::uint64_t count) noexcept {
  impl_->nodes.forget(ino, count);
}

std::optional<Attr> Vfs::getattr_now(Ino ino) {
  return impl_->getattr_now(ino);
}
awaitable<Attr> Vfs::getattr(Ino ino, std::stop_token stop) {
  return held(impl_, impl_->getattr(ino, std::move(stop)));
}
awaitable<Attr> Vfs::setattr(Ino ino, Changes changes, std::optional<Handle>, std::stop_token stop) {
  return held(impl_, impl_->setattr(ino, changes, std::move(stop)));
}
void Vfs::access(Ino ino, int mask) {
  impl_->access(ino, mask);
}
awaitable<std::string> Vfs::readlink(Ino ino, std::stop_token stop) {
  return held(impl_, impl_->readlink(ino, std::move(stop)));
}

awaitable<Looked> Vfs::mkdir(Ino parent, std::string name, mode_t mode, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->mkdir(parent, std::move(name), mode, stop));
}
awaitable<Looked> Vfs::symlink(Ino parent, std::string name, std::string target, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->symlink(parent, std::move(name), std::move(target), stop));
}
awaitable<void> Vfs::unlink(Ino parent, std::string name, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->unlink(parent, std::move(name), stop));
}
awaitable<void> Vfs::rmdir(Ino parent, std::string name, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->rmdir(parent, std::move(name), stop));
}
awaitable<void> Vfs::rename(Ino parent, std::string name, Ino new_parent, std::string new_name,
                            unsigned flags, std::stop_token stop) {
  return after_recovery(impl_, stop,
                        impl_->rename(parent, std::move(name), new_parent, std::move(new_name), flags, stop));
}

awaitable<Opened> Vfs::open(Ino ino, int flags, std::stop_token stop) {
  return held(impl_, impl_->open(ino, flags, std::move(stop)));
}
awaitable<Created> Vfs::create(Ino parent, std::string name, mode_t mode, int flags, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->create(parent, std::move(name), mode, flags, stop));
}
std::optional<Slices> Vfs::read_now(Handle handle, std::uint64_t offset, std::size_t size) {
  return impl_->read_now(handle, offset, size);
}
awaitable<Slices> Vfs::read(Handle handle, std::uint64_t offset, std::size_t size, std::stop_token stop) {
  return held(impl_, impl_->read(handle, offset, size, std::move(stop)));
}
std::optional<std::size_t> Vfs::write_now(Handle handle, std::uint64_t offset, Bytes bytes, Writer writer) {
  return impl_->write(handle, offset, bytes, writer);
}
awaitable<std::size_t> Vfs::write(Handle handle, std::uint64_t offset, Buffer bytes, Writer writer,
                                  std::stop_token) {
  co_return impl_->write(handle, offset, bytes.bytes(), writer);
}
awaitable<void> Vfs::flush(Handle handle, std::stop_token stop) {
  return held(impl_, impl_->flush(handle, std::move(stop)));
}
awaitable<void> Vfs::allocate(Handle handle, std::uint64_t end, std::stop_token stop) {
  return held(impl_, impl_->allocate(handle, end, std::move(stop)));
}
awaitable<void> Vfs::fsync(Handle handle, std::stop_token stop) {
  return flush(handle, std::move(stop));
}
void Vfs::release(Handle handle) noexcept {
  impl_->release(handle);
}

awaitable<DirHandle> Vfs::opendir(Ino ino, std::stop_token stop) {
  return after_recovery(impl_, stop, impl_->opendir(ino, stop));
}
void Vfs::readdir(DirHandle handle, off_t cookie, bool plus, DirFiller& filler) {
  impl_->readdir(handle, cookie, plus, filler);
}
void Vfs::releasedir(DirHandle handle) noexcept {
  impl_->open_directories.erase(handle);
}

std::optional<struct ::statvfs> Vfs::statfs_now() {
  return impl_->statfs_now();
}
awaitable<struct ::statvfs> Vfs::statfs(std::stop_token stop) {
  return held(impl_, impl_->statfs(std::move(stop)));
}

awaitable<void> Vfs::refresh(Ino ino, std::stop_token stop) {
  return held(impl_, impl_->forget_below(ino, std::move(stop)));
}
FetchedAhead Vfs::fetched_ahead() const noexcept {
  return {impl_->walk_ahead.counts(), impl_->files_ahead.counts(), impl_->more_streams.counts};
}
Unsent Vfs::unsent() const {
  return impl_->unsent();
}
Status Vfs::status() const {
  return impl_->status();
}
std::optional<FileStatus> Vfs::file_status(const Path& path) const {
  return impl_->file_status(path);
}
awaitable<SendReport> Vfs::send_all(std::stop_token stop) {
  return held(impl_, impl_->send_all(std::move(stop)));
}
bool Vfs::read_only() const noexcept {
  return impl_->config.read_only;
}
void Vfs::drop_caches() noexcept {
  impl_->drop_caches();
}
awaitable<std::vector<std::string>> Vfs::shutdown(Clock::time_point deadline) {
  return impl_->shutdown(deadline);
}

}  // namespace ftpfs::vfs
