// SPDX-License-Identifier: MIT
// The naive reference file system: a map of names, a string a file. What POSIX says, in the fewest lines;
// every cleverness of the real one must come to the same bytes and the same errno.
#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/base/error.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::test {

class ModelFs {
 public:
  struct Node {
    bool is_directory = false;
    std::string content;
  };
  using File = std::shared_ptr<Node>;  // an open file: outlives its name

  ModelFs() { nodes_[Path()] = directory(); }

  File find(const Path& path) const {
    check_parents(path);
    const auto found = nodes_.find(path);
    if (found == nodes_.end()) throw Error(ENOENT, path.str());
    return found->second;
  }
  bool exists(const Path& path) const { return nodes_.contains(path); }

  // open(2) with O_CREAT.
  File open(const Path& path) {
    check_parents(path);
    File& node = nodes_[path];
    if (!node) node = std::make_shared<Node>();
    if (node->is_directory) throw Error(EISDIR, path.str());
    return node;
  }
  static std::string read(const Node& file, std::uint64_t offset, std::size_t size) {
    return offset >= file.content.size() ? "" : file.content.substr(offset, size);
  }
  static void write(Node& file, std::uint64_t offset, std::string_view bytes) {
    if (file.content.size() < offset + bytes.size()) file.content.resize(offset + bytes.size());
    file.content.replace(offset, bytes.size(), bytes);
  }
  void truncate(const Path& path, std::uint64_t size) {
    const File file = find(path);
    if (file->is_directory) throw Error(EISDIR, path.str());
    file->content.resize(size);
  }

  std::vector<std::string> names(const Path& path) const {
    if (!find(path)->is_directory) throw Error(ENOTDIR, path.str());
    std::vector<std::string> result;
    for (const auto& [name, node] : nodes_) {
      if (!name.is_root() && name.parent() == path) result.emplace_back(name.name());
    }
    return result;
  }
  void mkdir(const Path& path) {
    check_parents(path);
    if (exists(path)) throw Error(EEXIST, path.str());
    nodes_[path] = directory();
  }
  void unlink(const Path& path) {
    if (find(path)->is_directory) throw Error(EISDIR, path.str());
    nodes_.erase(path);
  }
  void rmdir(const Path& path) {
    if (!names(path).empty()) throw Error(ENOTEMPTY, path.str());
    nodes_.erase(path);
  }
  void rename(const Path& from, const Path& to) {
    check_parents(from);
    check_parents(to);
    const File node = find(from);
    if (to.is_below(from)) throw Error(EINVAL, to.str());
    if (from == to) return;
    if (exists(to)) make_way(*node, to);
    move(from, to);
  }

  const std::map<Path, File>& all() const noexcept { return nodes_; }

 private:
  static File directory() { return std::make_shared<Node>(Node{true, {}}); }

  void check_parents(const Path& path) const {
    if (path.is_root()) return;
    check_parents(path.parent());
    const auto parent = nodes_.find(path.parent());
    if (parent == nodes_.end()) throw Error(ENOENT, path.str());
    if (!parent->second->is_directory) throw Error(ENOTDIR, path.str());
  }
  void make_way(const Node& node, const Path& to) {
    const bool replaces_directory = find(to)->is_directory;
    if (replaces_directory && !node.is_directory) throw Error(EISDIR, to.str());
    if (!replaces_directory && node.is_directory) throw Error(ENOTDIR, to.str());
    if (replaces_directory && !names(to).empty()) throw Error(ENOTEMPTY, to.str());
    nodes_.erase(to);
  }
  void move(const Path& from, const Path& to) {
    std::map<Path, File> moved;
    for (auto it = nodes_.begin(); it != nodes_.end();) {
      const auto current = it++;
      const Path& path = current->first;
      if (path != from && !path.is_below(from)) continue;
      moved[Path(to.str() + path.str().substr(from.str().size()))] = current->second;
      nodes_.erase(current);
    }
    nodes_.merge(moved);
  }

  std::map<Path, File> nodes_;
};

}  // namespace ftpfs::test
