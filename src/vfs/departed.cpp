// SPDX-License-Identifier: MIT
#include <new>
#include <utility>

#include <ftpfs/vfs/departed.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::size_t most_bytes = 4u << 20;  // some 30,000 names
constexpr std::size_t entry_overhead = 120;   // list and hash links, the string header

}  // namespace

Departed::Departed(const Clock& clock) : numbers_(most_bytes, Clock::duration::max(), clock) {}

void Departed::remember(Ino parent, std::string_view name, Ino shown) noexcept {
  try {
    numbers_.put({parent, std::string(name)}, shown, name.size() + entry_overhead);
  } catch (const std::bad_alloc&) {
    // It will be shown with another number.
  }
}

Ino Departed::take(Ino parent, std::string_view name, Ino otherwise) {
  if (numbers_.size() == 0) return otherwise;
  const Key key{parent, std::string(name)};
  const Ino* const known = numbers_.get(key);
  if (!known) return otherwise;
  const Ino shown = *known;
  numbers_.erase(key);
  return shown;
}

void Departed::forget(Ino parent, std::string_view name) {
  if (numbers_.size() != 0) numbers_.erase({parent, std::string(name)});
}

}  // namespace ftpfs::vfs
