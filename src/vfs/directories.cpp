// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <ftpfs/vfs/directories.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::size_t exact_bytes = 4u << 20;  // some 20,000 files

}  // namespace

Directories::Directories(Remote& remote, const Clock& clock, TaskSet& tasks, InodeTable& nodes,
                         const HiddenFiles& hidden, const VfsConfig& config)
    : remote_(remote),
      clock_(clock),
      tasks_(tasks),
      nodes_(nodes),
      hidden_(hidden),
      fresh_for_(config.kernel_ttl),
      listings_(config.listing_bytes, config.listing_ttl, clock),
      exact_(exact_bytes, Clock::duration::max(), clock) {}

Directory& Directories::state(Node& directory) {
  std::unique_ptr<Directory>& own = directory.mark().directory;
  if (!own) own = std::make_unique<Directory>(tasks_);
  return *own;
}

std::shared_ptr<Listing> Directories::cached(const Node& directory) {
  const std::shared_ptr<Listing>* const found = listings_.get(directory.ino);
  return found ? *found : nullptr;
}

awaitable<std::shared_ptr<Listing>> Directories::get(NodeRef directory, std::stop_token stop) {
  if (std::shared_ptr<Listing> listing = cached(*directory)) co_return listing;
  co_return co_await join(directory, stop);
}

awaitable<bool> Directories::shows(NodeRef directory, std::string name, std::stop_token stop) {
  Directory& own = state(*directory);
  const Clock::duration age = own.compared ? clock_.now() - *own.compared : Clock::duration::max();
  if (age > fresh_for_)
    co_await join(directory, stop);
  else if (age > fresh_for_ / 4 * 3)
    refresh(directory);  // before all who ask would have to wait for it
  co_return own.taken.contains(name);
}

void Directories::refresh(NodeRef directory) {
  if (!state(*directory).fetch.running()) tasks_.spawn(ask_anew(this, directory));
}

awaitable<void> Directories::ask_anew(Directories* self, NodeRef directory) {
  const std::stop_token stop = self->tasks_.stop_token();
  try {
    co_await self->join(directory, stop);
  } catch (const Error&) {
    // Whoever needs it asks for himself.
  }
}

awaitable<std::shared_ptr<Listing>> Directories::join(NodeRef directory, std::stop_token stop) {
  SingleFlight<std::shared_ptr<Listing>>::Work work = [this, directory](std::stop_token flight_stop) {
    return fetch(this, directory, flight_stop);
  };
  SingleFlight<std::shared_ptr<Listing>>& flight = state(*directory).fetch;
  if (!flight.running()) ++starting_;
  std::shared_ptr<Listing> listing = co_await flight.get(std::move(work), stop);
  co_return listing;
}

awaitable<std::shared_ptr<Listing>> Directories::fetch(Directories* self, NodeRef directory,
                                                       std::stop_token stop) {
  --self->starting_;
  const Clock::time_point asked = self->clock_.now();
  Directory& state = self->state(*directory);
  state.edits.clear();
  const std::uint64_t drops = state.drops + self->clears_;
  const Path path = self->nodes_.path(*directory);
  const auto watch = self->hidden_.listing_begins();
  std::vector<Entry> entries = co_await self->list(directory, path, stop);

  auto listing = std::make_shared<Listing>(self->prepared(path, std::move(entries), *watch), asked);
  state.compared = asked;
  state.taken.clear();
  for (const auto& [name, entry] : state.unsent) {
    if (listing->find(name)) state.taken.insert(name);
  }
  for (auto& [name, entry] : state.edits) {
    if (entry)
      listing->put(*entry);
    else
      listing->erase(name);
  }
  for (const auto& [name, entry] : state.unsent) {
    if (!listing->find(name)) listing->put(entry);
  }
  state.edits.clear();
  state.single_lookups = 0;
  state.creations = 0;
  state.size_questions = 0;
  if (state.drops + self->clears_ == drops) self->listings_.put(directory->ino, listing, listing->weight());
  co_return listing;
}

// Under its old name, while the server renames it, there may be nothing.
awaitable<std::vector<Entry>> Directories::list(NodeRef directory, Path path, std::stop_token stop) {
  for (;;) {
    std::exception_ptr failure;
    try {
      std::vector<Entry> entries = co_await remote_.list(path, stop);
      co_return entries;
    } catch (const Error& error) {
      if (error.code() != ENOENT) throw;
      failure = std::current_exception();
    }
    const bool moved = co_await nodes_.has_moved(directory, path, stop);
    if (!moved) std::rethrow_exception(failure);
    path = nodes_.path(*directory);
  }
}

std::vector<Entry> Directories::prepared(const Path& path, std::vector<Entry> entries,
                                         const HiddenFiles::Watch& watch) {
  if (hidden_.any_in(path, watch)) {
    std::erase_if(entries,
                  [&](const Entry& entry) { return hidden_.contains(path.child(entry.name), watch); });
  }
  if (exact_.size() == 0) return entries;
  for (Entry& entry : entries) {
    std::optional<Timestamp>& mtime = entry.attributes.mtime;
    if (!mtime || mtime->precision == Precision::second || entry.attributes.kind != Kind::file) continue;
    const Exact* const exact = exact_.get(path.child(entry.name));
    if (exact && exact->size == entry.attributes.size && consistent(exact->mtime, *mtime))
      mtime = exact->mtime;
  }
  return entries;
}

// A name that appears beside one which differs in case only: on some servers they are one file, and only the
// server knows under which name it lists it.
template <class Edit>
void Directories::edit(Node& directory, std::string_view name, Edit change) {
  const auto listing = cached(directory);
  if (!listing) return;
  if (!listing->find(name) && listing->twin_of(name))
    drop(directory);
  else
    change(*listing);
  if (listing->worn()) drop(directory);
}

void Directories::publish(const Node& node) {
  if (!node.linked || !node.parent) return;
  Entry entry;
  entry.name = node.name.str();
  entry.attributes = node.attributes;
  entry.link_target = node.marks().link_target.value_or({});
  Directory& parent = state(*node.parent);
  // Some servers show a file only when its first upload is complete (ProFTPD's HiddenStores), and what waits
  // here is there also where somebody else has removed it on the server.
  const bool arriving = node.stage && node.stage->created_here && node.stage->saved == 0;
  const bool waiting = node.stage && node.stage->dirty();
  if (node.on_server && !arriving && !waiting)
    parent.unsent.erase(entry.name);
  else
    parent.unsent.insert_or_assign(entry.name, entry);
  if (parent.fetch.running()) parent.edits.emplace_back(entry.name, entry);
  edit(*node.parent, node.name, [&](Listing& listing) { listing.put(entry); });
}

void Directories::made(const Node& directory) {
  auto listing = std::make_shared<Listing>(std::vector<Entry>(), clock_.now());
  const std::size_t weight = listing->weight();
  listings_.put(directory.ino, std::move(listing), weight);
}

void Directories::erase(Node& directory, std::string_view name) {
  Directory& own = state(directory);
  if (const auto found = own.unsent.find(name); found != own.unsent.end()) own.unsent.erase(found);
  if (own.fetch.running()) own.edits.emplace_back(std::string(name), std::nullopt);
  edit(directory, name, [&](Listing& listing) { listing.erase(name); });
}

void Directories::drop(const Node& directory) {
  listings_.erase(directory.ino);
  if (directory.marks().directory) ++directory.marks().directory->drops;
}

void Directories::clear() {
  listings_.clear();
  ++clears_;
  exact_.clear();
}

void Directories::remember_exact(const Path& path, const Attributes& attributes) {
  if (!attributes.mtime || attributes.mtime->precision != Precision::second) return;
  constexpr std::size_t entry_overhead = 150;  // list and hash links, two copies of the string header
  exact_.put(path, Exact{attributes.size, *attributes.mtime}, path.str().size() + entry_overhead);
}

}  // namespace ftpfs::vfs
