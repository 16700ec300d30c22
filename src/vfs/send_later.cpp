// SPDX-License-Identifier: MIT
// Uploads that nobody waits for: with writeback each of them, else those that failed and are tried again.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/stop.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::chrono::milliseconds first_retry{5'000};
constexpr std::chrono::milliseconds last_retry{300'000};
// A small file that takes so long waits for something else than the line: for its lock on the server, say.
constexpr std::chrono::seconds held_up_after{2};
constexpr std::size_t listed_at_most = 2000;  // of larger directories single names are asked for

}  // namespace

class Uploads::Turn {
 public:
  explicit Turn(Uploads& uploads)
      : uploads_(uploads), mine_(uploads.turns_.insert(uploads.context_.clock.now())) {}
  ~Turn() {
    uploads_.turns_.erase(mine_);
    uploads_.turn_ended_.wake_one();
    uploads_.large_turn_ended_.wake_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Uploads& uploads_;
  std::multiset<Clock::time_point>::iterator mine_;
};

// As many at once as there are sessions: what was found out about the server's version would be old before
// one came free. What is large leaves the last to others, who would not wait long for a small one; while one
// of them takes long all the same, no other takes the last.
bool Uploads::has_turn(bool is_small) const noexcept {
  if (turns_.empty()) return true;
  const bool held_up = context_.clock.now() - *turns_.begin() > held_up_after;
  const std::size_t left_alone = is_small && !held_up ? 0 : 1;
  return turns_.size() + left_alone < context_.remote.sessions();
}

awaitable<void> Uploads::wait_for_session(StagePtr stage, std::stop_token stop) {
  const bool is_small = stage->size() <= small_upload;
  WaitList& ended = is_small ? turn_ended_ : large_turn_ended_;
  while (!has_turn(is_small)) co_await ended.wait(stop);
}

void Uploads::tell_unheard(Node& node) {
  if (node.marks().unheard) std::rethrow_exception(std::exchange(node.mark().unheard, nullptr));
}

bool Uploads::never_sent(const Node& node) noexcept {
  const Stage* const stage = node.stage.get();
  return stage && !node.on_server && stage->unheard_of() && !stage->running && !stage->transmission;
}

awaitable<void> Uploads::commit(NodeRef node, std::stop_token stop) {
  if (!writes_back()) {
    if (builds_on_theirs(*node)) co_await part_if_changed(node, stop);
    co_await deliver(node, stop);
    co_await journal_.forgotten();  // else an older version, sent before, could come back over this one
    co_return;
  }
  co_await until_kept(node, stop);
  tell_unheard(*node);
  const StagePtr stage = node->stage;
  if (!stage || !node->linked || stage->stop.stop_requested()) co_return;
  if (!stage->dirty() && !stage->mtime && !stage->mode) co_return;
  std::exception_ptr failure;
  try {
    co_await journal_.secure(node);
  } catch (...) {
    failure = std::current_exception();
  }
  // It may have been given up meanwhile, or the mount have ended.
  if (node->stage == stage) {
    directories_.publish(*node);
    settle_later(node);
  }
  if (failure) std::rethrow_exception(failure);
}

void Uploads::settle_later(NodeRef node) {
  if (std::exchange(node->stage->retrying, true)) return;
  context_.tasks.spawn(send_later(this, node));
}

awaitable<void> Uploads::send_later(Uploads* self, NodeRef node) {
  const StagePtr stage = node->stage;
  if (!stage) co_return;  // the mount has ended before it began
  const std::stop_token stop = self->context_.tasks.stop_token();
  const bool failed = stage->failure && stage->failed >= stage->changes();
  std::chrono::milliseconds delay = failed ? first_retry : self->context_.config.writeback;
  for (;;) {
    if (delay.count() > 0) {
      const Clock::time_point due = self->context_.clock.now() + delay;
      co_await self->wait_until_due(stage, due);
    }
    delay = std::clamp(2 * delay, first_retry, last_retry);
    co_await self->wait_for_session(stage, stop);
    const Turn turn(*self);
    if (node->stage != stage) break;
    if (node->marks().writers > 0 && !self->writes_back()) break;  // whoever has it open now will flush it
    const int code = co_await self->try_to_send(node, stop);
    if (node->stage != stage) co_return;  // of two versions ours lives on under another name
    if (code == EAGAIN) continue;
    if (code != 0) {
      if (self->writes_back()) self->untold_.push_back(shown_path(*node));
      self->give_up(*node);
    }
    break;
  }
  stage->retrying = false;
  if (node->stage == stage) self->settle(node);
}

// Until its time has come, or somebody has sent it before.
awaitable<void> Uploads::wait_until_due(StagePtr stage, Clock::time_point due) {
  const std::stop_token end = context_.tasks.stop_token();
  std::stop_source wait;
  const std::stop_callback on_end(end, RequestStop(wait));
  const std::stop_callback on_hurry(stage->hurry.get_token(), RequestStop(wait));
  const std::stop_token ends = wait.get_token();
  Clock& clock = context_.clock;
  try {
    co_await clock.sleep_until(due, ends);
  } catch (const Cancelled&) {
    if (end.stop_requested()) throw;
  }
  stage->hurry = std::stop_source();
}

// Does it keep some of what the server had, and replace all of it? Who writes a file anew has not looked at
// what was there, and the last one wins.
bool Uploads::builds_on_theirs(const Node& node) noexcept {
  const Stage* const stage = node.stage.get();
  return stage && stage->dirty() && stage->base_size() > 0 && !stage->append_only();
}

// Who hears that it could not be found out is to know that the content is safe.
awaitable<void> Uploads::part_if_changed(NodeRef node, std::stop_token stop) {
  const StagePtr stage = node->stage;
  std::exception_ptr failure;
  try {
    const std::optional<Attributes> theirs = co_await find_conflict(node, stop);
    if (theirs) co_await part_(node, *theirs, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && node->stage == stage && node->linked) co_await secure(node);
  if (failure) std::rethrow_exception(failure);
  tell_unheard(*node);
}

awaitable<void> Uploads::send_now(NodeRef node, std::stop_token stop) {
  const std::optional<Attributes> theirs = co_await find_conflict(node, stop);
  if (theirs) {
    co_await part_(node, *theirs, stop);
    co_return;
  }
  const StagePtr stage = node->stage;
  co_await deliver(node, stop);
  if (stage && stage->retrying)
    stage->hurry.request_stop();  // or it would keep its place on the disk so long
}

// 0: saved. EAGAIN: not now. Else why it never will be.
awaitable<int> Uploads::try_to_send(NodeRef node, std::stop_token stop) {
  try {
    const std::optional<Attributes> theirs = co_await find_conflict(node, stop);
    if (theirs) {
      co_await part_(node, *theirs, stop);
      co_return 0;
    }
    co_await deliver(node, stop);
    co_return 0;
  } catch (const ConnectionLost&) {
    co_return EAGAIN;
  } catch (const NotAdmitted&) {
    co_return EAGAIN;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    if (writes_back()) node->complain(std::current_exception());
    co_return is_final(error) ? error.code() : EAGAIN;
  } catch (const std::bad_alloc&) {
    co_return EAGAIN;
  }
}

// Is there somebody else's file of the name that was made here? Of many new ones one listing tells: each
// would cost a round trip of its own, and on servers without MLST several.
awaitable<bool> Uploads::is_taken(NodeRef node, std::stop_token stop) {
  Remote& remote = context_.remote;
  const NodeRef parent(context_.nodes, *node->parent);
  const auto listing = directories_.cached(*parent);
  const bool small = !listing || listing->size() <= listed_at_most;
  if (small && !remote.capabilities().cheap_stat) {
    std::string name = node->name.str();
    try {
      co_return co_await directories_.shows(parent, std::move(name), stop);
    } catch (const Error& error) {
      if (error.code() != EACCES) throw;  // a drop box: single names only
    }
  }
  const Path path = context_.nodes.path(*node);
  co_return co_await remote.has_file(path, stop);
}

// What the server shows in place of the version that the changes began with. An attempt of ours that may have
// left something there makes it impossible to tell.
awaitable<std::optional<Attributes>> Uploads::find_conflict(NodeRef node, std::stop_token stop) {
  const StagePtr stage = node->stage;
  const bool can_tell = stage->dirty() && node->linked && !stage->running && !stage->created_here &&
                        stage->may_append && !stage->old && (stage->unheard_of() || node->on_server);
  if (!can_tell || moves(*node)) co_return std::nullopt;
  if (!node->on_server) {
    const bool taken = co_await is_taken(node, stop);
    if (!taken) co_return std::nullopt;
  }
  const Path path = context_.nodes.path(*node);
  Remote& remote = context_.remote;
  std::optional<Attributes> there = co_await remote.stat(path, stop);
  const bool is_the_same = !there || (node->on_server && same_version(node->attributes, *there));
  if (is_the_same || node->stage != stage || !node->linked || moves(*node)) there.reset();
  co_return there;
}

}  // namespace ftpfs::vfs
