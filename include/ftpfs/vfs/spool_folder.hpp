// SPDX-License-Identifier: MIT
// One private directory for file contents that are not on the server yet, ours alone while it is open: locked
// against other mounts, and everything in it is reached from its descriptor. What is in it:
//
//   (no name)        a stage that nobody needs after a crash; it vanishes with us
//   .stage-ID        a stage that is to survive
//   .record-ID-N     what the journal holds about it; the highest N that is whole counts
//   .old-ID          what the server had in its place, while an overwriting in place may have emptied that
//   anything else    what could not be delivered, for the user to take
//
// A record is written before its stage gets its name and removed before it loses it: a stage without any
// record is not needed any more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/vfs/private_folder.hpp>

namespace ftpfs::vfs {

class SpoolFolder {
 public:
  // Opens the directory and locks it; nullptr when another mount has it. Throws Error when it is not a
  // directory that belongs to us and is closed to others, or is not there and may not be made.
  static std::shared_ptr<SpoolFolder> make(const std::string& path);  // where missing, 0700
  static std::shared_ptr<SpoolFolder> open(const std::string& path);  // nullptr also when it is missing
  // Without the lock, to look at only; it may be anybody's. Throws Error(ENOENT, EACCES...).
  static std::shared_ptr<SpoolFolder> look(const std::string& path);

  const std::string& path() const noexcept { return folder_.path(); }
  bool was_there() const noexcept {
    return folder_.was_there();
  }  // before us: whoever had it did not tidy up
  int descriptor() const noexcept { return folder_.descriptor(); }

  UniqueFd create() const;  // an empty file without a name; throws Error(ENOSPC...)
  // Gives the file a name made from `wanted` (never a path: slashes are replaced), unique in the folder;
  // returns its full path.
  std::string keep(int file, std::string_view wanted) const;

  using Id = std::uint64_t;
  using Generation = std::uint32_t;
  struct Entry {
    Id id = 0;
    bool has_stage = false;
    bool has_old = false;
    std::vector<Generation> records;  // the newest first
  };
  std::vector<Entry> entries() const;  // the oldest first
  // What is there for the user to take, by name.
  struct KeptFile {
    std::string name;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
  };
  std::vector<KeptFile> kept() const;
  std::optional<KeptFile> stage_file(Id id) const;
  std::optional<KeptFile> old_file(Id id) const;
  bool in_use() const;  // of what one only looks at: a mount has locked it
  Id new_id() noexcept { return next_id_++; }
  void reserve(Id id) noexcept { next_id_ = std::max(next_id_, id + 1); }  // it is not given to anybody

  UniqueFd write_record(Id id, Generation generation, std::string_view text) const;  // not synced
  // nullopt: it is not there, or none of ours. Throws Error(EMFILE...) where that cannot be found out.
  std::optional<std::string> read_record(Id id, Generation generation) const;
  std::string keep_record(Id id, Generation generation) const;  // a damaged one: under a name that shows
  void remove_record(Id id, Generation generation) const noexcept;

  void name_stage(Id id, int file) const;
  UniqueFd open_stage(Id id) const;  // empty when it is not there; throws as read_record
  void remove_stage(Id id) const noexcept;

  void name_old(Id id, int file) const;
  UniqueFd open_old(Id id) const;  // likewise
  void remove_old(Id id) const noexcept;

 private:
  explicit SpoolFolder(PrivateFolder folder);

  std::optional<KeptFile> regular(std::string name) const;
  void name(const std::string& wanted, int file) const;
  UniqueFd open_there(const std::string& name, int how) const;
  UniqueFd open_regular(const std::string& name) const;

  PrivateFolder folder_;  // removed with us when it is empty
  Id next_id_ = 1;
};

}  // namespace ftpfs::vfs
