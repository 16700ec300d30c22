// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>
#include <vector>

#include <ftpfs/vfs/walk_ahead.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::size_t memory_share = 4;  // one part in so many of what listings may weigh
// How many slots of listings a search for the next directory looks at, for each directory that is opened
// searches anew. One that is listed already counts as many: with enough of these the walker has no need of
// us.
constexpr std::size_t search_patience = 4096;
constexpr std::size_t listed_counts_as = 64;
constexpr std::chrono::seconds longest_stand{20};  // of a walker, however long listings are trusted
// Walkers with several threads open directories a little out of order.
constexpr unsigned passed_for_good = 8;
constexpr std::size_t window_growth = 2;

}  // namespace

WalkAhead::WalkAhead(Context context)
    : context_(std::move(context)),
      walkers_(context_.nodes, context_.directories, context_.clock,
               std::min<Clock::duration>(context_.config.listing_ttl, longest_stand)),
      rate_(context_.clock),
      on_(context_.config.list_ahead && context_.config.listing_ttl > std::chrono::milliseconds(0)) {}

void WalkAhead::stop() noexcept {
  on_ = false;
  stop_.request_stop();
  asked_.clear();
  walkers_.clear();
}

void WalkAhead::opened(NodeRef directory) {
  if (!on_) return;
  settle_expired();
  if (const auto found = asked_.find(directory->ino); found != asked_.end()) {
    const AskedPtr asked = found->second;
    settle(asked, alive(*asked));
  }
  const Walk& walk = walkers_.opened(*directory);
  settle_passed(walk);
  if (!walk.goes_on() || std::exchange(refilling_, true)) return;
  context_.tasks.spawn(refill_soon(this));
}

// What the caller of opened() asks for itself has got its session by then, or is counted by
// Directories::starting.
awaitable<void> WalkAhead::refill_soon(WalkAhead* self) {
  self->refilling_ = false;
  self->refill();
  co_return;
}

void WalkAhead::refill() {
  if (!on_ || !rate_.pays()) return;
  settle_expired();
  walkers_.forget_old();
  for (const Walk& walk : walkers_.walks()) {
    while (walk.goes_on() && may_ask()) {
      std::optional<NodeRef> directory = next(walk);
      if (!directory) break;
      ask(std::move(*directory));
    }
  }
}

bool WalkAhead::may_ask() const noexcept {
  if (on_their_way_ >= most_on_their_way || unused_ >= window_) return false;
  if (weight_ >= context_.config.listing_bytes / memory_share) return false;
  return context_.remote.spare() > context_.directories.starting() + starting_;
}

void WalkAhead::ask(NodeRef directory) {
  auto asked = std::make_shared<Asked>();
  asked->since = context_.clock.now();
  asked->directory = std::move(directory);
  asked_.emplace(asked->directory->ino, asked);
  rate_.asked();
  ++unused_;
  ++on_their_way_;
  ++starting_;
  context_.tasks.spawn(list(this, std::move(asked)));
}

awaitable<void> WalkAhead::list(WalkAhead* self, AskedPtr asked) {
  --self->starting_;
  const std::stop_token stop = self->stop_.get_token();
  const NodeRef directory = asked->directory;
  Directories& directories = self->context_.directories;
  std::exception_ptr failure;
  try {
    const std::shared_ptr<Listing> listing = co_await directories.get(directory, stop);
    asked->weight = listing->weight();
  } catch (...) {
    failure = std::current_exception();
  }
  self->arrived(*asked, failure);
}

void WalkAhead::arrived(Asked& asked, std::exception_ptr failure) {
  --on_their_way_;
  const auto found = asked_.find(asked.directory->ino);
  const bool wanted = found != asked_.end() && &*found->second == &asked;  // else somebody has come already
  if (wanted && !failure) weight_ += asked.weight;
  if (wanted && failure) --unused_;
  asked.state = failure ? Asked::State::failed : Asked::State::unused;
  if (!failure) {
    refill();
    return;
  }
  // No next one from here: where the line has died each of them would fail.
  try {
    std::rethrow_exception(failure);
  } catch (const Cancelled&) {
  } catch (const std::exception& error) {
    context_.logger->debug("{} was not listed ahead: {}", escaped(asked.directory->name), error.what());
  }
}

// In the order of a depth-first walk: what lies below the directory that was opened last, then what follows
// it in the one above, and so on up.
std::optional<NodeRef> WalkAhead::next(const Walk& walk) {
  std::size_t patience = search_patience;
  std::size_t slot = 0;
  for (std::size_t index = walk.levels.size(); index-- > 0;) {
    Node* const directory = context_.nodes.find(walk.levels[index].directory);
    if (!directory) break;
    if (walk.goes_on_in(index)) {
      std::optional<NodeRef> found = next_in(*directory, slot, walk.descends, patience);
      if (found) return found;
    }
    if (index == 0 || !directory->parent) break;
    const auto above = context_.directories.cached(*directory->parent);
    const std::optional<std::size_t> own = above ? above->slot_of(directory->name) : std::nullopt;
    if (!own) break;
    slot = *own + 1;
  }
  return std::nullopt;
}

// From that slot on, the first directory that nobody has listed or asked for.
std::optional<NodeRef> WalkAhead::next_in(Node& directory, std::size_t slot, bool descends,
                                          std::size_t& patience) {
  const auto listing = context_.directories.cached(directory);
  if (!listing || listing->directories() == 0) return std::nullopt;
  for (; slot < listing->slots() && patience > 0; ++slot, --patience) {
    const std::optional<EntryView> entry = listing->at(slot);
    if (!entry || entry->attributes.kind != Kind::directory) continue;
    Node* const known = context_.nodes.find(directory, entry->name);
    if (known && context_.directories.cached(*known)) {
      patience -= std::min(patience - 1, listed_counts_as);
      if (!descends) continue;
      std::optional<NodeRef> found = next_in(*known, 0, descends, patience);
      if (found) return found;
      if (patience == 0) break;
      continue;
    }
    const bool awaited = known && known->marks().directory && known->marks().directory->fetch.running();
    if (awaited || (known && asked_.contains(known->ino))) continue;
    return context_.child(directory, *entry, listing->fetched());
  }
  return std::nullopt;
}

// Is the walker behind it, in the walker's order?
bool WalkAhead::passes(const Walk& walk, const Node& directory) {
  for (const Node* branch = &directory; branch->parent; branch = branch->parent) {
    for (std::size_t index = 0; index + 1 < walk.levels.size(); ++index) {
      if (walk.levels[index].directory != branch->parent->ino) continue;
      const Node* const taken = context_.nodes.find(walk.levels[index + 1].directory);
      const auto listing = context_.directories.cached(*branch->parent);
      if (!listing || !taken || branch == taken) return false;
      const std::optional<std::size_t> its = listing->slot_of(branch->name);
      const std::optional<std::size_t> here = listing->slot_of(taken->name);
      return its && here && *its < *here;
    }
  }
  return false;
}

bool WalkAhead::alive(const Asked& asked) {
  return asked.state == Asked::State::on_its_way || context_.directories.cached(*asked.directory) != nullptr;
}

void WalkAhead::settle(const AskedPtr& asked, bool used) {
  asked_.erase(asked->directory->ino);
  if (asked->state == Asked::State::failed) return;
  if (asked->state == Asked::State::unused) weight_ -= asked->weight;
  --unused_;
  if (used) {
    rate_.won();
    window_ = std::min(window_ + window_growth, most_unused);
  } else {
    rate_.wasted();
    window_ = first_unused;
  }
}

void WalkAhead::settle_passed(const Walk& walk) {
  std::vector<AskedPtr> due;
  for (const auto& [ino, asked] : asked_) {
    if (passes(walk, *asked->directory) && ++asked->passed > passed_for_good) due.push_back(asked);
  }
  for (const AskedPtr& asked : due) settle(asked, false);
}

void WalkAhead::settle_expired() {
  const Clock::time_point now = context_.clock.now();
  std::vector<AskedPtr> due;
  for (const auto& [ino, asked] : asked_) {
    const bool over = asked->state != Asked::State::on_its_way;
    if (over && now - asked->since >= context_.config.listing_ttl) due.push_back(asked);
  }
  for (const AskedPtr& asked : due) settle(asked, false);
}

}  // namespace ftpfs::vfs
