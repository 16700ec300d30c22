// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/journal.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

UniqueFd duplicate(int file) {
  UniqueFd copy(::fcntl(file, F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Error(errno, std::string("cannot bring the spool to the disk: ") + std::strerror(errno));
  return copy;
}

struct Files {
  UniqueFd content;
  UniqueFd record;  // empty: it is on disk already
  UniqueFd old;     // empty: there is none
  UniqueFd folder;
};

void sync(const Files& files) {
  const bool done = ::fdatasync(files.content.get()) == 0 &&
                    (!files.old || ::fdatasync(files.old.get()) == 0) &&
                    (!files.record || ::fsync(files.record.get()) == 0) && ::fsync(files.folder.get()) == 0;
  if (!done) throw Error(errno, std::string("cannot bring the spool to the disk: ") + std::strerror(errno));
}

// What must be on disk before the server's version is emptied.
bool wants_old(const Stage& stage) {
  return stage.old && !stage.entry->holds_old;
}

}  // namespace

bool noted(const Stage& stage) noexcept {
  return stage.entry && stage.entry->recorded;
}

JournalEntry::~JournalEntry() {
  if (!folder || recorded) return;
  folder->remove_stage(id);
  folder->remove_old(id);
}

// The older records first: none may outlive the one that corrects it.
void JournalEntry::forget() noexcept {
  if (!recorded) return;
  for (const SpoolFolder::Generation older : std::exchange(before, {})) folder->remove_record(id, older);
  folder->remove_record(id, generation);
  folder->remove_old(id);
  record.reset();
  replaces.reset();
  holds_old = false;
  recorded = false;
  promised = false;
  state = Record::State::open;
  secured = 0;
}

Journal::Journal(ReaderContext& context, Spool* spool, Executor loop, Logger logger)
    : context_(context), spool_(spool), off_loop_(std::move(loop)), logger_(std::move(logger)) {}

Record Journal::record_of(const Node& node, const JournalEntry& entry, std::uint64_t size) const {
  const Stage& stage = *node.stage;
  Record record;
  record.source = context_.config.spool_source;
  record.path = context_.nodes.path(node);
  record.state = entry.state;
  if (node.on_server) record.base = node.attributes;
  record.extent = stage.extent();
  record.extent.cut(size);
  record.may_append = stage.may_append;
  record.written_at = stage.written_at;
  record.mtime = stage.mtime;
  record.mode = stage.mode;
  if (stage.transmission && stage.transmission->way == Transmission::Way::temporary)
    record.temporary = stage.transmission->path;
  if (!entry.promised && !context_.config.boot_id.empty()) record.boot = context_.config.boot_id;
  record.replaces = entry.replaces;
  return record;
}

void Journal::write(Node& node, Record::State state, std::uint64_t size, Promise promise) {
  Stage& stage = *node.stage;
  const bool is_new = !stage.entry;
  if (is_new) {
    stage.entry = std::make_unique<JournalEntry>();
    stage.entry->folder = spool_->own_folder();
    stage.entry->id = stage.entry->folder->new_id();
  }
  JournalEntry& entry = *stage.entry;
  const Record::State state_before = entry.state;
  const bool promised_before = entry.promised;
  if (state == Record::State::complete) entry.state = state;
  if (promise == Promise::given) entry.promised = true;
  const SpoolFolder::Generation next = entry.generation + 1;
  try {
    entry.record = entry.folder->write_record(entry.id, next, encode(record_of(node, entry, size)));
    if (is_new) entry.folder->name_stage(entry.id, stage.file());
  } catch (...) {
    entry.state = state_before;
    entry.promised = promised_before;
    entry.folder->remove_record(entry.id, next);
    if (is_new) stage.entry.reset();
    throw;
  }
  if (std::exchange(entry.recorded, true)) entry.before.push_back(entry.generation);
  entry.generation = next;
  entry.size = size;
  // What is on disk, or on its way there (bring_to_disk), is let go only when its successor is there, too.
  if (entry.secured == 0 && !promised_before) {
    for (const auto old : std::exchange(entry.before, {})) entry.folder->remove_record(entry.id, old);
  }
}

void Journal::note(Node& node, Record::State state) {
  write(node, state, node.stage->size());
}

awaitable<void> Journal::secure(NodeRef node) {
  const std::shared_ptr<Stage> stage = node->stage;
  const std::uint64_t changes = stage->changes();
  const bool on_disk =
      noted(*stage) && stage->entry->secured == changes && !stage->entry->record && !stage->entry->in_doubt;
  if (!on_disk || wants_old(*stage)) co_await bring_to_disk(node);
}

// After a failure the kernel takes what it could not write for written, and would say yes the next time.
awaitable<void> Journal::bring_to_disk(NodeRef node) {
  const std::shared_ptr<Stage> stage = node->stage;
  const std::uint64_t changes = stage->changes();
  if (stage->entry && !stage->entry->failure.empty()) throw Error(EIO, stage->entry->failure);
  write(*node, Record::State::complete, stage->size(), Promise::given);
  const SpoolFolder::Generation generation = stage->entry->generation;
  const auto files = std::make_shared<Files>();
  files->content = duplicate(stage->file());
  files->record = duplicate(stage->entry->record.get());
  files->folder = duplicate(stage->entry->folder->descriptor());
  if (wants_old(*stage)) {
    files->old = duplicate(stage->old->file());
    stage->entry->folder->name_old(stage->entry->id, stage->old->file());
  }
  std::function<void()> work = [files] { sync(*files); };
  std::exception_ptr failure;
  try {
    co_await off_loop_.run(std::move(work));
  } catch (const Error& error) {
    failure = std::current_exception();
    if (stage->entry) stage->entry->failure = error.what();
  }
  if (failure) std::rethrow_exception(failure);
  if (!noted(*stage) || stage->entry->generation < generation) co_return;  // the server has it
  JournalEntry& entry = *stage->entry;
  entry.secured = std::max(entry.secured, changes);
  entry.in_doubt = false;
  if (files->old) entry.holds_old = true;
  const auto older = [&](SpoolFolder::Generation one) {
    if (one >= generation) return false;
    entry.folder->remove_record(entry.id, one);
    return true;
  };
  std::erase_if(entry.before, older);
  if (entry.generation == generation) entry.record.reset();
}

void Journal::forget(Stage& stage) noexcept {
  if (stage.entry) forget(*stage.entry);
}

void Journal::forget(JournalEntry& entry) noexcept {
  if (entry.secured > 0) ++removals_;
  entry.forget();
}

void Journal::replaces(Node& node, const JournalEntry& replaced) noexcept {
  JournalEntry* const entry = node.stage ? node.stage->entry.get() : nullptr;
  const bool both_promised = entry && entry->recorded && entry->secured > 0 && replaced.secured > 0;
  if (both_promised && entry->folder == replaced.folder) entry->replaces = replaced.id;
}

awaitable<void> Journal::take_place(NodeRef node, JournalEntry* replaced) {
  const std::shared_ptr<Stage> stage = node->stage;
  if (stage && noted(*stage) && stage->entry->replaces == replaced->id) {
    try {
      co_await bring_to_disk(node);
    } catch (const std::exception& error) {
      logger_->warn("after a power failure {} may have its old name again: {}", escaped(node->name),
                    error.what());
    }
  }
  forget(*replaced);
}

void Journal::forget_old(Stage& stage) noexcept {
  if (!stage.entry || !std::exchange(stage.entry->holds_old, false)) return;
  stage.entry->folder->remove_old(stage.entry->id);
}

awaitable<void> Journal::forgotten() {
  const std::uint64_t wanted = removals_;
  const std::stop_token never;
  while (removals_on_disk_ < wanted) {
    if (!std::exchange(bringing_, true)) context_.tasks.spawn(bring_removals_to_disk(this));
    co_await brought_.wait(never);
  }
}

// One call serves all who wait.
awaitable<void> Journal::bring_removals_to_disk(Journal* self) {
  const std::uint64_t so_far = self->removals_;
  const auto folders = std::make_shared<std::vector<UniqueFd>>();
  try {
    for (const auto& folder : self->spool_->all()) folders->push_back(duplicate(folder->descriptor()));
    std::function<void()> work = [folders] {
      for (const UniqueFd& folder : *folders) {
        if (::fsync(folder.get()) != 0) throw Error(errno, std::strerror(errno));
      }
    };
    co_await self->off_loop_.run(std::move(work));
  } catch (const std::exception& error) {
    self->logger_->warn("after a power failure the next mount may send again what was sent or removed: {}",
                        error.what());
  }
  self->removals_on_disk_ = so_far;
  self->bringing_ = false;
  self->brought_.wake_all();
}

void Journal::adopt(Stage& stage, JournalEntry entry) {
  stage.entry = std::make_unique<JournalEntry>(std::move(entry));
}

void Journal::note_soon(Node& node) {
  young_.emplace_back(node.ino, node.stage);
  if (!std::exchange(noting_, true)) context_.tasks.spawn(note_later(this));
}

awaitable<void> Journal::note_later(Journal* self) {
  const std::stop_token stop = self->context_.tasks.stop_token();
  while (!self->young_.empty()) {
    const auto due = std::exchange(self->young_, {});
    const Clock::time_point when = self->context_.clock.now() + soon;
    Clock& clock = self->context_.clock;
    co_await clock.sleep_until(when, stop);
    for (const auto& [ino, young] : due) {
      Node* const node = self->context_.nodes.find(ino);
      const std::shared_ptr<Stage> stage = young.lock();
      if (stage) stage->watched = false;
      const bool needs_it = node && stage && node->stage == stage && stage->dirty() && node->linked;
      if (!needs_it || noted(*stage)) continue;
      const bool wanted = stage->running && stage->attempts > 0;  // by a flush
      try {
        self->note(*node, wanted ? Record::State::complete : Record::State::open);
      } catch (const std::exception& error) {  // the others are noted all the same
        self->logger_->info("{} would not survive a crash: {}", escaped(node->name), error.what());
      }
    }
  }
  self->noting_ = false;
}

void Journal::note_wanted(Node& node) noexcept {
  try {
    note(node, Record::State::complete);
  } catch (const std::exception& error) {
    logger_->info("{} would not survive a crash: {}", escaped(node.name), error.what());
  }
}

void Journal::renew(Node& node) noexcept {
  if (!node.stage || !noted(*node.stage) || !node.linked) return;
  try {
    write(node, node.stage->entry->state, node.stage->size());
  } catch (const std::exception& error) {
    logger_->warn("the journal does not know the last about {}: {}", escaped(node.name), error.what());
  }
}

// The content may become shorter than the record tells only for want of data that was lost.
void Journal::shrinks(Node& node, std::uint64_t size) {
  if (!node.stage || !noted(*node.stage) || node.stage->entry->size <= size || !node.linked) return;
  write(node, node.stage->entry->state, size);
}

}  // namespace ftpfs::vfs
