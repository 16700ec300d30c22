// SPDX-License-Identifier: MIT
// A Boost.Intrusive hashed set together with its buckets, which it doubles and halves as it grows and
// shrinks: four to eight bytes for each element besides its hook.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <boost/intrusive/unordered_set.hpp>

namespace ftpfs::vfs {

template <class Intrusive>
class GrowingSet {
 public:
  using Element = typename Intrusive::value_type;

  const Intrusive& set() const noexcept { return set_; }
  Intrusive& set() noexcept { return set_; }

  void insert(Element& element) noexcept {
    if (set_.size() >= 2 * count_) resize(count_ * 2);
    set_.insert(element);
  }
  void erase(Element& element) noexcept {
    set_.erase(set_.iterator_to(element));
    if (count_ > fewest && set_.size() < count_ / 4) resize(count_ / 2);
  }

 private:
  using Bucket = typename Intrusive::bucket_type;
  static constexpr std::size_t fewest = 64;  // a power of two

  // Where memory is short it stays as it is: slower, or larger, than it should be.
  void resize(std::size_t count) noexcept {
    std::unique_ptr<Bucket[]> buckets(new (std::nothrow) Bucket[count]);
    if (!buckets) return;
    set_.rehash(typename Intrusive::bucket_traits(buckets.get(), count));
    buckets_ = std::move(buckets);
    count_ = count;
  }

  std::size_t count_ = fewest;
  std::unique_ptr<Bucket[]> buckets_ = std::make_unique<Bucket[]>(fewest);
  Intrusive set_{typename Intrusive::bucket_traits(buckets_.get(), fewest)};
};

}  // namespace ftpfs::vfs
