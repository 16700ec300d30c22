// SPDX-License-Identifier: MIT
// What lies on the fake server: files, directories and symlinks in memory. Paths are absolute ("/a/b").
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace ftpfs::test {

struct Node {
  enum class Kind { file, directory, symlink } kind = Kind::file;
  std::string content;  // of a file
  std::string target;   // of a symlink
  unsigned mode = 0644;
  std::time_t mtime = 0;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;  // of a directory

  bool is_directory() const { return kind == Kind::directory; }
};

class Tree {
 public:
  static constexpr std::time_t default_mtime = 1'600'000'000;  // 2020-09-13 12:26:40 UTC

  Tree();

  // For building: parents are made as needed, what was there is replaced.
  Node& file(std::string_view path, std::string content, std::time_t mtime = default_mtime);
  Node& directory(std::string_view path);
  Node& symlink(std::string_view path, std::string target);

  Node* find(std::string_view path);         // follows symlinks; nullptr: absent or dangling
  Node* find_itself(std::string_view path);  // a symlink as such
  bool exists(std::string_view path) { return find_itself(path) != nullptr; }
  const std::string& content(std::string_view path);  // of an existing file

  std::unique_ptr<Node> take(std::string_view path);            // nullptr: absent
  bool put(std::string_view path, std::unique_ptr<Node> node);  // false: the parent is no directory

  // `path` with the names as they are spelt here, where they differ in nothing but case.
  std::string spelt(std::string_view path);

  // `path` seen from `directory`, without "." and "..".
  static std::string resolve(std::string_view directory, std::string_view path);
  static std::string parent(std::string_view path);
  static std::string_view name(std::string_view path);

 private:
  Node* walk(std::string_view path, bool follow_last, int links_left);
  Node& make(std::string_view path, Node::Kind kind, unsigned mode);

  Node root_;
};

}  // namespace ftpfs::test
