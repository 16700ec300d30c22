// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <unistd.h>

#include <ftpfs/base/close_aside.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/journal.hpp>
#include <ftpfs/vfs/reader.hpp>
#include <ftpfs/vfs/stage.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t large = 16u << 20;  // closed in a millisecond

}  // namespace

Stage::Stage(UniqueFd file, std::uint64_t base_size)
    : file_(std::move(file)), size_(base_size), server_size_(base_size), base_size_(base_size) {
  if (base_size > 0) truncate(base_size);  // all of it a hole, until fetched or written
  changes_ = 0;
  lowest_change_ = std::numeric_limits<std::uint64_t>::max();
}

Stage::Stage(UniqueFd file, const Extent& extent)
    : file_(std::move(file)),
      size_(extent.size),
      server_size_(extent.server_size),
      base_size_(extent.base_size),
      changes_(1),
      lowest_change_(extent.lowest_change) {
  for (const Range& range : extent.present) mark_present(range);
}

Stage::~Stage() {
  entry.reset();  // first: with its name what is freed by the last to go would be freed here
  if (size_ >= large) close_aside(std::move(file_));
}

Stage::Extent Stage::extent() const {
  Extent result{size_, server_size_, base_size_, lowest_change_, {}};
  for (const auto& range : present_) result.present.push_back({range.lower(), range.upper()});
  return result;
}

void Stage::Extent::cut(std::uint64_t to) {
  if (to >= size) return;
  size = to;
  lowest_change = std::min(lowest_change, to);
  base_size = std::min(base_size, to);
  std::erase_if(present, [&](const Range& range) { return range.begin >= base_size; });
  for (Range& range : present) range.end = std::min(range.end, base_size);
}

void Stage::pwrite_all(std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && (errno == EINTR || (errno == ENOSPC && wait_for_closing()))) continue;
    if (count < 0) throw Error(errno, std::string("cannot write to the spool: ") + std::strerror(errno));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

// What a write that failed half way has left behind the end must not turn up in a hole one day.
void Stage::cut_file() noexcept {
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0)
    return;  // then it stays: nothing else can be done
}

void Stage::mark_present(Range range) {
  range.end = std::min(range.end, base_size_);
  if (range.begin < range.end) present_.add({range.begin, range.end});
}

void Stage::write(std::uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return;
  try {
    pwrite_all(offset, bytes);
  } catch (const Error&) {
    cut_file();
    throw;
  }
  const std::uint64_t end = offset + bytes.size();
  mark_present({offset, end});
  lowest_change_ = std::min({lowest_change_, offset, size_});  // a gap up to `offset` becomes zeros of ours
  size_ = std::max(size_, end);
  ++changes_;
}

void Stage::truncate(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
    throw Error(errno, std::string("cannot change the size of a file in the spool: ") + std::strerror(errno));
  }
  lowest_change_ = std::min({lowest_change_, size, size_});
  if (size < base_size_) {
    base_size_ = size;
    present_ -= boost::icl::right_open_interval<std::uint64_t, std::less>(
        size, std::numeric_limits<std::uint64_t>::max());
  }
  size_ = size;
  ++changes_;
}

void Stage::read(std::uint64_t offset, MutableBytes into) const {
  while (!into.empty()) {
    const ssize_t count = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Error(count < 0 ? errno : EIO, "cannot read from the spool");
    offset += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
}

std::optional<Range> Stage::missing(Range within) const {
  within.end = std::min(within.end, base_size_);
  if (within.begin >= within.end) return std::nullopt;
  std::uint64_t begin = within.begin;
  for (auto it = present_.lower_bound({begin, begin + 1}); it != present_.end() && it->lower() <= begin;
       ++it) {
    begin = std::max(begin, it->upper());
    if (begin >= within.end) return std::nullopt;
  }
  const auto next = present_.lower_bound({begin, begin + 1});
  const std::uint64_t end = next == present_.end() ? within.end : std::min(within.end, next->lower());
  return Range{begin, end};
}

void Stage::fill(std::uint64_t offset, Bytes fetched) {
  const Range all{offset, offset + fetched.size()};
  while (const auto piece = missing(all)) {
    pwrite_all(piece->begin, fetched.subspan(piece->begin - offset, piece->end - piece->begin));
    mark_present(*piece);
  }
}

void Stage::rebase(std::uint64_t size, bool exact) {
  const std::uint64_t ours_from =
      base_size_;  // what lies before may still be missing here: an append fetches nothing
  server_size_ = size;
  base_size_ = std::min(size, size_);
  mark_present({ours_from, base_size_});
  const std::uint64_t behind = size_ > size ? size : std::numeric_limits<std::uint64_t>::max();
  lowest_change_ = exact ? behind : 0;
}

}  // namespace ftpfs::vfs
