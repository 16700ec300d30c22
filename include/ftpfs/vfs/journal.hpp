// SPDX-License-Identifier: MIT
// What survives us: which stages have a name in the spool and a record beside it, and what the records say.
//
//   note      costs a few system calls: the content survives the end of this process
//   secure    waits for the disk: it survives the end of the machine
//   forget    the server has it, or nobody wants it any more
//   forgotten waits for the disk: not even the end of the machine brings it back
//
// A stage that is dirty for a moment only, as that of nearly every file is, is never noted.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ftpfs/base/off_loop.hpp>
#include <ftpfs/vfs/reader.hpp>
#include <ftpfs/vfs/record.hpp>
#include <ftpfs/vfs/spool.hpp>

namespace ftpfs::vfs {

// A stage's place in the journal. What is recorded stays when this goes; else the stage loses its name, which
// it could never get back before (linkat(2) gives none to a file that has lost its last one).
struct JournalEntry {
  JournalEntry() = default;
  JournalEntry(JournalEntry&&) = default;
  JournalEntry& operator=(JournalEntry&&) = default;
  ~JournalEntry();

  void forget() noexcept;  // nobody needs it after a crash any more

  std::shared_ptr<SpoolFolder> folder;
  SpoolFolder::Id id = 0;
  SpoolFolder::Generation generation = 0;       // of the newest record
  std::vector<SpoolFolder::Generation> before;  // older ones that are still there
  UniqueFd record;                              // the newest one, until it is on disk
  bool recorded = false;
  Record::State state = Record::State::open;
  std::uint64_t size = 0;                   // that it tells
  std::uint64_t secured = 0;                // of Stage::changes()
  bool promised = false;                    // secure() has been asked for: the record says so from then on
  bool in_doubt = false;                    // of an earlier mount: nobody knows what of it is on disk
  bool holds_old = false;                   // Stage::old is beside it, on disk
  std::optional<SpoolFolder::Id> replaces;  // Record::replaces
  std::string failure;  // of the disk that the content is on: nothing is promised any more
};

bool noted(const Stage& stage) noexcept;

class Journal {
 public:
  Journal(ReaderContext& context, Spool* spool, Executor loop, Logger logger);

  // Throw Error(ENOSPC...). What is complete stays so until it is forgotten.
  void note(Node& node, Record::State state);
  awaitable<void> secure(NodeRef node);  // as complete, everything written before the call
  void forget(Stage& stage) noexcept;
  void forget(JournalEntry& entry) noexcept;
  // The file has the name of another one: at no time, whenever the machine ends, is there neither.
  static void replaces(Node& node, const JournalEntry& replaced) noexcept;  // then renew, then
  awaitable<void> take_place(NodeRef node, JournalEntry* replaced);         // forget it
  static void forget_old(Stage& stage) noexcept;  // the server has it again, or something newer
  // Returns when what was forgotten so far stays so, at once nearly always: before anybody is told that a
  // file is removed or replaced, which the next mount would bring back.
  awaitable<void> forgotten();

  // Somebody waits for it to be saved: worth sending after a crash, though nobody was promised anything.
  void note_wanted(Node& node) noexcept;
  void note_soon(Node& node);                           // when it is still dirty in a second
  void renew(Node& node) noexcept;                      // it is noted, and what the record says has changed
  void shrinks(Node& node, std::uint64_t size);         // before the stage is cut to `size`
  static void adopt(Stage& stage, JournalEntry entry);  // of what a mount before us has left

 private:
  static constexpr std::chrono::seconds soon{1};

  static awaitable<void> note_later(Journal* self);
  static awaitable<void> bring_removals_to_disk(Journal* self);
  enum class Promise { as_before, given };  // it will be brought to the disk before anybody hears of it
  void write(Node& node, Record::State state, std::uint64_t size, Promise promise = Promise::as_before);
  awaitable<void> bring_to_disk(NodeRef node);
  Record record_of(const Node& node, const JournalEntry& entry, std::uint64_t size) const;

  ReaderContext& context_;
  Spool* spool_;  // nullptr: read-only mount
  OffLoop off_loop_;
  Logger logger_;
  std::vector<std::pair<Ino, std::weak_ptr<Stage>>> young_;
  bool noting_ = false;
  std::uint64_t removals_ = 0;  // of what is on disk
  std::uint64_t removals_on_disk_ = 0;
  bool bringing_ = false;
  WaitList brought_;
};

}  // namespace ftpfs::vfs
