// SPDX-License-Identifier: MIT
// Values that describe what lies on a server, whatever protocol brought them. No Asio, no FTP.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/base/text_hash.hpp>

namespace ftpfs {

// An absolute path below the mounted directory: "/" is the mount's root, components are raw bytes as the
// server spells them, joined by '/', none of them empty, "." or "..". How it maps to the server's own path is
// the remote's business.
class Path {
 public:
  Path() = default;                      // the root
  explicit Path(std::string_view text);  // splits and joins again; throws Error(EINVAL) on "." ".." or NUL

  Path child(std::string_view name) const;  // throws Error(EINVAL) on a name that valid_name() refuses
  Path parent() const;                      // of the root: the root
  std::string_view name() const noexcept;   // last component; of the root: ""
  bool is_root() const noexcept { return text_.size() == 1; }
  bool is_below(const Path& ancestor) const noexcept;  // strictly
  const std::string& str() const noexcept { return text_; }

  // One component that may exist: not empty, not "." or "..", no '/', no NUL, at most 255 bytes (NAME_MAX).
  static bool valid_name(std::string_view name) noexcept;

  friend bool operator==(const Path&, const Path&) = default;
  friend auto operator<=>(const Path&, const Path&) = default;

 private:
  std::string text_ = "/";
};

enum class Kind : std::uint8_t { file, directory, symlink };

// A time as the server told it: UTC seconds since 1970, the first ones of the minute or day that it showed
// (LIST). A day need not begin at midnight UTC: it is one of the server's zone.
enum class Precision : std::uint8_t { second, minute, day };
struct Timestamp {
  std::int64_t seconds = 0;
  Precision precision = Precision::second;

  friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

// Can both describe the same instant? Compared at the coarser of the two precisions, days give or take an
// hour.
bool consistent(Timestamp left, Timestamp right) noexcept;

struct Attributes {
  Kind kind = Kind::file;
  bool size_known = true;  // false: the server did not say, or not exactly; `size` is about it, or 0
  std::optional<std::uint16_t> mode;  // low nine permission bits; absent: the server did not say
  std::uint64_t size = 0;             // bytes; 0 for directories; of the target or of its text for symlinks
  std::optional<Timestamp> mtime;     // absent: the server did not say

  friend bool operator==(const Attributes&, const Attributes&) = default;
};

// Do both describe the same content, as far as a server's size and time can tell?
bool same_version(const Attributes& left, const Attributes& right) noexcept;

// One line of a directory listing.
struct Entry {
  std::string name;  // valid_name(); raw bytes
  Attributes attributes;
  std::string link_target;  // symlinks whose target the server told; else empty

  friend bool operator==(const Entry&, const Entry&) = default;
};

// The same without a copy of its texts: valid as long as they are where it was taken from.
struct EntryView {
  EntryView(std::string_view its_name, const Attributes& its_attributes, std::string_view its_target)
      : name(its_name), attributes(its_attributes), link_target(its_target) {}
  EntryView(const Entry& entry) : EntryView(entry.name, entry.attributes, entry.link_target) {}

  std::string_view name;
  Attributes attributes;
  std::string_view link_target;
};

// What may be stored on the server, in bytes.
struct Space {
  std::uint64_t free = 0;
  std::optional<std::uint64_t> total;  // absent: the server tells only what is left

  friend bool operator==(const Space&, const Space&) = default;
};

// What the server at the other end can do, as far as known now. Learned, so it may change during a mount.
struct Capabilities {
  bool cheap_stat = false;  // stat() of one file costs one round trip and no listing (MLST)
  bool tells_mode = false;  // and the permissions come with it
  bool set_mtime = true;
  bool set_mode = true;
  bool make_symlink = false;
  bool tells_space = false;
  bool near = false;  // a round trip to it is short
};

}  // namespace ftpfs

template <>
struct std::hash<ftpfs::Path> {
  std::size_t operator()(const ftpfs::Path& path) const noexcept { return ftpfs::hash_of(path.str()); }
};
