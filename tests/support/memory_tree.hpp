// SPDX-License-Identifier: MIT
// The files of a pretended server: what lies there, and the changes a Unix server would allow, with their
// errnos. Tests use it "behind the back" of the file system under test; MemoryRemote puts the port on top.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::test {

class MemoryTree {
 public:
  // Nodes live on while a transfer holds them, as an open file does on a Unix server after unlink and rename.
  struct Node {
    Kind kind = Kind::file;
    std::string content;      // of a file
    std::string link_target;  // of a symlink
    std::uint16_t mode = 0644;
    std::int64_t mtime = 0;
    std::map<std::string, std::shared_ptr<Node>> children;  // of a directory
  };
  using NodePtr = std::shared_ptr<Node>;

  explicit MemoryTree(const Clock& clock);

  // Behind somebody's back: parents are made as needed, what is in the way is replaced.
  NodePtr put_file(std::string_view path, std::string content);
  NodePtr put_directory(std::string_view path);
  NodePtr put_symlink(std::string_view path, std::string target);
  void remove(std::string_view path);                               // with everything below
  std::optional<std::string> content(std::string_view path) const;  // of a file
  bool exists(std::string_view path) const;
  std::vector<std::string> names(std::string_view directory) const;

  // As the server's own commands do it; throw Error.
  NodePtr find(const Path& path) const;  // nullptr: does not exist
  NodePtr need(const Path& path) const;  // ENOENT, ENOTDIR
  NodePtr need_directory(const Path& path) const;
  NodePtr open_for_writing(const Path& path);  // creates
  void make_directory(const Path& path);
  void remove_file(const Path& path);
  void remove_directory(const Path& path);
  void rename(const Path& from, const Path& to);

  // From now on "A" is "a", whichever was first, as on Windows.
  void fold_case() { folds_case_ = true; }

  std::int64_t now() const;  // seconds since 1970, by the clock

 private:
  NodePtr place(const Path& path, NodePtr node);
  NodePtr new_node(Kind kind) const;
  std::string spelt(const Node& directory, std::string_view name) const;  // as it is there, if it is
  void touch(Node& directory) const { directory.mtime = now(); }

  const Clock& clock_;
  NodePtr root_;
  bool folds_case_ = false;
};

}  // namespace ftpfs::test
