// SPDX-License-Identifier: MIT
// Names to nodes: from the cached listing, from what is known of the node itself, else from the server.
#include <cerrno>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr unsigned single_lookups_before_listing = 2;
constexpr std::size_t name_max = 255;

// Did somebody else change it? The time of a directory that we changed ourselves is a guess: it is looked at
// when the answer has come, and uploads pass through temporary names.
bool changed_elsewhere(const Attributes& known, const Attributes& now) {
  constexpr std::int64_t guess = 2;  // seconds
  if (known.kind != Kind::directory || now.kind != Kind::directory) return !same_version(known, now);
  return known.mtime && now.mtime && now.mtime->seconds > known.mtime->seconds + guess;
}

// What was told without a size has the one that is known while somebody has the file open and no time speaks
// against it; else that is better than none until somebody asks.
Attributes with_known_size(const Node& node, Attributes told) {
  const Attributes& known = node.attributes;
  if (told.size_known || told.kind != Kind::file || known.kind != Kind::file) return told;
  if (known.size > 0) told.size = known.size;
  told.size_known = known.size_known && node.marks().handles > 0 && same_version(known, told);
  return told;
}

}  // namespace

NodeRef Vfs::Impl::directory_at(Ino ino) {
  NodeRef node = nodes.ref(ino);
  if (node->attributes.kind != Kind::directory) throw Error(ENOTDIR, node->name + " is not a directory");
  return node;
}

bool Vfs::Impl::fresh(const Node& node) const {
  return &node == &const_cast<Impl*>(this)->nodes.root() || clock.now() - node.learned < config.listing_ttl;
}

Looked Vfs::Impl::absent() const {
  Looked result;
  result.attr.ttl = config.kernel_ttl;
  return result;
}

Looked Vfs::Impl::looked(Node& node) {
  ++node.lookups;
  Looked result;
  result.ino = node.ino;
  result.attr = tell(node);
  return result;
}

void Vfs::Impl::learn(Node& node, const Attributes& attributes, std::string_view link_target,
                      Clock::time_point when) {
  if (node.stage && (node.stage->dirty() || node.stage->running)) return;
  const bool fills_gap = attributes.size_known && !node.attributes.size_known;
  if (when < node.learned || (when == node.learned && !fills_gap)) return;
  learn_newer(node, with_known_size(node, attributes), link_target, when);
}

void Vfs::Impl::learn_newer(Node& node, const Attributes& attributes, std::string_view link_target,
                            Clock::time_point when) {
  node.learned = when;
  node.on_server = true;
  if (!same_version(node.attributes, attributes)) {
    node.mark().foreign_version = node.new_version();
    if (node.stage) journal.forget(*node.stage);
    node.stage.reset();  // all of it was saved; what it holds is not the file any more
  }
  if (changed_elsewhere(node.attributes, attributes)) {
    // The server's time of a directory moves with our temporary names too: what was set here stays.
    if (node.attributes.kind != Kind::directory) node.forget(&Marks::kept_mtime);
    if (node.marks().ctime) changed(node);  // at a time that only their clock knows
  }
  const std::optional<Timestamp> known = node.attributes.mtime;
  const bool same = known && attributes.mtime && node.attributes.size == attributes.size &&
                    consistent(*known, *attributes.mtime);
  const bool coarser = same && known->precision < attributes.mtime->precision;
  const bool finer = same && attributes.mtime->precision < known->precision;
  // What was told to the minute stays so: editors take another second for somebody else's change.
  const bool told = node.told && !node.marks().kept_mtime;
  if (finer && told && attributes.kind == Kind::file) node.mark().kept_mtime = known->seconds;
  if (attributes.mode != node.attributes.mode) node.forget(&Marks::shown_mode);
  node.attributes = attributes;
  if (coarser) node.attributes.mtime = known;
  if (link_target.empty())
    node.forget(&Marks::link_target);
  else
    node.mark().link_target = std::string(link_target);
}

Node& Vfs::Impl::node_for(Node& parent, const EntryView& entry, Clock::time_point learned) {
  Node* node = nodes.find(parent, entry.name);
  if (node && node->attributes.kind != entry.attributes.kind && !node->stage) {
    nodes.unlink(*node);  // something else has that name now: another inode
    node = nullptr;
  }
  if (node) {
    learn(*node, entry.attributes, entry.link_target, learned);
    return *node;
  }
  Node& added = nodes.add(parent, entry.name);
  added.attributes = entry.attributes;
  added.learned = learned;
  if (!entry.link_target.empty()) added.mark().link_target = std::string(entry.link_target);
  return added;
}

std::optional<NodeRef> Vfs::Impl::unsaved(Node& parent, std::string_view name) {
  Node* const node = nodes.find(parent, name);
  if (!node || !node->stage || !node->stage->dirty()) return std::nullopt;
  return NodeRef(nodes, *node);
}

std::optional<std::optional<NodeRef>> Vfs::Impl::resolve_now(Node& parent, std::string_view name) {
  if (std::optional<NodeRef> ours = unsaved(parent, name)) return ours;
  if (const auto listing = directories.cached(parent)) {
    const std::optional<EntryView> entry = listing->find(name);
    if (!entry) return std::optional<NodeRef>();
    return NodeRef(nodes, node_for(parent, *entry, listing->fetched()));
  }
  Node* const node = nodes.find(parent, name);
  if (node && (fresh(*node) || node->stage)) return NodeRef(nodes, *node);
  return std::nullopt;
}

awaitable<std::optional<NodeRef>> Vfs::Impl::resolve(NodeRef parent, std::string name, std::stop_token stop) {
  if (name.size() > name_max) throw Error(ENAMETOOLONG, "name too long: " + escaped(name));
  if (auto known = resolve_now(*parent, name)) co_return std::move(*known);

  Directory& directory = directories.state(*parent);
  const Node* const known_node = nodes.find(*parent, name);
  const bool link = known_node && known_node->attributes.kind == Kind::symlink;  // proftpd's MLST follows it
  if (!link && remote.capabilities().cheap_stat && directory.single_lookups < single_lookups_before_listing) {
    ++directory.single_lookups;
    const Path above = nodes.path(*parent);
    const Path path = above.child(name);
    const Clock::time_point asked = clock.now();
    std::optional<Attributes> attributes = co_await remote.stat(path, stop);
    if (!attributes) {
      const bool moved = co_await nodes.has_moved(parent, above, stop);
      if (!moved) co_return std::optional<NodeRef>();
      std::optional<NodeRef> again = co_await resolve(parent, std::move(name), stop);
      co_return again;
    }
    if (attributes->kind != Kind::symlink) {  // its target is in the listing only
      Entry entry;
      entry.name = name;
      entry.attributes = *attributes;
      co_return NodeRef(nodes, node_for(*parent, entry, asked));
    }
  }
  std::shared_ptr<Listing> listing;
  bool unreadable = false;  // a drop box: what is in it can only be asked for by name
  try {
    listing = co_await directories.get(parent, stop);
  } catch (const Error& error) {
    if (error.code() != EACCES) throw;
    unreadable = true;
  }
  if (unreadable) co_return co_await look_again(parent, name, stop);
  const std::optional<EntryView> entry = listing->find(name);
  if (!entry) co_return std::optional<NodeRef>();
  co_return NodeRef(nodes, node_for(*parent, *entry, listing->fetched()));
}

std::optional<Looked> Vfs::Impl::lookup_now(Ino parent, std::string_view name) {
  if (name.size() > name_max) throw Error(ENAMETOOLONG, "name too long: " + escaped(name));
  const NodeRef directory = directory_at(parent);
  const auto known = resolve_now(*directory, name);
  if (!known) return std::nullopt;
  return *known ? looked(***known) : absent();
}

awaitable<Looked> Vfs::Impl::lookup(Ino parent, std::string name, std::stop_token stop) {
  NodeRef directory = directory_at(parent);
  std::optional<NodeRef> node = co_await resolve(directory, name, stop);
  if (!node) co_return absent();
  co_return looked(**node);
}

}  // namespace ftpfs::vfs
