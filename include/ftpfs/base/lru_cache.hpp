// SPDX-License-Identifier: MIT
// Least-recently-used cache, bounded by the sum of its entries' weights (bytes, by the caller's count), with
// expiry by an injected clock. Listings, blocks and attributes all use it. Pointers it hands out die with the
// next put/erase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>

#include <ftpfs/base/clock.hpp>

namespace ftpfs {

// How often something was asked for, and was there or not.
struct CacheUses {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
};

template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
  // `ttl` counts from put(); Clock::duration::max() = entries never expire.
  LruCache(std::size_t capacity, Clock::duration ttl, const Clock& clock)
      : capacity_(capacity), ttl_(ttl), clock_(clock) {}

  // The live value, made the most recently used; nullptr when absent or expired (then it is dropped).
  Value* get(const Key& key) {
    auto& by_key = entries_.template get<1>();
    const auto found = by_key.find(key);
    ++uses_.misses;
    if (found == by_key.end()) return nullptr;
    if (found->expiry <= clock_.now()) {
      erase_at(entries_.template project<0>(found));
      return nullptr;
    }
    --uses_.misses;
    ++uses_.hits;
    entries_.relocate(entries_.begin(), entries_.template project<0>(found));
    return &found->value;
  }

  // Replaces. The newest value is kept whatever it weighs: the caller has it in hand anyway.
  void put(const Key& key, Value value, std::size_t weight) {
    erase(key);
    const auto now = clock_.now();
    const auto expiry = ttl_ > Clock::time_point::max() - now ? Clock::time_point::max() : now + ttl_;
    entries_.push_front(Entry{key, std::move(value), weight, expiry});
    weight_ += weight;
    while (weight_ > capacity_ && entries_.size() > 1) erase_at(std::prev(entries_.end()));
  }

  bool erase(const Key& key) {
    auto& by_key = entries_.template get<1>();
    const auto found = by_key.find(key);
    if (found == by_key.end()) return false;
    erase_at(entries_.template project<0>(found));
    return true;
  }

  // Drops every entry for which predicate(key, value) holds.
  template <class Predicate>
  void erase_if(Predicate predicate) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto current = it++;
      if (predicate(current->key, current->value)) erase_at(current);
    }
  }

  // Calls `each(key, value)` in no order that counts; nothing becomes more recently used.
  template <class Each>
  void for_each(Each each) const {
    for (const Entry& entry : entries_) each(entry.key, entry.value);
  }

  void clear() {
    entries_.clear();
    weight_ = 0;
  }

  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t weight() const noexcept { return weight_; }
  std::size_t capacity() const noexcept { return capacity_; }
  const CacheUses& uses() const noexcept { return uses_; }

 private:
  struct Entry {
    Key key;
    mutable Value value;  // not part of any index
    std::size_t weight;
    Clock::time_point expiry;
  };
  using Entries = boost::multi_index_container<
      Entry, boost::multi_index::indexed_by<boost::multi_index::sequenced<>,
                                            boost::multi_index::hashed_unique<
                                                boost::multi_index::member<Entry, Key, &Entry::key>, Hash>>>;

  void erase_at(typename Entries::iterator position) {
    weight_ -= position->weight;
    entries_.erase(position);
  }

  Entries entries_;
  std::size_t weight_ = 0;
  std::size_t capacity_;
  Clock::duration ttl_;
  const Clock& clock_;
  CacheUses uses_;
};

}  // namespace ftpfs
