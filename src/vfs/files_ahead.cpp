// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>
#include <vector>

#include <ftpfs/vfs/files_ahead.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::size_t memory_share = 2;        // one part in so many of the block cache
constexpr std::size_t search_patience = 4096;  // slots that a search for the next file looks at
constexpr unsigned passed_for_good = 8;        // readers side by side are a little out of order
constexpr std::size_t window_growth = 2;
constexpr std::size_t smallest_window = 4;  // else a session would be idle

// Nothing where the file, or a directory it lies in, was removed.
std::optional<Path> path_of(const InodeTable& nodes, const Node& node) {
  try {
    return nodes.path(node);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

static_assert(FileRows::largest <= BlockCache::block_size, "a small file is one block");

FilesAhead::FilesAhead(Context context)
    : context_(std::move(context)),
      rows_(context_.clock),
      rate_(context_.clock),
      on_(context_.config.fetch_ahead) {}

template <class Predicate>
std::vector<FilesAhead::AskedPtr> FilesAhead::all(Predicate predicate) const {
  std::vector<AskedPtr> result;
  for (const auto& [ino, asked] : asked_) {
    if (predicate(*asked)) result.push_back(asked);
  }
  return result;
}

void FilesAhead::stop() noexcept {
  on_ = false;
  for (const auto& [ino, asked] : asked_) {
    asked->dropped = true;
    asked->stop.request_stop();
  }
  asked_.clear();
  rows_.clear();
}

void FilesAhead::drop(const Node& changed) {
  if (asked_.empty()) return;
  const auto below = [&](const Asked& one) { return context_.nodes.is_at_or_below(*one.file, changed); };
  for (const AskedPtr& asked : all(below)) {
    asked->dropped = true;
    asked->stop.request_stop();
    context_.blocks.erase({asked->file->ino, asked->version, 0});
    settle(asked, false);
  }
}

awaitable<void> FilesAhead::opening(NodeRef file, std::stop_token stop) {
  if (!on_ || !file->linked || !file->parent) co_return;
  settle_expired();
  const AskedPtr asked = take(*file);
  reserved_ = asked ? 0 : 1;
  const auto listing = context_.directories.cached(*file->parent);
  if (listing) {
    const FileRow& row = rows_.opened(*file, *listing, asked != nullptr);
    settle_passed(*file, *listing);
    if (row.goes_on && !std::exchange(refilling_, true)) context_.tasks.spawn(refill_soon(this));
  }
  if (!asked) co_return;
  while (asked->state == Asked::State::on_its_way) co_await asked->arrived.wait(stop);
}

// What was fetched of a file that somebody opens.
FilesAhead::AskedPtr FilesAhead::take(const Node& file) {
  const auto found = asked_.find(file.ino);
  if (found == asked_.end()) return nullptr;
  AskedPtr asked = found->second;
  if (asked->state == Asked::State::on_its_way) {
    if (!std::exchange(asked->taken, true)) {
      --unused_;
      bytes_ -= asked->size;
    }
    return asked;
  }
  const bool used = at_hand(*asked);
  settle(asked, used);
  return used ? asked : nullptr;
}

bool FilesAhead::at_hand(const Asked& asked) {
  if (asked.state != Asked::State::unused) return false;
  const Node& file = *asked.file;
  if (asked.version != file.version) return false;
  return file.attributes.size == 0 || context_.blocks.get({file.ino, asked.version, 0}) != nullptr;
}

// The session that the opener itself needs is reserved by then.
awaitable<void> FilesAhead::refill_soon(FilesAhead* self) {
  self->refilling_ = false;
  self->refill();
  co_return;
}

void FilesAhead::refill() {
  if (!on_ || !rate_.pays()) return;
  settle_expired();
  rows_.forget_old();
  for (FileRow& row : rows_.rows()) {
    while (row.goes_on && may_ask()) {
      std::optional<Candidate> candidate = next(row);
      if (!candidate) break;
      ask(std::move(*candidate));
    }
  }
}

bool FilesAhead::may_ask() const noexcept {
  if (on_their_way_ >= most_on_their_way || unused_ >= window_) return false;
  return context_.remote.spare() > context_.directories.starting() + starting_ + reserved_;
}

std::optional<FilesAhead::Candidate> FilesAhead::next(FileRow& row) {
  Node* const directory = context_.nodes.find(row.directory);
  const auto listing = directory ? context_.directories.cached(*directory) : nullptr;
  const std::optional<std::size_t> last = listing ? listing->slot_of(row.last) : std::nullopt;
  const std::optional<Path> path = last ? path_of(context_.nodes, *directory) : std::nullopt;
  if (!path) return std::nullopt;
  const std::size_t end = std::min(listing->slots(), *last + search_patience);
  std::size_t slot = row.search_begin(*listing, *last);
  for (; slot < end; ++slot) {
    row.searched(*listing, slot);
    const std::optional<EntryView> entry = listing->at(slot);
    if (!entry || !FileRows::small(*entry)) continue;
    const Node* const known = context_.nodes.find(*directory, entry->name);
    if (known && !worth_fetching(*known)) continue;
    if (context_.disk && context_.disk->may_have(path->child(entry->name))) continue;
    if (bytes_ + entry->attributes.size > context_.config.block_bytes / memory_share) return std::nullopt;
    NodeRef file = context_.child(*directory, *entry, listing->fetched());
    return Candidate{std::move(file), path->child(entry->name), entry->attributes.size};
  }
  row.searched(*listing, slot);
  return std::nullopt;
}

// The kernel keeps the pages of what was read before: only a look would be saved.
bool FilesAhead::worth_fetching(const Node& file) {
  const bool in_use = file.marks().handles > 0 || file.stage || file.marks().moving > 0 || !file.on_server;
  if (in_use || file.marks().kernel_version == file.version || asked_.contains(file.ino)) return false;
  return context_.blocks.get({file.ino, file.version, 0}) == nullptr;
}

void FilesAhead::ask(Candidate candidate) {
  auto asked = std::make_shared<Asked>();
  asked->file = std::move(candidate.file);
  asked->path = std::move(candidate.path);
  asked->version = asked->file->version;
  asked->size = candidate.size;
  asked->since = context_.clock.now();
  asked_.emplace(asked->file->ino, asked);
  rate_.asked();
  ++unused_;
  bytes_ += asked->size;
  ++on_their_way_;
  ++starting_;
  context_.tasks.spawn(fetch(this, std::move(asked)));
}

awaitable<void> FilesAhead::fetch(FilesAhead* self, AskedPtr asked) {
  --self->starting_;
  asked->since = self->context_.clock.now();
  const std::stop_token stop = asked->stop.get_token();
  const Path path = asked->path;
  const std::uint64_t at_most = FileRows::largest;
  Remote& remote = self->context_.remote;
  std::optional<WholeFile> whole;
  try {
    whole = co_await remote.fetch_whole(path, at_most, stop);
  } catch (const Cancelled&) {
  } catch (const std::exception& error) {
    self->context_.logger->debug("{} was not fetched ahead: {}", escaped(path.str()), error.what());
  }
  const bool good = self->arrived(*asked, std::move(whole));
  asked->arrived.wake_all();
  // Else no next one from here: where the line has died each of them would fail.
  if (good) self->refill();
}

bool FilesAhead::arrived(Asked& asked, std::optional<WholeFile> whole) {
  --on_their_way_;
  const bool good = whole && keep(asked, std::move(*whole));
  asked.state = good ? Asked::State::unused : Asked::State::failed;
  const auto found = asked_.find(asked.file->ino);
  if (found == asked_.end() || &*found->second != &asked) return good;
  const AskedPtr self = found->second;
  if (asked.taken) {
    asked_.erase(found);
    if (good) settle(self, true);
  } else if (!good) {
    --unused_;
    bytes_ -= asked.size;
  }
  return good;
}

// False where the file is not, or may not be, what was fetched.
bool FilesAhead::keep(Asked& asked, WholeFile whole) {
  Node& file = *asked.file;
  if (asked.dropped || !file.linked || file.stage || file.version != asked.version) return false;
  if (file.marks().renaming > 0 || path_of(context_.nodes, file) != asked.path) return false;
  context_.notice(file, whole.attributes, asked.since);
  if (!file.linked || !same_version(file.attributes, whole.attributes)) return false;
  if (file.attributes.size != whole.content.size()) return false;
  asked.version = file.version;
  if (whole.content.size() > 0) {
    const auto block = std::make_shared<const Buffer>(std::move(whole.content));
    context_.blocks.put({file.ino, file.version, 0}, block);
    if (context_.disk) context_.disk->put_whole(asked.path, file.attributes, block, asked.since);
  }
  file.mark().streamed_version = file.version;
  return true;
}

void FilesAhead::settle(const AskedPtr& asked, bool used) {
  asked_.erase(asked->file->ino);
  if (asked->state == Asked::State::failed) return;
  if (!asked->taken) {
    --unused_;
    bytes_ -= asked->size;
  }
  if (!used) {
    rate_.wasted();
    window_ = first_unused;
    return;
  }
  rate_.won();
  // What waits for longer than open() trusts a look costs one more.
  const bool late = context_.clock.now() - asked->since > context_.config.kernel_ttl;
  window_ = late ? std::max(window_ / 2, smallest_window) : std::min(window_ + window_growth, most_unused);
}

void FilesAhead::settle_passed(const Node& opened, const Listing& listing) {
  const std::optional<std::size_t> here = listing.slot_of(opened.name);
  const auto due = [&](Asked& asked) {
    if (!here || asked.file->parent != opened.parent || asked.taken) return false;
    const std::optional<std::size_t> its = listing.slot_of(asked.file->name);
    return its && *its < *here && ++asked.passed > passed_for_good;
  };
  for (const AskedPtr& asked : all(due)) settle(asked, false);
}

void FilesAhead::settle_expired() {
  const Clock::time_point now = context_.clock.now();
  const auto due = [&](const Asked& asked) {
    return asked.state != Asked::State::on_its_way && now - asked.since >= context_.config.listing_ttl;
  };
  for (const AskedPtr& asked : all(due)) settle(asked, false);
}

}  // namespace ftpfs::vfs
