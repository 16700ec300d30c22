// SPDX-License-Identifier: MIT
// The inode numbers that programs were shown of names which the kernel has forgotten since (it does so when
// memory is short). They get them back: to cp, rm -r and tar another number is another file, and they stop.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <ftpfs/base/lru_cache.hpp>
#include <ftpfs/base/text_hash.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::vfs {

class Departed {
 public:
  explicit Departed(const Clock& clock);

  // `parent`: the number that its directory is shown with. Nothing is remembered where memory is short.
  void remember(Ino parent, std::string_view name, Ino shown) noexcept;
  Ino take(Ino parent, std::string_view name, Ino otherwise);
  void forget(Ino parent, std::string_view name);  // something else has the name now

 private:
  struct Key {
    Ino parent;
    std::string name;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return hash_of(key.name) ^ (key.parent * 0x9E3779B97F4A7C15u);
    }
  };

  LruCache<Key, Ino, Hash> numbers_;
};

}  // namespace ftpfs::vfs
