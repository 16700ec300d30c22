// SPDX-License-Identifier: MIT
// Owner of all nodes: ino -> node, (parent, name) -> node. A node dies when the kernel forgot it, nobody
// holds it and no child needs it. Inode numbers are never reused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/base/text_hash.hpp>
#include <ftpfs/vfs/departed.hpp>
#include <ftpfs/vfs/growing_set.hpp>
#include <ftpfs/vfs/node.hpp>

namespace ftpfs::vfs {

class InodeTable;

// Keeps a node alive. Copyable; cheap.
class NodeRef {
 public:
  NodeRef() = default;
  NodeRef(InodeTable& table, Node& node) noexcept;
  NodeRef(const NodeRef& other) noexcept;
  NodeRef(NodeRef&& other) noexcept;
  NodeRef& operator=(NodeRef other) noexcept;
  ~NodeRef();

  Node* operator->() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  InodeTable* table_ = nullptr;
  Node* node_ = nullptr;
};

class InodeTable {
 public:
  explicit InodeTable(const Clock& clock);
  ~InodeTable();
  InodeTable(const InodeTable&) = delete;
  InodeTable& operator=(const InodeTable&) = delete;

  Node& root() noexcept { return *root_; }
  Node& at(Ino ino);  // throws Error(ESTALE) when unknown
  Node* find(Ino ino) noexcept;
  NodeRef ref(Ino ino) { return NodeRef(*this, at(ino)); }
  Node* find(const Node& parent, std::string_view name) noexcept;
  Node& add(Node& parent, std::string_view name);  // no node of that name may exist

  void unlink(Node& node);                                       // takes its name away
  void rename(Node& node, Node& parent, std::string_view name);  // no node of that name may exist
  void forget(Ino ino, std::uint64_t count) noexcept;
  void collect(Node& node) noexcept;  // lets it die if nothing holds it any more

  bool is_at_or_below(const Node& node, const Node& ancestor) const noexcept;
  Path path(const Node& node) const;  // on the server; throws Error(ESTALE) for an unlinked node

  // While it lives, the server is renaming the node: which of its two names it has, only the reply will tell.
  class Renaming {
   public:
    Renaming(InodeTable& table, NodeRef node) : table_(table), node_(std::move(node)) {
      ++node_->mark().renaming;
    }
    ~Renaming() {
      --node_->mark().renaming;
      table_.renamed_.wake_all();
    }
    Renaming(const Renaming&) = delete;
    Renaming& operator=(const Renaming&) = delete;

   private:
    InodeTable& table_;
    NodeRef node_;
  };
  // Was the file not to be found at `path` because the server is renaming it, or what it lies in, or has done
  // so meanwhile? Waits until path() is right again. Throws as path() does.
  awaitable<bool> has_moved(NodeRef node, Path path, std::stop_token stop);

  std::size_t size() const noexcept { return nodes_.set().size(); }
  template <class Function>
  void for_each(Function function) {
    for (Node& node : nodes_.set()) function(node);
  }

 private:
  struct Key {
    const Node* parent;
    std::string_view name;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Numbered {
    using type = Ino;
    Ino operator()(const Node& node) const noexcept { return node.ino; }
  };
  struct NumberHash {
    std::size_t operator()(Ino ino) const noexcept { return ino; }
  };
  struct Named {
    using type = Key;
    Key operator()(const Node& node) const noexcept { return {node.parent, node.name}; }
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return hash_of(key.name) ^ (key.parent->ino * 0x9E3779B97F4A7C15u);
    }
  };
  template <InodeHook Node::*hook, class KeyOf, class Hash>
  using Set = GrowingSet<boost::intrusive::unordered_set<
      Node, boost::intrusive::member_hook<Node, InodeHook, hook>, boost::intrusive::key_of_value<KeyOf>,
      boost::intrusive::hash<Hash>, boost::intrusive::power_2_buckets<true>>>;

  Set<&Node::by_number, Numbered, NumberHash> nodes_;  // owns them
  Set<&Node::by_name, Named, KeyHash> names_;          // linked nodes except the root
  Departed departed_;
  Node* root_;
  Ino next_ino_ = root_ino + 1;
  WaitList renamed_;
};

}  // namespace ftpfs::vfs
