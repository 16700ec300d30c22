// SPDX-License-Identifier: MIT
// Directory listings: the bytes of a data connection -> entries.
//
// MLSD is exact (RFC 3659 7). LIST is whatever the server's `ls` prints: Unix in all variants, DOS/IIS, VMS,
// z/OS, z/VM, OS/400, NetWare, EPLF, OS/2, NonStop and a few more. Which of them is found out line by line,
// the family that most lines speak being asked first.
//
// Nothing throws; lines are bounded. Names that are no names (Path::valid_name), ".", "..", cdir and pdir
// never come out. Duplicates do: keep the first. Times of LIST are taken as UTC; the zone is the caller's
// business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/proto/reply.hpp>
#include <ftpfs/proto/time.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::proto {

enum class ListingFormat : std::uint8_t { mlsd, list };  // by which command the lines came

enum class ListedKind : std::uint8_t { file, directory, symlink, other };  // other: a device, or not said

// One line as the server told it, before it is fitted into an Entry.
struct ListedLine {
  std::string name;  // may be a path: what MLST answers, what some servers print
  ListedKind kind = ListedKind::other;
  std::optional<std::uint64_t> size;
  bool size_in_doubt = false;  // told in blocks or records, abbreviated, or missing where it should not be
  std::optional<std::uint16_t> mode;  // low twelve bits
  std::optional<DateTime> time;
  std::string link_target;

  friend bool operator==(const ListedLine&, const ListedLine&) = default;
};

// Mode masked to 0777, size at most 2^63-1 and 0 for directories; kind `other` becomes a file of no size (it
// can be removed and renamed). nullopt: not a name that may exist.
std::optional<Entry> to_entry(ListedLine&& line, std::int64_t now);

// A line without its line end. nullopt: no entry (cdir, pdir, "." "..", garbage).
std::optional<ListedLine> parse_mlsd_line(std::string_view line);

// As the only line of a LIST; VMS and DLS entries may contain a line break.
std::optional<ListedLine> parse_list_line(std::string_view line);

// The facts in a reply to MLST; cdir and pdir are directories here. The server's spelling of the path is not
// used: the entry's name is empty. nullopt: no line with facts in it, or no type among them.
std::optional<Entry> parse_mlst_reply(const Reply& reply);

class ListingParser {
 public:
  static constexpr std::size_t max_line = 16 * 1024;

  // `now`: UTC seconds, to guess years with. `directory`: the listed directory as it was asked for; names
  // that are paths below it lose this prefix, other paths are dropped.
  ListingParser(ListingFormat format, std::int64_t now, std::string directory = {});
  ~ListingParser();
  ListingParser(ListingParser&&) noexcept;
  ListingParser& operator=(ListingParser&&) noexcept;

  void feed(std::string_view bytes);
  void finish();  // the last line may lack its end; nothing may be fed after this

  // Entries that are certain by now, in the server's order; after finish() all that are left.
  std::vector<Entry> take();

  std::uint64_t lines() const noexcept;     // all, empty ones included
  std::uint64_t entries() const noexcept;   // that came out or will
  std::uint64_t unparsed() const noexcept;  // neither an entry nor known to be none
  bool shows_self() const noexcept;         // "." is among them: so it was a directory, and readable
  // For one log line; raw bytes of the server, at most 256 of them. If there were unparsed lines and no entry
  // at all, this is no listing, and not an empty directory either.
  const std::string& first_unparsed() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ftpfs::proto
