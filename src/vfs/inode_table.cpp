// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/inode_table.hpp>

namespace ftpfs::vfs {

const Marks Node::unmarked{};

NodeRef::NodeRef(InodeTable& table, Node& node) noexcept : table_(&table), node_(&node) {
  ++node.uses;
}

NodeRef::NodeRef(const NodeRef& other) noexcept : table_(other.table_), node_(other.node_) {
  if (node_) ++node_->uses;
}

NodeRef::NodeRef(NodeRef&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), node_(std::exchange(other.node_, nullptr)) {}

NodeRef& NodeRef::operator=(NodeRef other) noexcept {
  std::swap(table_, other.table_);
  std::swap(node_, other.node_);
  return *this;
}

NodeRef::~NodeRef() {
  if (!node_) return;
  --node_->uses;
  table_->collect(*node_);
}

InodeTable::InodeTable(const Clock& clock) : departed_(clock) {
  auto root = std::make_unique<Node>(root_ino);
  root->attributes.kind = Kind::directory;
  root->lookups = 1;  // the kernel never forgets the root
  nodes_.insert(*root);
  root_ = root.release();
}

InodeTable::~InodeTable() {
  names_.set().clear();
  nodes_.set().clear_and_dispose(std::default_delete<Node>());
}

Node& InodeTable::at(Ino ino) {
  if (Node* const node = find(ino)) return *node;
  throw Error(ESTALE, "unknown inode " + std::to_string(ino));
}

Node* InodeTable::find(Ino ino) noexcept {
  const auto found = nodes_.set().find(ino);
  return found == nodes_.set().end() ? nullptr : &*found;
}

Node* InodeTable::find(const Node& parent, std::string_view name) noexcept {
  const auto found = names_.set().find(Key{&parent, name});
  return found == names_.set().end() ? nullptr : &*found;
}

Node& InodeTable::add(Node& parent, std::string_view name) {
  auto node = std::make_unique<Node>(next_ino_++);
  node->parent = &parent;
  node->name = name;
  const Ino shown = departed_.take(parent.shown(), name, node->ino);
  if (shown != node->ino) node->mark().shown = shown;
  nodes_.insert(*node);
  Node& added = *node.release();
  names_.insert(added);
  ++parent.children;
  return added;
}

void InodeTable::unlink(Node& node) {
  if (!node.linked) return;
  names_.erase(node);
  node.linked = false;
}

void InodeTable::rename(Node& node, Node& parent, std::string_view name) {
  names_.erase(node);
  Node* const old_parent = std::exchange(node.parent, &parent);
  node.name = name;
  names_.insert(node);
  departed_.forget(parent.shown(), node.name);
  ++parent.children;
  --old_parent->children;
  collect(*old_parent);
}

void InodeTable::forget(Ino ino, std::uint64_t count) noexcept {
  Node* const node = find(ino);
  if (!node || node == root_) return;
  node->lookups -= std::min(node->lookups, count);
  collect(*node);
}

void InodeTable::collect(Node& node) noexcept {
  Node* current = &node;
  while (current != root_ && current->lookups == 0 && current->uses == 0 && current->children == 0) {
    Node* const parent = current->parent;
    if (current->linked) {
      names_.erase(*current);
      departed_.remember(parent->shown(), current->name, current->shown());
    }
    nodes_.erase(*current);
    delete current;
    --parent->children;
    current = parent;
  }
}

bool InodeTable::is_at_or_below(const Node& node, const Node& ancestor) const noexcept {
  const Node* step = &node;
  while (step != &ancestor && step->linked && step->parent) step = step->parent;
  return step == &ancestor;
}

awaitable<bool> InodeTable::has_moved(NodeRef node, Path path_then, std::stop_token stop) {
  bool waited = false;
  for (const Node* step = &*node; step;) {
    if (step->marks().renaming == 0) {
      step = step->parent;
      continue;
    }
    waited = true;
    co_await renamed_.wait(stop);
    step = &*node;
  }
  co_return waited || path(*node) != path_then;
}

Path InodeTable::path(const Node& node) const {
  if (node.marks().hidden_as) return *node.marks().hidden_as;
  std::vector<const Node*> steps;
  for (const Node* step = &node; step != root_; step = step->parent) {
    if (!step->linked) throw Error(ESTALE, "the file was removed: " + step->name);
    steps.push_back(step);
  }
  Path result;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) result = result.child((*step)->name);
  return result;
}

}  // namespace ftpfs::vfs
