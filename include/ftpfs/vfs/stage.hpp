// SPDX-License-Identifier: MIT
// A file being written: a sparse local file that holds what was written and what was fetched, and the
// knowledge of which is which. Purely local; Uploads brings it to the server, StageLoader fetches what is
// missing.
//
// Bytes below base_size() exist on the server in the version this stage started from; those neither written
// nor fetched are "missing" here. Everything from base_size() on is ours (holes are zeros).
#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <boost/icl/interval_set.hpp>

#include <ftpfs/base/bytes.hpp>
#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/remote/remote.hpp>

namespace ftpfs::vfs {

class Reader;
struct JournalEntry;
struct Transmission;

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // one past the last byte
  friend bool operator==(const Range&, const Range&) = default;
};

class Stage {
 public:
  // What ext4 holds in one file. Every byte of a hole travels, so that a larger one is a mistake, also where
  // the spool's file system would take it.
  static constexpr std::uint64_t largest = 16ull << 40;

  // Which bytes are here, which are changed: with the file itself, enough to go on after a crash.
  struct Extent {
    void cut(std::uint64_t to);

    std::uint64_t size = 0;
    std::uint64_t server_size = 0;
    std::uint64_t base_size = 0;
    std::uint64_t lowest_change = 0;
    std::vector<Range> present;
    friend bool operator==(const Extent&, const Extent&) = default;
  };

  Stage(UniqueFd file, std::uint64_t base_size);
  Stage(UniqueFd file, const Extent& extent);  // one that was dirty; the file is not shorter than it says
  ~Stage();

  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t base_size() const noexcept { return base_size_; }
  // Counts modifications; `saved` lags behind while something is not on the server.
  std::uint64_t changes() const noexcept { return changes_; }
  bool dirty() const noexcept { return changes_ != saved; }
  bool unheard_of() const noexcept { return attempts == 0 && !started; }  // on the server
  // Only bytes behind the server's version were added: APPE will do.
  bool append_only() const noexcept { return lowest_change_ >= server_size_ && base_size_ == server_size_; }

  void write(std::uint64_t offset, Bytes bytes);  // throws Error(ENOSPC...)
  void truncate(std::uint64_t size);
  void touch() noexcept { ++changes_; }  // must go to the server though no byte changed (a new empty file)
  void read(std::uint64_t offset, MutableBytes into) const;  // within size(), nothing missing there

  std::optional<Range> missing(Range within) const;  // the first missing piece
  void fill(std::uint64_t offset, Bytes fetched);    // kept only where still missing

  // The server's version is now as long as `size`. `exact`: with the bytes as they are here; else some of
  // them were changed while they were sent.
  void rebase(std::uint64_t size, bool exact);

  Extent extent() const;

  int file() const noexcept { return file_.get(); }

  // State of bringing it to the server; belongs to Uploads.
  std::uint64_t saved = 0;     // of changes()
  std::uint64_t failed = 0;    // of changes(): what the last failed attempt tried to save
  std::uint64_t given_up = 0;  // of changes(): what is in the spool under a name instead
  std::uint64_t attempts = 0;  // uploads begun
  bool started = false;        // and before all of them one by create(), which may have failed
  std::exception_ptr failure;  // of the last one
  bool running = false;        // an upload task is at work
  bool retrying = false;       // a task will try again later what could not be saved
  std::stop_source hurry;      // ends that task's wait
  bool following = false;      // a task sends what has been written so far
  bool may_append = true;      // false after an append that ended in doubt
  bool watched = false;        // the journal will look at it in a second
  bool aside = false;          // goes to the server under a temporary name, whatever lies there
  bool created_here = false;   // the server's file is our own empty creation: no old content to protect
  std::unique_ptr<Stage> old;  // the server's content, whole, before it is overwritten in place
  bool old_is_lost = false;    // the server has it no more
  WaitList finished;           // woken when running or following ends
  std::shared_ptr<Transmission> transmission;
  std::stop_source stop;              // the file was unlinked: nothing more is to be sent
  std::optional<std::int64_t> mtime;  // wanted; set after the content
  std::optional<std::uint16_t> mode;  // likewise
  std::int64_t written_at = 0;        // wall clock of the last write: mtime until the server has its own

  std::unique_ptr<JournalEntry> entry;  // its place in the journal, which it belongs to

  std::shared_ptr<Reader> loader;    // fetches missing pieces
  std::uint64_t loader_version = 0;  // of Node::version

 private:
  using Ranges = boost::icl::interval_set<std::uint64_t, std::less,
                                          boost::icl::right_open_interval<std::uint64_t, std::less>>;

  void mark_present(Range range);
  void pwrite_all(std::uint64_t offset, Bytes bytes);
  void cut_file() noexcept;

  UniqueFd file_;
  std::uint64_t size_;
  std::uint64_t server_size_;  // of the version this stage started from
  std::uint64_t base_size_;    // what of it is still part of the file
  std::uint64_t changes_ = 0;
  std::uint64_t lowest_change_ = std::numeric_limits<std::uint64_t>::max();
  Ranges present_;  // of [0, base_size_)
};

}  // namespace ftpfs::vfs
