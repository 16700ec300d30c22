// SPDX-License-Identifier: MIT
// Symbolic links. What the server says is not trusted to point into this machine's other file systems: a link
// "notes -> ../../.ssh/id_rsa" would make a backup of the mount carry the key away.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

// Does its target stay within the mount, whatever other links are on the way? It goes up at its beginning
// only, where the directories passed are real ones, and not above the mount's root; the kernel asks for each
// further link by itself.
bool Vfs::Impl::is_contained(const Node& link) const {
  std::string_view rest = *link.marks().link_target;
  if (rest.starts_with('/')) return false;
  const Node* directory = link.parent;
  bool down = false;
  while (!rest.empty()) {
    const std::string_view step = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(step.size() + 1, rest.size()));
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      down = true;
      continue;
    }
    if (down || !directory || !directory->parent) return false;
    directory = directory->parent;
  }
  return true;
}

awaitable<std::string> Vfs::Impl::readlink(Ino ino, std::stop_token stop) {
  NodeRef node = nodes.ref(ino);
  if (node->attributes.kind != Kind::symlink) throw Error(EINVAL, node->name + " is not a symbolic link");
  if (!node->marks().link_target) co_await refresh(node, stop);
  if (!node->marks().link_target)
    throw Error(EIO, "the server does not tell where " + node->name + " points to");
  if (config.contain_symlinks && !is_contained(*node))
    throw Error(EPERM, node->name + " points out of the mount (no_contain_symlinks would allow it)");
  co_return *node->marks().link_target;
}

awaitable<Looked> Vfs::Impl::symlink(Ino parent, std::string name, std::string target, std::stop_token stop) {
  check_new_name(name);
  if (!remote.capabilities().make_symlink) throw Error(EPERM, "the server makes no symbolic links");
  NodeRef directory = directory_at(parent);
  if (has_unsent(*directory, name)) throw Error(EEXIST, name + " exists");
  const Path path = nodes.path(*directory).child(name);
  try {
    co_await remote.make_symlink(target, path, stop);
  } catch (...) {
    doubt(*directory, name);
    throw;
  }
  Entry entry;
  entry.name = name;
  entry.attributes.kind = Kind::symlink;
  entry.attributes.mtime = Timestamp{wall_seconds(), Precision::second};
  entry.link_target = target;
  if (Node* const old = nodes.find(*directory, name)) nodes.unlink(*old);
  NodeRef node(nodes, node_for(*directory, entry, clock.now()));
  changed(*node);
  directories.publish(*node);
  entries_changed(*directory);
  co_return looked(*node);
}

}  // namespace ftpfs::vfs
