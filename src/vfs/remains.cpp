// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/remains.hpp>

namespace ftpfs::vfs {
namespace {

struct FileState {
  std::uint64_t size = 0;
  bool has_another_name = false;  // it was kept already, by somebody who was killed then
};

FileState state_of(int file) {
  struct ::stat status {};
  if (::fstat(file, &status) != 0) throw Error(errno, "cannot look at a file in the spool");
  return {static_cast<std::uint64_t>(status.st_size), status.st_nlink > 1};
}

class Search {
 public:
  Search(std::shared_ptr<SpoolFolder> folder, const VfsConfig& config, const Logger& logger)
      : folder_(std::move(folder)), config_(config), logger_(logger) {}

  std::optional<Remains> look_at(const SpoolFolder::Entry& found) {
    if (found.records.empty()) {
      folder_->remove_stage(found.id);  // its record went before: it was not needed any more
      folder_->remove_old(found.id);
      return std::nullopt;
    }
    std::optional<Remains> remains = read(found);
    if (!remains) {
      set_aside(found);
      return std::nullopt;
    }
    if (remains->record.source != config_.spool_source) {
      logger_->error("{} holds what was written through a mount of {}: it is left there", folder_->path(),
                     escaped(remains->record.source));
      return std::nullopt;
    }
    return check(std::move(*remains));
  }

  // Another one has its name, and the last mount died before it was forgotten.
  bool is_replaced(SpoolFolder::Id id) const { return std::ranges::find(replaced_, id) != replaced_.end(); }

 private:
  // By the newest record that is whole.
  std::optional<Remains> read(const SpoolFolder::Entry& found) {
    for (const SpoolFolder::Generation generation : found.records) {
      const std::optional<std::string> text = folder_->read_record(found.id, generation);
      std::optional<Record> record = text ? decode(*text) : std::nullopt;
      if (!record) continue;
      Remains remains;
      remains.entry.folder = folder_;
      remains.entry.id = found.id;
      remains.entry.generation = generation;
      remains.entry.recorded = true;
      remains.entry.in_doubt = true;
      remains.entry.promised = !record->boot;
      if (record->replaces) {
        replaced_.push_back(*record->replaces);
        folder_->reserve(*record->replaces);
      }
      for (const SpoolFolder::Generation other : found.records) {
        if (other > generation) folder_->remove_record(found.id, other);  // never came to be
        if (other < generation) remains.entry.before.push_back(other);
      }
      remains.entry.secured = 1;  // as Stage counts what it is revived with
      remains.entry.state = record->state;
      remains.entry.size = record->extent.size;
      remains.record = std::move(*record);
      remains.content = folder_->open_stage(found.id);
      if (found.has_old) remains.old = folder_->open_old(found.id);
      remains.entry.holds_old = static_cast<bool>(remains.old);
      return remains;
    }
    return std::nullopt;
  }

  void set_aside(const SpoolFolder::Entry& found) {
    const UniqueFd content = folder_->open_stage(found.id);
    const UniqueFd old = folder_->open_old(found.id);
    std::string kept = "lost";
    if (content) kept = folder_->keep(content.get(), fmt::format("unknown-{:x}", found.id));
    for (const SpoolFolder::Generation each : found.records) {
      const std::string record = folder_->keep_record(found.id, each);
      logger_->error("the record {} is damaged: nobody knows which file it is about. Its content is {}",
                     record, kept);
    }
    if (old) keep_old(old.get(), fmt::format("unknown-{:x}", found.id));
    folder_->remove_stage(found.id);
    folder_->remove_old(found.id);
  }

  void keep_old(int file, std::string_view name) {
    if (state_of(file).has_another_name) return;
    const std::string kept = folder_->keep(file, fmt::format("{}.old", name));
    logger_->error("what the server had before may be lost there: it is {}", kept);
  }

  std::optional<Remains> check(Remains remains) {
    const Record& record = remains.record;
    const std::string path = escaped(record.path.str());
    if (!remains.content) {
      if (record.state == Record::State::complete)
        logger_->error("the content of {} was to be sent to the server, but is not in {}", path,
                       folder_->path());
      if (remains.old) keep_old(remains.old.get(), record.path.name());
      remains.entry.forget();
      return std::nullopt;
    }
    const FileState file = state_of(remains.content.get());
    if (file.size < record.extent.size) {
      keep(remains, file, fmt::format("{} of its {} bytes are", file.size, record.extent.size));
      return std::nullopt;
    }
    const bool doubtful = record.is_doubtful(config_.boot_id);
    if (record.state == Record::State::open || doubtful) {
      const std::string_view why =
          doubtful ? "the machine ended before it was on the disk. What there was is"
                   : "it was still being written when the last mount died. What there was is";
      if (file.size == 0)
        remains.entry.forget();
      else
        keep(remains, file, why);
      return std::nullopt;
    }
    return remains;
  }

  void keep(Remains& remains, const FileState& file, std::string_view why) {
    std::string where = folder_->path();
    if (!file.has_another_name) where = folder_->keep(remains.content.get(), remains.record.path.name());
    logger_->error("{} was not sent to the server: {} kept in {}", escaped(remains.record.path.str()), why,
                   where);
    if (remains.old) keep_old(remains.old.get(), remains.record.path.name());
    remains.entry.forget();
  }

  std::shared_ptr<SpoolFolder> folder_;
  std::vector<SpoolFolder::Id> replaced_;
  const VfsConfig& config_;
  const Logger& logger_;
};

}  // namespace

std::vector<Remains> find_remains(const Spool& spool, const VfsConfig& config, const Logger& logger) {
  std::vector<Remains> all;
  for (const std::shared_ptr<SpoolFolder>& folder : spool.all()) {
    Search search(folder, config, logger);
    std::vector<Remains> here;
    for (const SpoolFolder::Entry& entry : folder->entries()) {
      try {
        if (std::optional<Remains> found = search.look_at(entry)) here.push_back(std::move(*found));
      } catch (const Error& error) {  // one that cannot be read or kept stays; the others have their chance
        logger->error("what is left in {} stays there: {}", folder->path(), error.what());
      }
    }
    for (Remains& one : here) {
      if (search.is_replaced(one.entry.id))
        one.entry.forget();
      else
        all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace ftpfs::vfs
