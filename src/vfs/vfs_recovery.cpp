// SPDX-License-Identifier: MIT
// What mounts that died have left is brought to the server: stages come back to life where they were, and are
// uploaded as any other. Before that the server is looked at. It may have what was left already, or part of
// it (we were killed before the record was removed), or another version (somebody else wrote). Content
// decides, no time does.
//
// This may be killed at any point. A record goes only when the server has the content, or when its successor
// is on disk.
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t compared_whole = 64u << 20;  // of larger ones, as much at both ends

// What is left keeps its own: the line may die before it is known what becomes of it.
UniqueFd another(const UniqueFd& file) {
  UniqueFd copy(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw Error(errno, "cannot open a file in the spool once more");
  return copy;
}

std::shared_ptr<Stage> revived(const Remains& remains) {
  struct ::stat file {};
  if (::fstat(remains.content.get(), &file) != 0) throw Error(errno, "cannot look at a file in the spool");
  Stage::Extent extent = remains.record.extent;
  const auto size = static_cast<std::uint64_t>(file.st_size);
  if (size > extent.size) {  // written after the record, and nobody was told: as a local disk, we keep it
    extent.lowest_change = std::min(extent.lowest_change, extent.size);
    extent.size = size;
  }
  auto stage = std::make_shared<Stage>(another(remains.content), extent);
  stage->may_append = remains.record.may_append;
  stage->written_at = remains.record.written_at;
  stage->mtime = remains.record.mtime;
  stage->mode = remains.record.mode;
  return stage;
}

// What the server had, whole.
std::unique_ptr<Stage> old_of(const Remains& remains) {
  if (!remains.old) return nullptr;
  struct ::stat file {};
  if (::fstat(remains.old.get(), &file) != 0) throw Error(errno, "cannot look at a file in the spool");
  const auto size = static_cast<std::uint64_t>(file.st_size);
  const Stage::Extent whole{size, size, size, std::numeric_limits<std::uint64_t>::max(), {{0, size}}};
  return std::make_unique<Stage>(another(remains.old), whole);
}

// Of bytes that were appended: what is behind the server's version, as a file of its own.
std::shared_ptr<Stage> tail_of(const Stage& stage, const SpoolFolder& folder) {
  auto tail = std::make_shared<Stage>(folder.create(), 0);
  constexpr std::size_t piece = 256u << 10;
  Buffer buffer(piece);
  for (std::uint64_t at = stage.base_size(); at < stage.size();) {
    const std::size_t size = std::min<std::uint64_t>(piece, stage.size() - at);
    stage.read(at, buffer.bytes().first(size));
    tail->write(at - stage.base_size(), std::as_const(buffer).bytes().first(size));
    at += size;
  }
  tail->written_at = stage.written_at;
  return tail;
}

}  // namespace

awaitable<void> Vfs::Impl::recover_one(Remains* remains, std::stop_token stop) {
  const Record& record = remains->record;
  const Path path = record.path;
  const std::optional<Attributes> there = co_await remote.stat(path, stop);
  const std::shared_ptr<Stage> stage = revived(*remains);
  stage->old = old_of(*remains);
  const std::optional<NodeRef> directory = co_await directory_of(path.parent(), stop);
  if (!directory) {
    keep(remains, *stage, path, "its directory is no more");
    co_return;
  }
  const Node* const known = nodes.find(**directory, path.name());
  Arrived arrived = Arrived::other;  // where two mounts have left a file of one name
  if (!known || !known->stage) arrived = co_await find_out(remains, stage, path, there, stop);
  if (record.temporary) hidden.remove(*record.temporary);
  if (arrived == Arrived::other) {
    co_await store_beside(remains, stage, *directory, path, stop);
    co_return;
  }
  if (arrived == Arrived::all) {
    if (!record.mtime && !record.mode) {
      journal.forget(remains->entry);
      co_return;
    }
    stage->saved = stage->changes();
  }
  // An append in doubt has not arrived then.
  if (arrived == Arrived::nothing && there && record.base && record.base->size_known)
    stage->may_append = true;
  if (stage->old && arrived == Arrived::part) {
    stage->old_is_lost = true;  // it goes back there if ours cannot be stored
    stage->may_append = false;
  } else if (arrived == Arrived::part && stage->append_only()) {
    stage->rebase(there->size, true);
    stage->may_append = true;
  } else if (arrived == Arrived::part) {
    stage->created_here = true;
  }
  if (arrived != Arrived::part) stage->old.reset();
  logger->warn("{} was written before the last mount died, and is sent to the server now",
               escaped(path.str()));
  Journal::adopt(*stage, std::move(remains->entry));
  stage->aside = !stage->may_append && !stage->old;  // the upload of the dead mount may still begin
  if (!stage->old) Journal::forget_old(*stage);
  const std::string name(path.name());
  NodeRef node = take_over(*directory, name, stage, there);
  uploads.settle(node);
}

void Vfs::Impl::keep(Remains* remains, const Stage& stage, const Path& path, std::string_view why) {
  const std::string kept = remains->entry.folder->keep(stage.file(), path.name());
  const bool partial = stage.missing({0, stage.size()}).has_value();
  logger->error("{} cannot be sent to the server: {}. Its content is kept in {}{}", escaped(path.str()), why,
                kept, partial ? " (parts that were never read or written here are zeros)" : "");
  keep_old(*remains, stage, path);
  journal.forget(remains->entry);
}

// It may be the only copy.
void Vfs::Impl::keep_old(const Remains& remains, const Stage& stage, const Path& path) {
  if (!stage.old) return;
  const std::string name = fmt::format("{}.old", path.name());
  const std::string kept = remains.entry.folder->keep(stage.old->file(), name);
  logger->error("What {} was on the server before may be lost there: it is kept in {}", escaped(path.str()),
                kept);
}

awaitable<std::optional<NodeRef>> Vfs::Impl::directory_of(Path path, std::stop_token stop) {
  if (path.is_root()) co_return NodeRef(nodes, nodes.root());
  const std::optional<NodeRef> above = co_await directory_of(path.parent(), stop);
  if (!above) co_return std::nullopt;
  const std::string name(path.name());
  std::optional<NodeRef> found = co_await resolve(*above, name, stop);
  if (found && (*found)->attributes.kind != Kind::directory) found.reset();
  co_return found;
}

// How much of it does the server have, under the name that it is to have?
awaitable<Arrived> Vfs::Impl::find_out(const Remains* remains, std::shared_ptr<Stage> stage, Path path,
                                       std::optional<Attributes> there, std::stop_token stop) {
  const std::optional<Attributes>& base = remains->record.base;
  if (stage->old) co_return co_await find_out_in_place(stage, path, there, stop);
  if (there && base && there->size_known && same_version(*base, *there)) co_return Arrived::nothing;
  const bool append = stage->append_only() && stage->base_size() > 0;
  if (!append && stage->missing({0, stage->size()}))
    co_return Arrived::other;  // nobody has the rest any more
  if (!there) co_return append ? Arrived::other : Arrived::nothing;
  if (there->kind != Kind::file || !there->size_known) co_return Arrived::other;
  if (append ? there->size <= stage->base_size() : there->size > stage->size()) co_return Arrived::other;

  const Range shared{append ? stage->base_size() : 0, std::min(there->size, stage->size())};
  std::vector<Range> compared{shared};
  if (shared.end - shared.begin > 2 * compared_whole)
    compared = {{shared.begin, shared.begin + compared_whole}, {shared.end - compared_whole, shared.end}};
  for (const Range range : compared) {
    const bool same = co_await same_bytes(path, stage, range, stop);
    if (!same) co_return Arrived::other;
  }
  co_return there->size >= stage->size() ? Arrived::all : Arrived::part;
}

// Where STOR has emptied the old content, the server has the beginning of it, or of ours, or all of either.
awaitable<Arrived> Vfs::Impl::find_out_in_place(std::shared_ptr<Stage> stage, Path path,
                                                std::optional<Attributes> there, std::stop_token stop) {
  if (!there || there->kind != Kind::file || !there->size_known) co_return Arrived::other;
  const Range all{0, there->size};
  const bool whole = !stage->missing({0, stage->size()});
  const std::shared_ptr<Stage> old(stage, stage->old.get());
  if (there->size <= old->size()) {
    const bool same = co_await same_bytes(path, old, all, stop);
    if (same && there->size == old->size()) co_return Arrived::nothing;
    if (same && whole) co_return Arrived::part;
  }
  if (whole && there->size <= stage->size()) {
    const bool same = co_await same_bytes(path, stage, all, stop);
    if (same) co_return there->size == stage->size() ? Arrived::all : Arrived::part;
  }
  co_return Arrived::other;
}

awaitable<bool> Vfs::Impl::same_bytes(Path path, std::shared_ptr<Stage> stage, Range range,
                                      std::stop_token stop) {
  if (range.begin == range.end) co_return true;
  const std::unique_ptr<Source> opened = co_await remote.open_source(path, range.begin, stop);
  Source& source = *opened;
  constexpr std::size_t piece = 64u << 10;
  Buffer theirs(piece);
  Buffer ours(piece);
  for (std::uint64_t at = range.begin; at < range.end;) {
    const MutableBytes room = theirs.bytes().first(std::min<std::uint64_t>(piece, range.end - at));
    const std::size_t size = co_await source.read_some(room);
    if (stop.stop_requested()) throw Cancelled();
    if (size == 0) co_return false;
    stage->read(at, ours.bytes().first(size));
    if (!std::equal(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size), ours.data()))
      co_return false;
    at += size;
  }
  co_return true;
}

// Somebody else has changed the file: theirs stays where it is, ours gets a name beside it.
awaitable<void> Vfs::Impl::store_beside(Remains* remains, std::shared_ptr<Stage> stage, NodeRef directory,
                                        Path path, std::stop_token stop) {
  const bool complete = !stage->missing({0, stage->size()});
  const bool appends = !complete && stage->append_only();
  if (!complete && !appends) {
    keep(remains, *stage, path, "it was changed there meanwhile");
    co_return;
  }
  const std::string name = co_await free_name(directory, path.name(), stop);
  keep_old(*remains, *stage, path);
  stage->old.reset();
  if (appends)
    stage = tail_of(*stage, spool->own());
  else
    Journal::adopt(*stage, std::move(remains->entry));
  stage->touch();  // the record is to tell the new name
  NodeRef node = take_over(directory, name, stage, std::nullopt);
  co_await journal.secure(node);
  if (appends) journal.forget(remains->entry);
  logger->warn(
      "{} was changed on the server meanwhile, and stays so. What was written here is stored as {}{}",
      escaped(path.str()), escaped(name), appends ? " (what was to be appended)" : "");
  uploads.settle(node);
}

// The same while we live: the file keeps the server's version, what was written here moves on under a new
// name.
awaitable<void> Vfs::Impl::part_ways(NodeRef node, Attributes theirs, std::stop_token stop) {
  const std::string before = node->name.str();
  NodeRef directory(nodes, *node->parent);
  const std::string name = co_await free_name(directory, before, stop);
  const std::shared_ptr<Stage> stage = node->stage;
  const bool complete = stage && !stage->missing({0, stage->size()});
  bool is_ours = false;  // the reply to our rename was lost
  if (complete && theirs.size == stage->size()) {
    const Path path = nodes.path(*node);
    const Range all{0, stage->size()};
    is_ours = co_await same_bytes(path, stage, all, stop);
  }
  if (complete && !is_ours) co_await uploads.secure(node);  // before anybody is told that it is kept
  if (!stage || node->stage != stage || stage->running) co_return;
  if (is_ours) {
    node->attributes = theirs;
    co_return;
  }
  const Error told(ESTALE, before + " was changed on the server meanwhile; what was written here is kept");
  node->complain(std::make_exception_ptr(told));
  if (!complete) {
    stage->failure = node->marks().unheard;
    uploads.give_up(*node);
    co_return;
  }
  node->stage.reset();
  node->attributes = theirs;
  node->on_server = true;
  node->learned = clock.now();
  node->mark().foreign_version = node->new_version();
  directories.publish(*node);
  stage->touch();
  stage->retrying = false;
  NodeRef beside = take_over(directory, name, stage, std::nullopt);
  journal.renew(*beside);
  logger->warn("{} was changed on the server meanwhile, and stays so. What was written here is stored as {}",
               escaped(before), escaped(name));
  uploads.settle(beside);
}

// A name for what may not take the place of `name`.
awaitable<std::string> Vfs::Impl::free_name(NodeRef directory, std::string_view name, std::stop_token stop) {
  const std::string wanted = fmt::format("{}.ftpfs-conflict-{:%Y%m%d-%H%M%S}", stem_of(name),
                                         fmt::gmtime(static_cast<std::time_t>(wall_seconds())));
  std::string found = wanted;
  for (int number = 2;; ++number) {
    const Path beside = nodes.path(*directory).child(found);
    const std::optional<Attributes> taken = co_await remote.stat(beside, stop);
    if (!taken && !nodes.find(*directory, found)) co_return found;
    found = fmt::format("{}-{}", wanted, number);
  }
}

NodeRef Vfs::Impl::take_over(NodeRef directory, std::string name, std::shared_ptr<Stage> stage,
                             std::optional<Attributes> there) {
  Node* known = nodes.find(*directory, name);
  NodeRef node(nodes, known ? *known : nodes.add(*directory, name));
  node->attributes = there.value_or(Attributes());
  node->on_server = there.has_value();
  node->learned = clock.now();
  node->new_version();
  node->stage = std::move(stage);
  directories.publish(*node);
  return node;
}

}  // namespace ftpfs::vfs
