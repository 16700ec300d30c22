// SPDX-License-Identifier: MIT
#include "support/memory_tree.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include <ftpfs/base/error.hpp>

namespace ftpfs::test {
namespace {

[[noreturn]] void refuse(int code, const Path& path) {
  throw Error(code, "server: " + path.str());
}

bool is_directory(const MemoryTree::NodePtr& node) {
  return node && node->kind == Kind::directory;
}

}  // namespace

MemoryTree::MemoryTree(const Clock& clock) : clock_(clock), root_(new_node(Kind::directory)) {}

std::int64_t MemoryTree::now() const {
  return std::chrono::system_clock::to_time_t(clock_.wall());
}

MemoryTree::NodePtr MemoryTree::new_node(Kind kind) const {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->mode = kind == Kind::directory ? 0755 : 0644;
  node->mtime = now();
  return node;
}

std::string MemoryTree::spelt(const Node& directory, std::string_view name) const {
  const auto same = [](unsigned char left, unsigned char right) {
    return std::tolower(left) == std::tolower(right);
  };
  if (folds_case_ && !directory.children.contains(std::string(name))) {
    for (const auto& [child, node] : directory.children)
      if (std::ranges::equal(child, name, same)) return child;
  }
  return std::string(name);
}

MemoryTree::NodePtr MemoryTree::place(const Path& path, NodePtr node) {
  NodePtr parent = path.parent().is_root() ? root_ : find(path.parent());
  if (!is_directory(parent)) parent = place(path.parent(), new_node(Kind::directory));
  parent->children[std::string(path.name())] = node;
  touch(*parent);
  return node;
}

MemoryTree::NodePtr MemoryTree::put_file(std::string_view path, std::string content) {
  NodePtr node = new_node(Kind::file);
  node->content = std::move(content);
  return place(Path(path), node);
}

MemoryTree::NodePtr MemoryTree::put_directory(std::string_view path) {
  return place(Path(path), new_node(Kind::directory));
}

MemoryTree::NodePtr MemoryTree::put_symlink(std::string_view path, std::string target) {
  NodePtr node = new_node(Kind::symlink);
  node->link_target = std::move(target);
  return place(Path(path), node);
}

void MemoryTree::remove(std::string_view text) {
  const Path path(text);
  const NodePtr parent = need_directory(path.parent());
  parent->children.erase(spelt(*parent, path.name()));
  touch(*parent);
}

std::optional<std::string> MemoryTree::content(std::string_view path) const {
  const NodePtr node = find(Path(path));
  if (!node || node->kind != Kind::file) return std::nullopt;
  return node->content;
}

bool MemoryTree::exists(std::string_view path) const {
  return find(Path(path)) != nullptr;
}

std::vector<std::string> MemoryTree::names(std::string_view directory) const {
  std::vector<std::string> result;
  for (const auto& [name, node] : need_directory(Path(directory))->children) result.push_back(name);
  return result;
}

MemoryTree::NodePtr MemoryTree::find(const Path& path) const {
  if (path.is_root()) return root_;
  const NodePtr parent = find(path.parent());
  if (!parent) return nullptr;
  const auto child = parent->children.find(spelt(*parent, path.name()));
  return child == parent->children.end() ? nullptr : child->second;
}

MemoryTree::NodePtr MemoryTree::need(const Path& path) const {
  NodePtr node = find(path);
  if (!node) refuse(ENOENT, path);
  return node;
}

MemoryTree::NodePtr MemoryTree::need_directory(const Path& path) const {
  NodePtr node = need(path);
  if (!is_directory(node)) refuse(ENOTDIR, path);
  return node;
}

MemoryTree::NodePtr MemoryTree::open_for_writing(const Path& path) {
  NodePtr node = find(path);
  if (is_directory(node)) refuse(EISDIR, path);
  if (node) return node;
  const NodePtr parent = need_directory(path.parent());
  node = new_node(Kind::file);
  parent->children[std::string(path.name())] = node;
  touch(*parent);
  return node;
}

void MemoryTree::make_directory(const Path& path) {
  if (find(path)) refuse(EEXIST, path);
  const NodePtr parent = need_directory(path.parent());
  parent->children[std::string(path.name())] = new_node(Kind::directory);
  touch(*parent);
}

void MemoryTree::remove_file(const Path& path) {
  if (is_directory(need(path))) refuse(EISDIR, path);
  remove(path.str());
}

void MemoryTree::remove_directory(const Path& path) {
  if (path.is_root()) refuse(EBUSY, path);
  if (!need_directory(path)->children.empty()) refuse(ENOTEMPTY, path);
  remove(path.str());
}

void MemoryTree::rename(const Path& from, const Path& to) {
  const NodePtr node = need(from);
  const NodePtr old = find(to);
  const NodePtr new_parent = need_directory(to.parent());
  if (to.is_below(from)) refuse(EINVAL, to);
  if (node == old && from.name() == to.name()) return;
  if (is_directory(old) && !is_directory(node)) refuse(EISDIR, to);
  if (old && !is_directory(old) && is_directory(node)) refuse(ENOTDIR, to);
  if (is_directory(old) && old != node && !old->children.empty()) refuse(ENOTEMPTY, to);
  remove(from.str());
  const bool replaces = old && old != node;
  new_parent->children[replaces ? spelt(*new_parent, to.name()) : std::string(to.name())] = node;
  touch(*new_parent);
}

}  // namespace ftpfs::test
