// SPDX-License-Identifier: MIT
// What a window has from the disk, and what it leaves there.
#include "reader_window.hpp"

namespace ftpfs::vfs {

awaitable<std::optional<Slices>> Reader::Window::from_disk(std::shared_ptr<Window> self, std::uint64_t offset,
                                                           std::uint64_t end, std::stop_token stop) {
  const Node& node = *self->node_;
  ReaderContext& context = self->context;
  // What is being changed here, or has changed there, does not begin to be kept.
  const bool current = node.version == self->version_ && node.linked && !node.stage;
  if (!self->disk_ && current) self->disk_ = context.disk->file(context.nodes.path(node), self->expected_);
  const std::shared_ptr<DiskFile> file = self->disk_;
  if (!file) co_return std::nullopt;
  co_await file->known(stop);
  if (!file->has(offset, end)) {
    file->missed();
    co_return std::nullopt;
  }
  std::optional<Slices> slices = co_await DiskFile::read(file, offset, end);
  if (!slices) co_return std::nullopt;
  // A stream will be the second one: what it brings has to go with this.
  if (self->node_->version == self->version_) self->node_->mark().streamed_version = self->version_;
  for (const Slice& slice : *slices) {  // of a block, the next small read will want more
    if (slice.bytes.size() == slice.owner->size()) continue;
    const std::uint64_t index = offset / block_size + static_cast<std::uint64_t>(&slice - slices->data());
    context.blocks.put({self->node_->ino, self->version_, index}, slice.owner);
  }
  co_return slices;
}

// Another stream has begun, which was asked for then.
void Reader::Window::keep_stream(Clock::time_point asked) {
  if (!disk_) return;
  keeping_ = context.disk->lasts(Path(disk_->version().path), expected_, asked);
  if (!draft_) draft_ = std::make_shared<DiskFile::Draft>();
}

void Reader::Window::keep_on_disk(const Chunk& chunk) {
  const bool whole = chunk.begin % block_size == 0 && chunk.filled == chunk.buffer->size();
  if (!keeping_ || !whole) return;
  disk_->put(chunk.begin, chunk.buffer, draft_);
}

// The first stream of a version is shown without a look, but a later mount should not have to trust it: the
// name may have changed hands before the stream began, and again since.
void Reader::Window::vouch_later() {
  if (!keeping_ || draft_->vouched()) return;
  context.tasks.spawn(vouch(&context, node_, expected_, disk_, draft_));
}

awaitable<void> Reader::Window::vouch(ReaderContext* context, NodeRef node, Attributes expected,
                                      std::shared_ptr<DiskFile> file,
                                      std::shared_ptr<DiskFile::Draft> draft) {
  const std::stop_token stop = context->tasks.stop_token();
  Remote& remote = context->remote;
  std::optional<Attributes> now;
  try {
    const Path path = context->nodes.path(*node);
    now = co_await remote.stat(path, stop);
  } catch (const Error&) {  // then nobody does
  }
  if (now && now->size_known && now->mtime && same_version(expected, *now)) file->vouch_for(draft);
}

}  // namespace ftpfs::vfs
