// SPDX-License-Identifier: MIT
// Open files: open, create, read, write, flush, release.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

Opened Vfs::Impl::opened(NodeRef node, int flags) {
  auto file = std::make_shared<OpenFile>();
  file->flags = flags;
  Opened result;
  result.handle = next_handle++;
  result.no_flush = !file->writes() && (flags & O_TRUNC) == 0;
  result.keep_cache = node->marks().kernel_version == node->version;
  node->mark().kernel_version = node->version;
  file->version = {node->version, node->attributes};
  file->complaints = node->marks().complaints;
  if (disk && node->linked && !node->stage) disk->seen(nodes.path(*node), node->attributes);
  ++node->mark().handles;
  if (file->writes()) ++node->mark().writers;
  file->node = std::move(node);
  files.emplace(result.handle, std::move(file));
  return result;
}

awaitable<Opened> Vfs::Impl::open(Ino ino, int flags, std::stop_token stop) {
  accepting();
  NodeRef node = nodes.ref(ino);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (node->attributes.kind == Kind::symlink) throw Error(ELOOP, node->name + " is a symbolic link");
  if (node->attributes.kind == Kind::directory) throw Error(EISDIR, node->name + " is a directory");
  const bool truncates = (flags & O_TRUNC) != 0;
  if (writes || truncates) {
    writable();
    Uploads::tell_unheard(*node);
    files_ahead.drop(*node);
  } else {
    co_await files_ahead.opening(node, stop);
  }
  co_await revalidate(node, stop);
  if (!truncates) co_await measure(node, stop);
  if (truncates && (lacks_size(*node) || attr(*node).stat.st_size > 0)) {
    uploads.resize(*node, 0);
    node->new_version();
    uploads.modified(node, 0);
    changed(*node);
    directories.publish(*node);
  }
  co_return opened(node, flags);
}

awaitable<Created> Vfs::Impl::create(Ino parent, std::string name, mode_t mode, int flags,
                                     std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  // The kernel's "does not exist" may be as old as our listing: STOR would then empty somebody's new file.
  co_await check_twin(directory, name, stop);
  const auto listing = directories.cached(*directory);
  const bool sure = listing && clock.now() - listing->fetched() <= config.kernel_ttl && !listing->find(name);
  std::optional<NodeRef> there = unsaved(*directory, name);
  if (!there && !sure) {
    const Path path = nodes.path(*directory).child(name);
    const bool exists = co_await remote.has_file(path, stop);
    if (exists) there = co_await look_again(directory, name, stop);
  }
  if (there) {
    if ((flags & O_EXCL) != 0) throw Error(EEXIST, name + " exists");
    NodeRef node = *there;
    Created existing;
    existing.opened = co_await open(node->ino, flags, stop);
    existing.looked = looked(*node);
    co_return existing;
  }
  if (Node* const old = nodes.find(*directory, name)) {
    files_ahead.drop(*old);
    nodes.unlink(*old);
  }
  NodeRef node(nodes, nodes.add(*directory, name));
  node->on_server = false;
  node->learned = clock.now();
  Stage& stage = uploads.stage(*node);
  stage.touch();
  // STOR takes no mode either. Set after the content, where the server does not tell that it is so already.
  const std::uint16_t wanted = mode & 0777;
  const Capabilities able = remote.capabilities();
  if (able.set_mode && (able.tells_mode || wanted != config.file_mode)) stage.mode = wanted;

  std::exception_ptr failure;
  try {
    co_await uploads.start_new(node, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    nodes.unlink(*node);
    node->stage.reset();
    doubt(*directory, name);  // interrupted, or the reply was lost: it may be there
    std::rethrow_exception(failure);
  }
  changed(*node);
  directories.publish(*node);
  entries_changed(*directory);
  refresh_names(directory);
  Created created;
  created.opened = opened(node, flags);
  created.looked = looked(*node);
  co_return created;
}

// Whoever makes many files in one directory would have each name asked for once the listing is older than
// kernel_ttl. A new listing now and then, over a session that nobody needs, spares that.
void Vfs::Impl::refresh_names(NodeRef directory) {
  constexpr unsigned in_a_row = 2;
  constexpr std::size_t most_entries = 2000;  // more are worth more than what they spare
  const auto listing = directories.cached(*directory);
  if (++directories.state(*directory).creations < in_a_row || !config.list_ahead || !listing) return;
  const bool old = clock.now() - listing->fetched() > config.kernel_ttl / 2;
  if (old && listing->size() <= most_entries && remote.spare() > directories.starting())
    directories.refresh(directory);
}

// Asks the server itself about one name.
awaitable<std::optional<NodeRef>> Vfs::Impl::look_again(NodeRef directory, std::string name,
                                                        std::stop_token stop) {
  const Path above = nodes.path(*directory);
  const Path path = above.child(name);
  const Clock::time_point asked = clock.now();
  const std::optional<Attributes> there = co_await remote.stat(path, stop);
  if (!there) {
    const bool moved = co_await nodes.has_moved(directory, above, stop);
    if (!moved) co_return std::optional<NodeRef>();
    std::optional<NodeRef> again = co_await look_again(directory, std::move(name), stop);
    co_return again;
  }
  Entry entry;
  entry.name = name;
  entry.attributes = *there;
  NodeRef node(nodes, node_for(*directory, entry, asked));
  directories.publish(*node);
  co_return node;
}

OpenFile& Vfs::Impl::file_at(Handle handle) {
  const auto found = files.find(handle);
  if (found == files.end()) throw Error(EBADF, "unknown file handle");
  return *found->second;
}

std::optional<Slices> Vfs::Impl::read_stage(Stage& stage, std::uint64_t offset, std::size_t size) {
  if (offset >= stage.size()) return Slices{};
  const std::uint64_t end = std::min<std::uint64_t>(stage.size(), offset + size);
  if (stage.missing({offset, end})) return std::nullopt;
  auto buffer = std::make_shared<Buffer>(end - offset);
  stage.read(offset, buffer->bytes());
  const Bytes bytes = std::as_const(*buffer).bytes();
  return Slices{{std::move(buffer), bytes}};
}

std::optional<Slices> Vfs::Impl::read_now(Handle handle, std::uint64_t offset, std::size_t size) {
  OpenFile& file = file_at(handle);
  if (Stage* const stage = file.node->stage.get()) return read_stage(*stage, offset, size);
  if (file.version.number != file.node->version || lacks_size(*file.node)) return std::nullopt;
  std::optional<Slices> slices = reader(file)->read_now(offset, size);
  if (slices) handed_out(file, offset, *slices);
  return slices;
}

awaitable<Slices> Vfs::Impl::read(Handle handle, std::uint64_t offset, std::size_t size,
                                  std::stop_token stop) {
  file_at(handle);
  const std::shared_ptr<OpenFile> file = files.at(handle);
  NodeRef node = file->node;
  for (bool may_change = true;; may_change = false) {
    while (const std::shared_ptr<Stage> stage = node->stage) {
      if (std::optional<Slices> local = read_stage(*stage, offset, size)) co_return std::move(*local);
      const Range wanted{offset, std::min<std::uint64_t>(stage->size(), offset + size)};
      co_await uploads.load(node, wanted, stop);
    }
    if (!std::exchange(sweeping, true)) tasks.spawn(sweep(this));
    co_await require_size(node, stop);  // it may have been replaced by one that nobody has measured yet
    co_await follow(file, offset, size, stop);
    const std::shared_ptr<Reader> stream = reader(*file);
    std::optional<Replaced> replaced;
    try {
      Slices slices = co_await stream->read(offset, size, stop);
      if (file->reader == stream) handed_out(*file, offset, slices);
      co_return slices;
    } catch (const Replaced& found) {
      if (!may_change) throw;
      replaced = found;
    }
    notice(*node, replaced->now, replaced->seen);
    co_await outgrow(file, stop);
    if (!node->stage && file->version.number != node->version) throw *replaced;
  }
}

// Gives up streams that nobody reads from any more; runs only while there are some.
awaitable<void> Vfs::Impl::sweep(Impl* self) {
  const std::stop_token stop = self->tasks.stop_token();
  for (bool streams = true; streams;) {
    const Clock::time_point due = self->clock.now() + self->config.stream_idle / 2;
    Clock& time = self->clock;
    co_await time.sleep_until(due, stop);
    streams = false;
    const Clock::time_point before = self->clock.now() - self->config.stream_idle;
    for (auto& [handle, file] : self->files) {
      if (file->reader && file->reader->drop_idle(before)) streams = true;
    }
  }
  self->chunks.trim();
  self->sweeping = false;
}

std::size_t Vfs::Impl::write(Handle handle, std::uint64_t offset, Bytes bytes, Writer writer) {
  accepting();
  OpenFile& file = file_at(handle);
  if (!file.writes()) throw Error(EBADF, "not open for writing");
  NodeRef node = file.node;
  Stage& stage = uploads.stage(*node);
  // The kernel's idea of the end may be older than ours.
  if ((file.flags & O_APPEND) != 0 && writer == Writer::call) offset = stage.size();
  if (offset + bytes.size() > Stage::largest) throw Error(EFBIG, node->name + " cannot become so large");
  stage.write(offset, bytes);
  uploads.modified(node, offset);
  changed(*node);
  return bytes.size();
}

awaitable<void> Vfs::Impl::flush(Handle handle, std::stop_token stop) {
  file_at(handle);
  const std::shared_ptr<OpenFile> file = files.at(handle);
  NodeRef node = file->node;
  std::exception_ptr failure;
  try {
    if (node->stage || node->marks().unheard) co_await uploads.commit(node, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  const Marks& marks = node->marks();
  const bool missed = file->writes() && file->complaints != marks.complaints;
  if (!failure && missed) failure = marks.complaint;  // another handle's user has heard it
  if (failure == marks.complaint) file->complaints = marks.complaints;
  if (failure) std::rethrow_exception(failure);
}

awaitable<void> Vfs::Impl::allocate(Handle handle, std::uint64_t end, std::stop_token stop) {
  writable();
  accepting();
  NodeRef node = file_at(handle).node;
  if (end <= static_cast<std::uint64_t>(attr(*node).stat.st_size)) co_return;
  co_await set_size(node, end, stop);
  changed(*node);
}

void Vfs::Impl::release(Handle handle) noexcept {
  const auto found = files.find(handle);
  if (found == files.end()) return;
  NodeRef node = found->second->node;
  if (found->second->writes()) --node->mark().writers;
  files.erase(found);
  closed(*node);
  if (node->stage) uploads.settle(node);
  if (files.empty()) chunks.trim();
}

}  // namespace ftpfs::vfs
