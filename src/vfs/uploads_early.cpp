// SPDX-License-Identifier: MIT
// Uploads that begin before close(): that of a new file when it is created, that of a large one while it is
// written.
#include <chrono>
#include <exception>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t follow_step = 1u << 20;  // a running upload takes this much or more at a time
constexpr std::uint64_t follow_from = 4u << 20;  // a file this large starts its upload before it is closed
constexpr std::chrono::seconds takes_files_for{10};

}  // namespace

awaitable<void> Uploads::start_new(NodeRef node, std::stop_token stop) {
  if (context_.config.upload == UploadMode::atomic || writes_back())
    co_return;  // nothing under its name before it is complete
  const StagePtr stage = node->stage;
  SinkRequest request;
  request.yields = true;
  request.only_if_free = true;
  // Where the server has just taken another one, its yes is not waited for: that round trip is saved, and if
  // it is a no after all, close() tells.
  const std::optional<Clock::time_point> took = directories_.state(*node->parent).took_file;
  request.unheard = took && context_.clock.now() - *took < takes_files_for;
  const auto next = std::make_shared<Transmission>();
  next->path = context_.nodes.path(*node);
  next->started_at = stage->changes();
  if (context_.remote.upload_in_doubt(next->path)) co_return;
  const Path path = next->path;
  Remote& remote = context_.remote;
  stage->running = true;  // nobody else may start an upload while this one is being opened
  stage->started = true;
  std::unique_ptr<Sink> sink;
  std::exception_ptr failure;
  bool line_died = false;
  try {
    sink = co_await remote.open_sink(path, request, stop);
  } catch (const ConnectionLost&) {
    line_died = true;
    failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  stage->running = false;
  stage->finished.wake_all();
  if (failure) {
    const bool goes_on = remote.upload_in_doubt(path) || (line_died && context_.config.hard);
    if (stop.stop_requested() || !goes_on) std::rethrow_exception(failure);
    co_return;  // close() sends it, in doubt under another name
  }
  if (!sink) co_return;
  next->sink = std::move(sink);
  next->accepted = next->made = true;
  stage->created_here = true;
  stage->transmission = next;
  node->on_server = true;
}

void Uploads::modified(NodeRef node, std::uint64_t from) {
  Stage& stage = *node->stage;
  const auto wall = context_.clock.wall().time_since_epoch();
  stage.written_at = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  stage.mtime.reset();
  node->forget(&Marks::kept_mtime);
  if (stage.transmission && from < stage.transmission->taken) stage.transmission->rewritten = true;
  if (!std::exchange(stage.watched, true)) {
    journal_.note_soon(*node);
    forget_on_disk(*node);
  }
  if (writes_back() || stage.running || stage.following || moves(*node) || !worth_following(*node)) return;
  stage.following = true;
  context_.tasks.spawn(follow(this, node));
}

bool Uploads::worth_following(const Node& node) const {
  const Stage& stage = *node.stage;
  if (const Transmission* const running = stage.transmission.get()) {
    return !running->rewritten && stage.size() >= running->sent + follow_step;
  }
  return node.linked && stage.base_size() == 0 && stage.size() >= follow_from && !stage.failure;
}

awaitable<void> Uploads::follow(Uploads* self, NodeRef node) {
  const StagePtr stage = node->stage;
  try {
    if (!stage->transmission) {
      const Opening how{.yields = true};
      co_await self->open_transmission(node, how);
    }
    co_await self->send(node, follow_step);
  } catch (const std::exception& error) {  // whatever it was: close() waits for `following` to end
    self->logger_->debug("upload of {} begins anew at close: {}", escaped(node->name), error.what());
    self->discard(*stage);
  }
  stage->following = false;
  stage->finished.wake_all();
}

}  // namespace ftpfs::vfs
