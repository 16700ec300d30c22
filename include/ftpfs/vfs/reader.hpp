// SPDX-License-Identifier: MIT
// Reads one remote file for one open handle: a window of bytes around the reader's position, filled by one
// long RETR that runs ahead. A seek inside the window or a little ahead of it is served by waiting, one far
// away by a new RETR at that offset. Nobody reading = nobody filling: TCP is the back-pressure. The window
// grows with what was read in sequence (twice of it, up to ReaderContext::readahead; more than four readers
// share four times that), so that random reads fetch little; what they fetch goes to the block cache.
//
// With a DiskCache, what waits is looked for there before a stream is begun, and what streams bring is put
// there.
//
// All bytes are of one version of the file. FTP has no way to hold on to one: a RETR reads what has the name
// when it begins. So what a second stream brings is shown only when the file, looked at after that stream has
// begun, still has the size and time of the version that is read. (A file that is written in place while one
// stream reads it, and one replaced within the same second by another of the same size, cannot be told.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/block_cache.hpp>
#include <ftpfs/vfs/disk_cache.hpp>
#include <ftpfs/vfs/hit_rate.hpp>
#include <ftpfs/vfs/inode_table.hpp>

namespace ftpfs::vfs {

class Spool;

// Several streams for one reader (Segments), in the whole mount: whether they help depends on the line, not
// on the file.
struct MoreStreams {
  Clock::time_point not_before = Clock::time_point::min();  // they did not lately
  AheadCounts counts;                                       // of segments
};

// Counts the readers that hold bytes: the memory to read ahead into is shared by them.
class Holders {
 public:
  using Token = std::shared_ptr<const void>;  // of one reader, as long as it holds some

  Token join() const noexcept { return token_; }
  std::size_t count() const noexcept { return static_cast<std::size_t>(token_.use_count()) - 1; }
  // For each of them, where a lone one may have `most`.
  std::size_t share(std::size_t most) const noexcept;

  static constexpr std::size_t undisturbed = 4;  // readers with all that the configuration allows one

 private:
  Token token_ = std::make_shared<char>();
};

struct ReaderContext {
  Remote& remote;
  Clock& clock;
  TaskSet& tasks;
  InodeTable& nodes;
  BlockCache& blocks;
  ChunkPool& chunks;
  const VfsConfig& config;
  const Spool* spool;  // null: mounted read-only
  MoreStreams& more;
  DiskCache* disk;  // null: nothing that is read is kept on disk
  Holders holders = {};

  // How far to read ahead. What a line of 1 Gbit/s and 20 ms has under way is 2.5 MB, and a program may
  // pause; from a server near by the next byte is as quickly here as it is wanted, and what has not left the
  // processor's cache yet is copied faster (1 GiB on loopback: 0.84 s with 2 MiB, 0.89 with 8).
  static constexpr std::size_t usual_readahead = 8u << 20;
  static constexpr std::size_t near_readahead = 2u << 20;
  std::size_t readahead() const noexcept {
    const std::size_t suits = remote.capabilities().near ? near_readahead : usual_readahead;
    return config.readahead_bytes.value_or(suits);
  }
};

// Somebody else has changed the file on the server: what is read there now is another version. code() is EIO.
class Replaced final : public Error {
 public:
  Replaced(const Path& path, Attributes now_, Clock::time_point when);

  Attributes now;
  Clock::time_point seen;  // not later than the server showed `now`
};

struct FileVersion {
  std::uint64_t number = 0;  // Node::version
  Attributes attributes;     // what the server shows of it
};

class Reader {
 public:
  // Which streams are shown without a look: not even the first one when its bytes will be joined with changes
  // of ours; every one when it was we who may have added something behind the version.
  enum class Trust { first_stream, none, every_stream };

  // Streams must deliver exactly as much as `version` has, or reads fail with EIO.
  Reader(ReaderContext& context, NodeRef node, FileVersion version, Trust trust = Trust::first_stream);
  ~Reader();  // aborts the stream

  std::optional<Slices> read_now(std::uint64_t offset, std::size_t size);
  // Fewer bytes than asked only at the end of the file.
  awaitable<Slices> read(std::uint64_t offset, std::size_t size, std::stop_token stop);

  // Gives up a stream that nobody has read from since `before`, and where many readers hold bytes those, too.
  // True while there is something left to be given up.
  bool drop_idle(Clock::time_point before) noexcept;

 private:
  class Window;
  std::shared_ptr<Window> window_;
};

}  // namespace ftpfs::vfs
