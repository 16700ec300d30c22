// SPDX-License-Identifier: MIT
#include <optional>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/leftovers.hpp>

namespace ftpfs::vfs {
namespace {

// By the newest record that is whole.
std::optional<Record> newest(const SpoolFolder& folder, const SpoolFolder::Entry& entry) {
  for (const SpoolFolder::Generation generation : entry.records) {
    try {
      const std::optional<std::string> text = folder.read_record(entry.id, generation);
      std::optional<Record> record = text ? decode(*text) : std::nullopt;
      if (record) return record;
    } catch (const Error&) {  // the others can be shown all the same
    }
  }
  return std::nullopt;
}

bool is_whole(const Stage::Extent& extent) {
  std::uint64_t present = 0;
  for (const Range& range : extent.present) present += range.end - range.begin;
  return present >= extent.base_size;
}

Leftover leftover_of(const SpoolFolder& folder, const SpoolFolder::Entry& entry, const std::string& boot_id) {
  Leftover found;
  found.state = Leftover::State::damaged;
  if (const auto content = folder.stage_file(entry.id)) {
    found.file = folder.path() + "/" + content->name;
    found.size = content->size;
    found.when = content->mtime;
  }
  const std::optional<Record> record = newest(folder, entry);
  if (!record) return found;
  const Stage::Extent& extent = record->extent;
  const bool is_sent = record->state == Record::State::complete && !record->is_doubtful(boot_id);
  found.state = is_sent ? Leftover::State::unsent : Leftover::State::unfinished;
  found.source = record->source;
  found.path = record->path.str();
  found.when = record->written_at;
  found.append = extent.base_size > 0 && extent.base_size == extent.server_size &&
                 extent.lowest_change >= extent.server_size;
  found.from = found.append ? extent.base_size : 0;
  found.complete = is_whole(extent);
  return found;
}

// What the server had in the place of `changed` before, and may have lost.
std::optional<Leftover> old_of(const SpoolFolder& folder, const SpoolFolder::Entry& entry,
                               const Leftover& changed) {
  const std::optional<SpoolFolder::KeptFile> content = folder.old_file(entry.id);
  if (!content) return std::nullopt;
  Leftover found;
  found.source = changed.source;
  if (!changed.path.empty()) found.path = changed.path + ".old";
  found.file = folder.path() + "/" + content->name;
  found.size = content->size;
  found.when = content->mtime;
  return found;
}

}  // namespace

LeftFolder look_into(const std::string& path, const std::string& boot_id) {
  LeftFolder found;
  found.path = path;
  const std::shared_ptr<SpoolFolder> folder = SpoolFolder::look(path);
  found.in_use = folder->in_use();
  for (const SpoolFolder::Entry& entry : folder->entries()) {
    if (entry.records.empty()) continue;
    found.files.push_back(leftover_of(*folder, entry, boot_id));
    if (auto old = old_of(*folder, entry, found.files.back())) found.files.push_back(std::move(*old));
  }
  for (const SpoolFolder::KeptFile& file : folder->kept()) {
    if (file.name.starts_with("damaged.record-")) continue;  // its content is beside it
    Leftover kept;
    kept.file = path + "/" + file.name;
    kept.size = file.size;
    kept.when = file.mtime;
    found.files.push_back(std::move(kept));
  }
  return found;
}

}  // namespace ftpfs::vfs
