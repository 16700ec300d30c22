// SPDX-License-Identifier: MIT
// Overwriting a file in place, where the server takes no temporary name beside it. That may be a directory in
// which nothing can be created; but vsftpd says the same bare 553 when its disk or quota is full, and then
// the STOR that empties the old content would be followed by nothing. So the old content is fetched before,
// and put back where the new one does not arrive: the room that it took is free. Both lie in the spool before
// the STOR, so that the next mount can do the same after a crash.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {

awaitable<void> Uploads::try_in_place(NodeRef node) {
  if (!std::exchange(in_place_logged_, true)) {
    logger_->warn("the server refuses a temporary file beside {}: such files are overwritten in place",
                  escaped(node->name));
  }
  const StagePtr stage = node->stage;
  if (!stage->old) co_await fetch_old(node);
  stage->created_here = true;
  std::exception_ptr failure;
  bool emptied = false;
  try {
    const Opening how{.waits = true};
    co_await open_transmission(node, how);
    if (node->stage != stage) throw Cancelled();  // the mount has ended
    co_await send(node, 1);
    co_await finish(node);
  } catch (...) {
    failure = std::current_exception();
    emptied = stage->transmission && stage->transmission->accepted;
  }
  stage->created_here = false;
  if (!failure) co_return;
  discard(*stage);
  if (emptied && node->stage == stage) co_await put_back(node);
  std::rethrow_exception(failure);
}

awaitable<void> Uploads::fetch_old(NodeRef node) {
  const StagePtr stage = node->stage;
  const FileVersion version{node->version, node->attributes};
  const std::stop_token stop = stage->stop.get_token();
  auto old = std::make_unique<Stage>(spool_->own().create(), version.attributes.size);
  Reader reader(context_, node, version, Reader::Trust::none);
  while (const auto missing = old->missing({0, old->size()})) {
    const std::size_t size = std::min<std::uint64_t>(missing->end - missing->begin, piece_size);
    const Slices slices = co_await reader.read(missing->begin, size, stop);
    if (slices.empty()) throw Error(EIO, node->name + " became shorter on the server");
    std::uint64_t offset = missing->begin;
    for (const Slice& slice : slices) {
      old->fill(offset, slice.bytes);
      offset += slice.bytes.size();
    }
  }
  stage->old = std::move(old);
}

awaitable<void> Uploads::put_back(NodeRef node) {
  const StagePtr stage = node->stage;
  stage->old_is_lost = true;
  try {
    const Stage& old = *stage->old;
    const Path path = context_.nodes.path(*node);
    const SinkRequest request;
    const std::stop_token stop = stage->stop.get_token();
    Remote& remote = context_.remote;
    const std::unique_ptr<Sink> opened = co_await remote.open_sink(path, request, stop);
    Sink& sink = *opened;
    for (std::uint64_t sent = 0; sent < old.size();) {
      const std::size_t size = std::min<std::uint64_t>(old.size() - sent, piece_size);
      const std::size_t done = co_await sink.write(old.file(), sent, size);
      if (done == 0) throw Error(EIO, "the spool does not hold all of it");
      sent += done;
    }
    const Attributes now = co_await sink.commit();
    node->attributes.mtime = now.mtime;
    node->learned = context_.clock.now();
    stage->old_is_lost = false;
    Journal::forget_old(*stage);
    stage->old.reset();  // fetched anew before the next attempt: others may change it until then
    logger_->warn("{} has its old content again: the new one did not arrive", escaped(node->name));
  } catch (const Error& error) {
    logger_->warn("the old content of {} could not be put back: {}", escaped(node->name), error.what());
  }
}

}  // namespace ftpfs::vfs
