// SPDX-License-Identifier: MIT
// Files whose size the listing did not tell. The kernel reads no further than the size it was told, so that
// such a file would be an empty one to every program: open() always finds the size out, at worst by reading
// the file once; stat() asks for it as long as that is not too much for one directory.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr unsigned most_size_questions = 100;  // of stat(), about the files of one listing

}  // namespace

bool Vfs::Impl::lacks_size(const Node& node) {
  return node.attributes.kind == Kind::file && !node.attributes.size_known && !node.stage && node.linked;
}

bool Vfs::Impl::may_ask_size(const Node& node) {
  return lacks_size(node) && directories.state(*node.parent).size_questions < most_size_questions;
}

// The server's answer about this one name. Where it has none either, it is not asked about its siblings.
awaitable<void> Vfs::Impl::ask_size(NodeRef node, std::stop_token stop) {
  NodeRef parent(nodes, *node->parent);
  std::string name = node->name.str();
  const Path path = nodes.path(*node);
  const Attributes listed = node->attributes;
  ++directories.state(*parent).size_questions;
  std::optional<NodeRef> now = co_await look_again(parent, name, stop);
  if (lacks_size(*node)) directories.state(*parent).size_questions = most_size_questions;
  if (node->stage) co_return;
  if (now && &**now == &*node) {
    // SIZE and MDTM tell no mode, and not every server has MDTM.
    if (!node->attributes.mode) node->attributes.mode = listed.mode;
    if (!node->attributes.mtime) node->attributes.mtime = listed.mtime;
    directories.publish(*node);
    co_return;
  }
  if (!now && !node->linked) co_return;  // removed by ourselves meanwhile
  if (node->linked) {
    const bool moved = co_await nodes.has_moved(node, path, stop);
    if (moved) co_return;  // to be asked again under its new name
  }
  if (!now) {
    directories.drop(*parent);
    nodes.unlink(*node);
  }
  // ESTALE: the kernel asks for the name once more. What a listing takes for a file may be a link to a
  // directory.
  throw Error(ESTALE, name + (now ? " is something else on the server" : " was removed on the server"));
}

awaitable<void> Vfs::Impl::require_size(NodeRef node, std::stop_token stop) {
  if (lacks_size(*node)) co_await ask_size(node, stop);
  co_await measure(node, stop);
}

awaitable<void> Vfs::Impl::measure(NodeRef node, std::stop_token stop) {
  while (lacks_size(*node)) co_await count_bytes(node, stop);
}

// Nobody tells the size: what the file holds, counted from its beginning to the end that the server confirms.
// As much as the block cache may hold need not be fetched once more to be read.
awaitable<void> Vfs::Impl::count_bytes(NodeRef node, std::stop_token stop) {
  const std::uint64_t version = node->new_version();  // nothing that is cached can be vouched for
  Clock::time_point asked = clock.now();
  Attributes expected = node->attributes;
  ByteCount count;
  bool joined = co_await count_streams(node, &count, stop);
  for (bool may_repeat = true; joined;) {
    const bool same = co_await is_still(node, &expected, stop);
    if (same) break;
    if (!std::exchange(may_repeat, false))
      throw Error(EIO, node->name + " was changed on the server again and again while it was counted");
    count = {};
    asked = clock.now();
    joined = co_await count_streams(node, &count, stop);
  }
  if (node->version != version || !lacks_size(*node)) co_return;  // it was changed here meanwhile
  for (std::uint64_t index = 0; index < count.blocks.size(); ++index)
    blocks.put({node->ino, version, index}, std::move(count.blocks[index]));
  node->mark().streamed_version = version;
  node->attributes.size = count.bytes;
  node->attributes.size_known = true;
  node->learned = asked;
  directories.publish(*node);
}

// True: the line died, and what is counted comes of more than one stream.
awaitable<bool> Vfs::Impl::count_streams(NodeRef node, ByteCount* count, std::stop_token stop) {
  bool joined = false;
  for (bool may_retry = true;; joined = joined || count->bytes > 0) {
    const std::uint64_t before = count->bytes;
    try {
      co_await count_stream(this, node, count, stop);
      co_return joined;
    } catch (const Revoked&) {
    } catch (const ConnectionLost&) {
      if (stop.stop_requested()) throw Cancelled();
      if (count->bytes > before) may_retry = true;
      if (!std::exchange(may_retry, false)) throw;
    }
    if (stop.stop_requested()) throw Cancelled();
  }
}

// A stream that goes on where another one was cut reads what has the name by then. False: `expected` is that.
awaitable<bool> Vfs::Impl::is_still(NodeRef node, Attributes* expected, std::stop_token stop) {
  while (node->linked) {
    const Path path = nodes.path(*node);
    const std::optional<Attributes> now = co_await remote.stat(path, stop);
    if (now && same_version(*expected, *now)) break;
    const bool moved = co_await nodes.has_moved(node, path, stop);
    if (moved || !node->linked) continue;
    if (!now) throw Error(ESTALE, path.str() + " was removed on the server while it was counted");
    *expected = *now;
    co_return false;
  }
  co_return true;
}

// From where the count stands to the end of the file.
awaitable<void> Vfs::Impl::count_stream(Impl* self, NodeRef node, ByteCount* count, std::stop_token stop) {
  constexpr std::size_t block_size = BlockCache::block_size;
  const Path path = self->nodes.path(*node);
  std::unique_ptr<Source> source = co_await self->remote.open_source(path, count->bytes, stop);
  const std::stop_callback on_stop(stop, [&source] { source.reset(); });
  for (;;) {
    const std::size_t index = count->bytes / block_size;
    const std::size_t filled = count->bytes % block_size;
    const bool keeps = (index + 1) * block_size <= self->config.block_bytes;
    if (keeps && count->blocks.size() == index) count->blocks.push_back(std::make_shared<Buffer>(block_size));
    if (!keeps && !count->rest) count->rest = std::make_shared<Buffer>(block_size);
    const std::shared_ptr<Buffer> into = keeps ? count->blocks[index] : count->rest;
    if (!source) throw Cancelled();
    Source& reading = *source;
    const MutableBytes room = into->bytes().subspan(filled);
    const std::size_t size = co_await reading.read_some(room);
    if (stop.stop_requested()) throw Cancelled();
    count->bytes += size;
    if (size > 0) continue;
    if (keeps) into->shrink(filled);
    if (keeps && filled == 0) count->blocks.pop_back();
    co_return;
  }
}

}  // namespace ftpfs::vfs
