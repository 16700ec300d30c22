// SPDX-License-Identifier: MIT
#include "support/fake_server/tree.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ftpfs::test {
namespace {

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty()) parts.push_back(part);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

}  // namespace

Tree::Tree() {
  root_.kind = Node::Kind::directory;
  root_.mode = 0755;
  root_.mtime = default_mtime;
}

std::string Tree::resolve(std::string_view directory, std::string_view path) {
  std::vector<std::string_view> parts;
  if (!path.starts_with('/')) parts = components(directory);
  for (const std::string_view part : components(path)) {
    if (part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string resolved;
  for (const std::string_view part : parts) resolved.append("/").append(part);
  return resolved.empty() ? "/" : resolved;
}

std::string Tree::spelt(std::string_view path) {
  const auto same = [](unsigned char left, unsigned char right) {
    return std::tolower(left) == std::tolower(right);
  };
  std::string result;
  for (const std::string_view part : components(path)) {
    std::string name(part);
    const Node* directory = find(result);
    if (directory != nullptr && !directory->children.contains(part)) {
      for (const auto& [child, node] : directory->children)
        if (std::ranges::equal(child, part, same)) name = child;
    }
    result.append("/").append(name);
  }
  return result.empty() ? "/" : result;
}

std::string Tree::parent(std::string_view path) {
  return resolve(path, "..");
}

std::string_view Tree::name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

Node* Tree::find(std::string_view path) {
  return walk(path, true, 8);
}

Node* Tree::find_itself(std::string_view path) {
  return walk(path, false, 8);
}

Node* Tree::walk(std::string_view path, bool follow_last, int links_left) {
  Node* node = &root_;
  std::string here = "/";
  const auto parts = components(path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!node->is_directory()) return nullptr;
    const auto child = node->children.find(parts[i]);
    if (child == node->children.end()) return nullptr;
    node = child->second.get();
    const bool follow = follow_last || i + 1 < parts.size();
    if (node->kind == Node::Kind::symlink && follow) {
      if (links_left == 0) return nullptr;
      node = walk(resolve(here, node->target), true, links_left - 1);
      if (node == nullptr) return nullptr;
    }
    here = resolve(here, parts[i]);
  }
  return node;
}

Node& Tree::make(std::string_view path, Node::Kind kind, unsigned mode) {
  if (path != "/" && !exists(parent(path))) directory(parent(path));
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->mode = mode;
  node->mtime = default_mtime;
  if (!put(path, std::move(node)))
    throw std::invalid_argument("fake server: no directory for " + std::string(path));
  return *find_itself(path);
}

Node& Tree::file(std::string_view path, std::string content, std::time_t mtime) {
  Node& node = make(path, Node::Kind::file, 0644);
  node.content = std::move(content);
  node.mtime = mtime;
  return node;
}

Node& Tree::directory(std::string_view path) {
  Node* existing = find_itself(path);
  if (existing != nullptr && existing->is_directory()) return *existing;
  return make(path, Node::Kind::directory, 0755);
}

Node& Tree::symlink(std::string_view path, std::string target) {
  Node& node = make(path, Node::Kind::symlink, 0777);
  node.target = std::move(target);
  return node;
}

const std::string& Tree::content(std::string_view path) {
  const Node* node = find(path);
  if (node == nullptr) throw std::invalid_argument("fake server: no such file: " + std::string(path));
  return node->content;
}

std::unique_ptr<Node> Tree::take(std::string_view path) {
  Node* directory = find(parent(path));
  if (directory == nullptr) return nullptr;
  const auto child = directory->children.find(name(path));
  if (child == directory->children.end()) return nullptr;
  auto node = std::move(child->second);
  directory->children.erase(child);
  return node;
}

bool Tree::put(std::string_view path, std::unique_ptr<Node> node) {
  Node* directory = find(parent(path));
  if (directory == nullptr || !directory->is_directory()) return false;
  directory->children[std::string(name(path))] = std::move(node);
  return true;
}

}  // namespace ftpfs::test
