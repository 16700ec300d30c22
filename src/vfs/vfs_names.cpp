// SPDX-License-Identifier: MIT
// The namespace: mkdir, unlink, rmdir (rename: vfs_rename.cpp). The server first, then caches, before the
// reply: what we did shows at once and never "not found".
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

void Vfs::Impl::check_new_name(std::string_view name) const {
  writable();
  accepting();
  constexpr std::size_t name_max = 255;
  if (name.size() > name_max) throw Error(ENAMETOOLONG, "name too long: " + escaped(name));
  // One line is one command: a name cannot carry the line's end (RFC 959 section 5.3).
  if (name.find_first_of("\r\n") != name.npos)
    throw Error(EINVAL, "FTP cannot carry this name: " + escaped(name));
}

// Files created here that the server does not know of yet: it would take their directory for empty, their
// name for free.
bool Vfs::Impl::has_unsent(const Node& directory) const {
  return directory.marks().directory && !directory.marks().directory->unsent.empty();
}

bool Vfs::Impl::has_unsent(Node& directory, const std::string& name) {
  const bool known = directory.marks().directory && directory.marks().directory->unsent.contains(name);
  return known || unsaved(directory, name);
}

// "README" is about to appear where "readme" is listed: on a server that folds case it would take its place.
awaitable<void> Vfs::Impl::check_twin(NodeRef directory, std::string name, std::stop_token stop) {
  const auto listing = directories.cached(*directory);
  const std::optional<EntryView> twin =
      listing && !listing->find(name) ? listing->twin_of(name) : std::nullopt;
  if (!twin) co_return;
  const std::string told = fmt::format("{}: the server takes it for {}", name, twin->name);
  const Path path = nodes.path(*directory).child(name);
  const std::optional<Attributes> there = co_await remote.stat(path, stop);
  if (there) throw Error(EEXIST, told);
}

awaitable<Looked> Vfs::Impl::mkdir(Ino parent, std::string name, mode_t mode, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  if (has_unsent(*directory, name)) throw Error(EEXIST, name + " exists");
  const Path path = nodes.path(*directory).child(name);
  try {
    co_await remote.make_directory(path, stop);
  } catch (...) {
    doubt(*directory, name);
    throw;
  }

  Entry entry;
  entry.name = name;
  entry.attributes.kind = Kind::directory;
  entry.attributes.mtime = Timestamp{wall_seconds(), Precision::second};
  if (Node* const old = nodes.find(*directory, name)) nodes.unlink(*old);
  NodeRef node(nodes, node_for(*directory, entry, clock.now()));
  changed(*node);
  directories.made(*node);
  directories.publish(*node);
  entries_changed(*directory);
  co_await set_first_mode(node, mode & 0777, stop);
  co_return looked(*node);
}

// MKD takes no mode: the server gives every new directory the same one, which the first of them tells.
awaitable<void> Vfs::Impl::set_first_mode(NodeRef node, std::uint16_t mode, std::stop_token stop) {
  const Capabilities able = remote.capabilities();
  if (!able.set_mode) co_return;
  if (!made_mode && able.tells_mode) {
    const Path path = nodes.path(*node);
    const std::optional<Attributes> made = co_await remote.stat(path, stop);
    if (made) made_mode = made->mode;
  }
  if (!made_mode) made_mode = config.directory_mode;
  if (mode != *made_mode) {
    co_await set_mode(node, mode, stop);
    co_return;
  }
  node->attributes.mode = mode;
  directories.publish(*node);
}

// A change whose outcome is not known, or not what we thought possible: ask again before answering from
// memory.
void Vfs::Impl::doubt(Node& directory, std::string_view name) {
  directories.drop(directory);
  if (Node* const node = nodes.find(directory, name)) node->learned = {};
}

void Vfs::Impl::removed(Node& node) {
  if (!node.linked) return;
  directories.erase(*node.parent, node.name);
  entries_changed(*node.parent);
  nodes.unlink(node);
  if (node.stage) journal.forget(*node.stage);
  changed(node);
  if (node.marks().hidden_as && node.marks().handles == 0) hidden.remove(*node.marks().hidden_as);
}

awaitable<void> Vfs::Impl::unlink(Ino parent, std::string name, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  std::optional<NodeRef> found = co_await resolve(directory, name, stop);
  if (!found) throw Error(ENOENT, name + " does not exist");
  NodeRef node = *found;
  if (node->attributes.kind == Kind::directory) throw Error(EISDIR, name + " is a directory");
  files_ahead.drop(*node);
  if (disk) disk->forget(nodes.path(*node));
  const Uploads::Pause pause(uploads, node);  // else what is written now would bring the file back
  try {
    co_await uploads.abandon(node, stop);
    if (must_stay_readable(*node))
      co_await hide_open_file(node, stop);
    else
      co_await remove_from_server(node, stop);
  } catch (...) {
    uploads.revive(node);
    doubt(*directory, name);
    throw;
  }
  removed(*node);
  co_await journal.forgotten();
}

// It waits to be sent: that the server has none does not mean that there is none.
bool Vfs::Impl::may_be_here_only(const Node& node) {
  return !node.on_server || (node.stage && node.stage->dirty());
}

awaitable<void> Vfs::Impl::remove_from_server(NodeRef node, std::stop_token stop) {
  const bool never_sent = !node->on_server && node->stage && node->stage->unheard_of();
  if (never_sent) co_return;
  const Path path = nodes.path(*node);
  try {
    co_await remote.remove_file(path, stop);
  } catch (const Error& error) {
    // The upload never arrived, or somebody else was faster: what waits to be sent is not to come back.
    if (error.code() != ENOENT || !may_be_here_only(*node)) throw;
  }
}

awaitable<void> Vfs::Impl::rmdir(Ino parent, std::string name, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  std::optional<NodeRef> found = co_await resolve(directory, name, stop);
  if (!found) throw Error(ENOENT, name + " does not exist");
  NodeRef node = *found;
  if (node->attributes.kind != Kind::directory) throw Error(ENOTDIR, name + " is not a directory");
  if (has_unsent(*node)) throw Error(ENOTEMPTY, name + " is not empty");
  const Path path = nodes.path(*node);
  try {
    co_await vacate(node, stop);
    co_await remote.remove_directory(path, stop);
  } catch (...) {
    directories.drop(*node);  // ENOTEMPTY: there is something that we have not seen
    doubt(*directory, name);
    throw;
  }
  directories.drop(*node);
  removed(*node);
}

}  // namespace ftpfs::vfs
