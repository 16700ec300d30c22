// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/proto/status_listing.hpp>

namespace ftpfs::proto {
namespace {

// No end is as long, and no line is kept that is longer.
constexpr std::size_t longest_end = 512;
constexpr std::string_view end_code = "213 ";
constexpr std::string_view fence_code = "350 ";

}  // namespace

StatusListing::StatusListing(std::string fence) : fence_("(" + std::move(fence) + ")") {}

std::size_t StatusListing::feed(std::string_view bytes, std::string& lines) {
  const std::size_t all = bytes.size();
  while (!bytes.empty() && !over_) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end == bytes.npos ? bytes.npos : end + 1);
    line_ += piece;
    bytes.remove_prefix(piece.size());
    if (end != bytes.npos || line_.size() > longest_end) end_line(lines);
  }
  return all - bytes.size();
}

// What is left of a line that was too long begins with whatever its name has there. That is harmless: it may
// be taken for an end, but not for the fence.
void StatusListing::end_line(std::string& lines) {
  over_ = !last_end_.empty() && is_fence();
  if (!over_) lines += last_end_;
  last_end_.clear();
  if (line_.starts_with(end_code))
    last_end_ = std::move(line_);
  else if (!over_)
    lines += line_;
  line_.clear();
}

bool StatusListing::is_fence() const {
  return line_.starts_with(fence_code) && line_.find(fence_) != line_.npos;
}

}  // namespace ftpfs::proto
