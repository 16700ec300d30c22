// SPDX-License-Identifier: MIT
// One inode: a name on the server (or one that is on its way there), what we know about it and what hangs on
// it. Owned by the InodeTable; held by NodeRef wherever a coroutine may be suspended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/directory.hpp>
#include <ftpfs/vfs/stage.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::vfs {

struct Node {
  explicit Node(Ino number) : ino(number) {}

  Ino ino;
  Node* parent = nullptr;  // of the root: nullptr
  std::string name;
  bool linked = true;  // false: unlinked or replaced; still reachable by handles and kernel references

  std::uint64_t lookups = 0;   // the kernel's references
  std::uint32_t uses = 0;      // NodeRefs
  std::uint32_t children = 0;  // nodes whose parent this is
  std::uint32_t handles = 0;   // open files
  std::uint32_t writers = 0;   // of these, open for writing

  Attributes attributes;  // as the server last told
  std::string link_target;
  Clock::time_point learned{};        // when it told
  bool on_server = true;              // false: created here, nothing sent yet
  std::optional<std::int64_t> atime;  // FTP has none: remembered while the node lives
  std::optional<Path> hidden_as;  // unlinked while open: where the content lies until the last handle closes
  std::uint64_t version = 1;      // counts changes of content that we noticed or made
  std::uint64_t kernel_version = 0;  // the version whose pages the kernel may hold

  std::unique_ptr<Directory> directory;  // directories that were listed or edited
  std::shared_ptr<Stage> stage;          // files being written or with unsaved changes
};

}  // namespace ftpfs::vfs
