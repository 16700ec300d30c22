// SPDX-License-Identifier: MIT
// Files that are removed or replaced while somebody has them open: they keep a hidden name on the server
// until the last handle closes.
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

// Open, and not all of it is in the stage.
bool Vfs::Impl::must_stay_readable(const Node& node) const {
  return node.marks().handles > 0 && node.on_server && !(node.stage && node.stage->base_size() == 0);
}

// Unlinked while open: the content must stay readable. FTP deletes at once, so the file gets a hidden name
// until its last handle closes (as NFS clients do).
awaitable<void> Vfs::Impl::hide_open_file(NodeRef node, std::stop_token stop) {
  const Path path = nodes.path(*node);
  const Path unseen = path.parent().child(
      fmt::format(".ftpfs-unlinked-{}-{:x}", node->ino, clock.wall().time_since_epoch().count()));
  hidden.hide(unseen);
  const InodeTable::Renaming renaming(nodes, node);
  try {
    co_await remote.rename(path, unseen, stop);
    node->mark().hidden_as = unseen;
  } catch (const Error& error) {
    hidden.unhide(unseen);
    if (error.code() != ENOENT || !may_be_here_only(*node)) throw;
    node->on_server = false;  // somebody else was faster: what waits to be sent is not to come back
  }
}

// A directory was renamed: what lies hidden below it has moved along.
void Vfs::Impl::move_hidden(const Path& from, const Path& to) {
  nodes.for_each([&](Node& node) {
    if (!node.marks().hidden_as || !node.marks().hidden_as->is_below(from)) return;
    const Path moved(to.str() + node.marks().hidden_as->str().substr(from.str().size()));
    hidden.unhide(*node.marks().hidden_as);
    hidden.hide(moved);
    node.mark().hidden_as = moved;
  });
}

// The target of a rename that failed gets its name back, unless the server has done the rename nevertheless.
// Where that cannot be found out the old content stays under its hidden name: removing it would lose it.
awaitable<void> Vfs::Impl::bring_back(NodeRef node, Path path) {
  const Path unseen = *node->marks().hidden_as;
  const InodeTable::Renaming renaming(nodes, node);
  const std::stop_token never;
  try {
    const std::optional<Attributes> there = co_await remote.stat(path, never);
    if (there) {
      removed(*node);
      co_return;
    }
    co_await remote.rename(unseen, path, never);
  } catch (const Error& error) {
    logger->error("{} is now called {}: {}", escaped(path.str()), escaped(unseen.str()), error.what());
  }
  node->forget(&Marks::hidden_as);
  hidden.unhide(unseen);
}

// Nothing hidden keeps a directory from being removed: what is held open moves to the directory above.
awaitable<void> Vfs::Impl::vacate(NodeRef directory, std::stop_token stop) {
  const Path path = nodes.path(*directory);
  std::vector<NodeRef> held;
  nodes.for_each([&](Node& node) {
    const bool inside =
        node.marks().hidden_as && node.marks().handles > 0 && node.marks().hidden_as->parent() == path;
    if (inside) held.emplace_back(nodes, node);
  });
  for (const NodeRef& node : held) co_await move_up(node, stop);
  co_await hidden.removals_below(path, stop);
}

awaitable<void> Vfs::Impl::move_up(NodeRef node, std::stop_token stop) {
  const Path from = *node->marks().hidden_as;
  const Path to = from.parent().parent().child(from.name());
  hidden.hide(to);
  const InodeTable::Renaming renaming(nodes, node);
  ++node->mark().handles;  // else its last handle could close, and delete it, half way
  std::exception_ptr failure;
  try {
    co_await remote.rename(from, to, stop);
    hidden.unhide(from);
    node->mark().hidden_as = to;
  } catch (const Error&) {
    hidden.unhide(to);
    failure = std::current_exception();
  }
  closed(*node);
  if (failure) std::rethrow_exception(failure);
}

void Vfs::Impl::closed(Node& node) noexcept {
  --node.mark().handles;
  if (node.marks().handles == 0 && node.marks().hidden_as && !node.linked)
    hidden.remove(*node.marks().hidden_as);
}

}  // namespace ftpfs::vfs
