// SPDX-License-Identifier: MIT
// One inode: a name on the server (or one that is on its way there), what we know about it and what hangs on
// it. Owned by the InodeTable; held by NodeRef wherever a coroutine may be suspended.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <boost/intrusive/unordered_set_hook.hpp>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/rare.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/directory.hpp>
#include <ftpfs/vfs/name.hpp>
#include <ftpfs/vfs/stage.hpp>
#include <ftpfs/vfs/vfs.hpp>
#include <ftpfs/vfs/witness.hpp>

namespace ftpfs::vfs {

// What few of a million nodes have: what was done here to the file or directory, or is being done.
struct Marks {
  std::optional<Ino>
      shown;  // st_ino: the same again after the kernel has forgotten the file; see departed.hpp
  std::uint32_t handles = 0;   // open files
  std::uint32_t writers = 0;   // of these, open for writing
  std::uint32_t moving = 0;    // renames and removals of it that are under way
  std::uint32_t renaming = 0;  // renames of it that the server is at
  // What chmod asked for where the server keeps a right to itself (Remote::set_mode): shown until the server
  // tells another mode.
  std::optional<std::uint16_t> shown_mode;
  Rare<std::string> link_target;
  // FTP has no time of access nor of the last change: what is set and done here is remembered while the node
  // lives.
  std::optional<std::int64_t> atime;
  std::optional<std::int64_t> ctime;  // by this computer's clock, as all of them
  // Shown in place of the server's: the time set on a symlink, or on a directory where the server sets those
  // of files only; and of a file the minute that was told before its second was known.
  std::optional<std::int64_t> kept_mtime;
  Rare<Path> hidden_as;  // unlinked while open: where the content lies until the last handle closes
  std::uint64_t foreign_version = 0;   // the last one that somebody else made
  std::uint64_t kernel_version = 0;    // the version whose pages the kernel may hold
  std::uint64_t streamed_version = 0;  // of which a stream was begun
  std::uint64_t mixed_version = 0;     // told to the kernel, and then bytes of an older one were handed out
  std::optional<std::uint64_t> kernel_size;  // of the version before, if the kernel was told
  Rare<Witness> witness;                     // once something was read
  std::exception_ptr unheard;    // why a file could not be sent whose close() had succeeded (writeback=)
  std::exception_ptr complaint;  // the last one, also when one has heard it
  std::uint32_t complaints = 0;  // each handle that writes is to hear the last of them
  std::unique_ptr<Directory> directory;  // directories that were listed or edited
};

// What hangs a node into the InodeTable's two sets.
using InodeHook =
    boost::intrusive::unordered_set_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// As small as can be, for there is one for each name that the kernel knows: 136 bytes.
struct Node {
  explicit Node(Ino number) : ino(number) {}

  // Reading does not make them.
  const Marks& marks() const noexcept { return marks_ ? *marks_ : unmarked; }
  Marks& mark() { return marks_ ? *marks_ : *(marks_ = std::make_unique<Marks>()); }

  Ino shown() const noexcept { return marks().shown.value_or(ino); }

  std::uint64_t new_version() noexcept {
    const bool known = told && !stage;
    if (marks_) marks_->kernel_size = known ? std::optional(attributes.size) : std::nullopt;
    told = false;
    return ++version;
  }
  void took_mode(std::uint16_t wanted, std::uint16_t taken) {
    attributes.mode = taken;
    if (wanted != taken)
      mark().shown_mode = wanted;
    else
      forget(&Marks::shown_mode);
  }
  void complain(std::exception_ptr failure) {
    mark().unheard = mark().complaint = std::move(failure);
    ++mark().complaints;
  }
  template <class T>
  void forget(T Marks::*mark) noexcept {
    if (marks_) (*marks_.*mark).reset();
  }

  InodeHook by_number;
  InodeHook by_name;
  Ino ino;
  Node* parent = nullptr;  // of the root: nullptr
  Name name;
  std::uint64_t lookups = 0;        // the kernel's references
  std::uint32_t uses = 0;           // NodeRefs
  std::uint32_t children : 29 = 0;  // nodes whose parent this is
  // The kernel was told this version's size: it then drops its pages where that is another one.
  bool told : 1 = false;
  bool linked : 1 = true;     // false: unlinked or replaced; still reachable by handles and kernel references
  bool on_server : 1 = true;  // false: created here, nothing sent yet

  Attributes attributes;         // as the server last told
  Clock::time_point learned{};   // when it told
  std::uint64_t version = 1;     // counts changes of content that we noticed or made
  std::shared_ptr<Stage> stage;  // files being written or with unsaved changes

 private:
  static const Marks unmarked;

  std::unique_ptr<Marks> marks_;
};

}  // namespace ftpfs::vfs
