// SPDX-License-Identifier: MIT
// Reads one remote file for one open handle: a window of bytes around the reader's position, filled by one
// long RETR that runs ahead. A seek inside the window or a little ahead of it is served by waiting, one far
// away by a new RETR at that offset. Nobody reading = nobody filling: TCP is the back-pressure. The window
// grows with what was read in sequence (twice of it, up to readahead_bytes), so that random reads fetch
// little; what they fetch goes to the block cache.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include <ftpfs/vfs/block_cache.hpp>
#include <ftpfs/vfs/inode_table.hpp>

namespace ftpfs::vfs {

struct ReaderContext {
  Remote& remote;
  Clock& clock;
  TaskSet& tasks;
  InodeTable& nodes;
  BlockCache& blocks;
  ChunkPool& chunks;
  const VfsConfig& config;
};

class Reader {
 public:
  // `size`: of the version to be read. The stream must deliver exactly that much, or reads fail with EIO.
  Reader(ReaderContext& context, NodeRef node, std::uint64_t size);
  ~Reader();  // aborts the stream

  std::optional<Slices> read_now(std::uint64_t offset, std::size_t size);
  // Fewer bytes than asked only at the end of the file.
  awaitable<Slices> read(std::uint64_t offset, std::size_t size, std::stop_token stop);

  // Gives up a stream that nobody has read from since `before`. True while there is a stream left.
  bool drop_idle(Clock::time_point before) noexcept;

 private:
  class Window;
  std::shared_ptr<Window> window_;
};

}  // namespace ftpfs::vfs
