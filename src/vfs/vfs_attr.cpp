// SPDX-License-Identifier: MIT
// Attributes: what stat shows, how fresh it is, what can be changed.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

std::int64_t Vfs::Impl::wall_seconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

// The server's time of the directory changes with its entries, but nobody would ask for it now.
void Vfs::Impl::entries_changed(Node& directory) {
  changed(directory);
  directory.forget(&Marks::kept_mtime);
  directory.attributes.mtime = Timestamp{*directory.marks().ctime, Precision::second};
  directories.publish(directory);
}

// A directory has one link, which tells programs not to count, as long as its subdirectories are not known.
nlink_t Vfs::Impl::links(const Node& node) {
  if (!node.linked) return 0;
  if (node.attributes.kind != Kind::directory) return 1;
  const auto listing = directories.cached(node);
  return listing ? 2 + listing->directories() : 1;
}

Attr Vfs::Impl::attr(const Node& node) {
  Attr result;
  if (!lacks_size(node)) result.ttl = config.kernel_ttl;  // else the kernel is to ask before each use
  struct ::stat& stat = result.stat;
  const bool directory = node.attributes.kind == Kind::directory;
  const mode_t type = directory ? S_IFDIR : node.attributes.kind == Kind::symlink ? S_IFLNK : S_IFREG;
  const std::uint16_t known =
      node.attributes.mode.value_or(directory ? config.directory_mode : config.file_mode);
  const std::uint16_t shown = node.marks().shown_mode.value_or(known);
  const std::uint16_t mode = node.stage && node.stage->mode ? *node.stage->mode : shown;
  const std::uint16_t mask = directory ? config.directory_mask : config.file_mask;
  stat.st_ino = node.shown();
  stat.st_mode = type | (type == S_IFLNK ? 0777 : mode & 0777 & ~mask);
  stat.st_nlink = links(node);
  stat.st_uid = config.uid;
  stat.st_gid = config.gid;
  stat.st_blksize = 4096;
  std::uint64_t size = node.attributes.size;
  if (node.attributes.kind == Kind::symlink)
    size = node.marks().link_target ? node.marks().link_target->size() : 0;
  std::int64_t mtime = node.attributes.mtime ? node.attributes.mtime->seconds : 0;
  if (const Stage* const stage = node.stage.get()) {
    size = stage->size();
    const bool guessed = !stage->mtime && (stage->dirty() || !node.attributes.mtime);
    mtime = guessed ? stage->written_at : stage->mtime.value_or(mtime);
    // The server's clock may go otherwise. The kernel asks again after each write, but not where there was
    // none.
    if (guessed) result.ttl = {};
  }
  stat.st_size = static_cast<off_t>(directory ? 4096 : size);
  stat.st_blocks = static_cast<blkcnt_t>((stat.st_size + 511) / 512);
  mtime = node.marks().kept_mtime.value_or(mtime);
  stat.st_mtim.tv_sec = mtime;
  stat.st_ctim.tv_sec = node.marks().ctime.value_or(mtime);
  stat.st_atim.tv_sec = node.marks().atime.value_or(mtime);
  return result;
}

std::optional<Attr> Vfs::Impl::getattr_now(Ino ino) {
  Node& node = nodes.at(ino);
  if (may_ask_size(node)) return std::nullopt;
  if (node.stage || !node.linked || fresh(node)) return tell(node);
  const auto listing = directories.cached(*node.parent);
  const std::optional<EntryView> entry = listing ? listing->find(node.name) : std::nullopt;
  if (!entry || entry->attributes.kind != node.attributes.kind) return std::nullopt;
  learn(node, entry->attributes, entry->link_target, listing->fetched());
  return tell(node);
}

awaitable<Attr> Vfs::Impl::getattr(Ino ino, std::stop_token stop) {
  if (std::optional<Attr> known = getattr_now(ino)) co_return *known;
  NodeRef node = nodes.ref(ino);
  co_await refresh(node, stop);
  if (may_ask_size(*node)) co_await ask_size(node, stop);
  co_return tell(*node);
}

awaitable<void> Vfs::Impl::refresh(NodeRef node, std::stop_token stop) {
  NodeRef parent(nodes, *node->parent);
  std::string name = node->name.str();
  const Path path = nodes.path(*node);
  std::optional<NodeRef> now = co_await resolve(parent, name, stop);
  if (now && &**now == &*node) co_return;
  if (!node->linked || node->stage) co_return;  // removed or written by ourselves meanwhile
  const bool moved = co_await nodes.has_moved(node, path, stop);
  if (!node->linked || node->stage) co_return;
  if (moved) {
    co_await refresh(node, stop);
    co_return;
  }
  nodes.unlink(*node);
  throw Error(ENOENT, node->name + " was removed on the server");
}

// Close-to-open: what open() hands out is what the server has now, whatever the caches say.
awaitable<void> Vfs::Impl::revalidate(NodeRef node, std::stop_token stop) {
  if (node->stage || !node->linked) co_return;
  if (lacks_size(*node)) {
    co_await ask_size(node, stop);
    co_return;
  }
  if (clock.now() - node->learned <= config.kernel_ttl && !lacks_exact_time(*node)) co_return;
  const Path path = nodes.path(*node);
  const Clock::time_point asked = clock.now();
  std::optional<Attributes> now = co_await remote.stat(path, stop);
  if (!node->linked || node->stage) co_return;
  const bool moved = co_await nodes.has_moved(node, path, stop);
  if (!node->linked || node->stage) co_return;
  if (moved) {
    co_await revalidate(node, stop);
    co_return;
  }
  if (!now || now->kind != node->attributes.kind) {
    directories.drop(*node->parent);
    nodes.unlink(*node);
    // ESTALE: the kernel asks for the name once more, so that open(O_CREAT) creates and the others get
    // ENOENT.
    throw Error(ESTALE, path.str() + (now ? " was replaced on the server" : " was removed on the server"));
  }
  notice(*node, *now, asked);
}

// What is kept on disk is known by the time to the second wherever the server tells it.
bool Vfs::Impl::lacks_exact_time(const Node& node) const {
  const std::optional<Timestamp> mtime = node.attributes.mtime;
  return disk && !disk->given_up() && mtime && mtime->precision != Precision::second;
}

awaitable<Attr> Vfs::Impl::setattr(Ino ino, Changes changes, std::stop_token stop) {
  writable();
  accepting();
  NodeRef node = nodes.ref(ino);
  files_ahead.drop(*node);
  const bool foreign =
      (changes.uid && *changes.uid != config.uid) || (changes.gid && *changes.gid != config.gid);
  if (foreign) tolerate(Error(EPERM, "FTP cannot change owners"), "chown");
  if (changes.size) co_await set_size(node, *changes.size, stop);
  if (changes.mode) co_await set_mode(node, *changes.mode, stop);
  if (changes.mtime) co_await set_mtime(node, *changes.mtime, stop);
  if (changes.atime) node->mark().atime = *changes.atime;
  changed(*node);
  co_return tell(*node);
}

awaitable<void> Vfs::Impl::set_size(NodeRef node, std::uint64_t size, std::stop_token stop) {
  if (node->attributes.kind != Kind::file) throw Error(EISDIR, node->name + " is not a file");
  if (size > Stage::largest) throw Error(EFBIG, node->name + " cannot become so large");
  co_await revalidate(node, stop);
  if (size > 0) co_await measure(node, stop);
  const bool differs = lacks_size(*node) || size != static_cast<std::uint64_t>(attr(*node).stat.st_size);
  if (!differs && !is_unsaved(*node)) co_return;
  if (differs) {
    uploads.resize(*node, size);
    const bool kernel_knew = node->marks().kernel_version == node->version;
    node->new_version();                                           // blocks of the old content are of no use
    if (kernel_knew) node->mark().kernel_version = node->version;  // it cuts its pages itself
    uploads.modified(node, size);
    directories.publish(*node);
  }
  if (node->marks().writers > 0) co_return;  // their flush saves it
  co_await uploads.commit(node, stop);
}

awaitable<void> Vfs::Impl::set_mode(NodeRef node, std::uint16_t mode, std::stop_token stop) {
  mode &= 0777;
  if (node->attributes.kind == Kind::symlink) throw Error(EOPNOTSUPP, "symbolic links have no mode");
  if (node->stage && (node->stage->dirty() || node->stage->running)) {
    node->stage->mode = mode;  // set when the content is there
    journal.renew(*node);
    co_return;
  }
  const Path path = nodes.path(*node);
  try {
    const std::uint16_t taken = co_await remote.set_mode(path, mode, stop);
    node->took_mode(mode, taken);
    if (node->stage) node->stage->mode.reset();  // an older one that was to be tried again
  } catch (const Error& error) {
    if (!refuses_attributes(error)) throw;
    tolerate(error, "chmod");
  }
  directories.publish(*node);
}

awaitable<void> Vfs::Impl::set_mtime(NodeRef node, std::int64_t seconds, std::stop_token stop) {
  if (node->stage && (node->stage->dirty() || node->stage->running)) {
    node->stage->mtime = seconds;
    journal.renew(*node);
    co_return;
  }
  if (node->attributes.kind == Kind::symlink) {
    node->mark().kept_mtime = seconds;  // the server would set that of the target
    co_return;
  }
  const Path path = nodes.path(*node);
  if (disk) disk->forget(path);  // it may be the time of other content
  try {
    co_await remote.set_mtime(path, seconds, stop);
    node->attributes.mtime = Timestamp{seconds, Precision::second};
    if (node->stage) node->stage->mtime.reset();  // likewise
    node->forget(&Marks::kept_mtime);
    directories.remember_exact(path, node->attributes);
  } catch (const Error& error) {
    // Also for directories: MDTM (vsftpd) and MFMT (pyftpdlib) are for plain files and say "550 could not".
    if (!refuses_attributes(error)) throw;
    tolerate(error, "utimens");
    if (node->attributes.kind == Kind::directory) node->mark().kept_mtime = seconds;
  }
  directories.publish(*node);
}

// perms=ignore: success that changes nothing (stat goes on showing the truth), told once in the log.
void Vfs::Impl::tolerate(const Error& error, std::string_view operation) {
  if (config.perms == PermsMode::strict) throw error;
  if (std::find(tolerated.begin(), tolerated.end(), operation) != tolerated.end()) return;
  tolerated.emplace_back(operation);
  logger->info("{} is ignored on this server: {}", operation, error.what());
}

void Vfs::Impl::access(Ino ino, int mask) {
  const Node& node = nodes.at(ino);
  if ((mask & W_OK) != 0 && config.read_only) throw Error(EROFS, "mounted read-only");
  const mode_t mode = attr(node).stat.st_mode;
  const bool runnable = S_ISDIR(mode) || (mode & 0111) != 0;
  if ((mask & X_OK) != 0 && !runnable) throw Error(EACCES, node.name + " is not executable");
}

}  // namespace ftpfs::vfs
