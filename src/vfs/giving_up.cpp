// SPDX-License-Identifier: MIT
// What becomes of a file that the server will not have, or has not got when the mount ends: its content is
// kept, and where, and why, is told.
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

std::string reason(const Stage& stage) {
  try {
    if (stage.failure) std::rethrow_exception(stage.failure);
  } catch (const Error& error) {
    return std::string(error.what()) +
           (error.server_said().empty() ? "" : " (server said: " + escaped(error.server_said()) + ")");
  } catch (const std::exception& error) {
    return error.what();
  }
  return "interrupted";
}

}  // namespace

// Is what the stage holds now what the server has refused for good?
bool Uploads::refused_for_good(const Stage& stage) {
  if (!stage.failure || !stage.dirty() || stage.failed < stage.changes()) return false;
  try {
    std::rethrow_exception(stage.failure);
  } catch (const Error& error) {
    return is_final(error);
  } catch (...) {
    return false;
  }
}

void Uploads::give_up(Node& node) {
  const std::string path = shown_path(node);
  Stage& stage = *node.stage;
  const std::string why = reason(stage);
  std::string kept;
  try {
    kept = spool_->own().keep(stage.file(), node.name);
    const bool partial = stage.missing({0, stage.size()}).has_value();
    logger_->error("{} could not be saved on the server: {}. Its content is kept in {}{}", escaped(path), why,
                   kept, partial ? " (parts that were never read or written here are zeros)" : "");
    if (stage.old && stage.old_is_lost) {
      const std::string old = spool_->own().keep(stage.old->file(), node.name + ".old");
      logger_->error("The old content of {} is kept in {}: the server has lost it", escaped(path), old);
    }
  } catch (const Error& error) {
    const bool has_record = noted(stage);
    logger_->error("{} could not be saved on the server: {}, nor kept: {}{}", escaped(path), why,
                   error.what(), has_record ? "; the next mount tries again" : "");
    if (has_record) stage.entry.reset();  // which leaves what is on disk as it is
  }
  remember_refused(node, kept);
  journal_.forget(stage);
  let_go(node);
}

void Uploads::remember_refused(const Node& node, const std::string& kept) {
  constexpr std::size_t most = 100;
  const auto wall = context_.clock.wall().time_since_epoch();
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  const std::exception_ptr& failure = node.stage->failure;
  refused_.push_back(
      {shown_path(node), failure ? fault_of(failure) : Fault{EINTR, "interrupted", {}}, kept, now});
  if (refused_.size() > most) refused_.pop_front();
}

// It is not ours to save any more: whoever still waits for it hears so, what the server has shows again.
void Uploads::let_go(Node& node) {
  Stage& stage = *node.stage;
  stage.stop.request_stop();
  discard(stage);
  stage.stop = std::stop_source();
  stage.saved = stage.given_up = stage.changes();
  stage.mtime.reset();
  stage.mode.reset();
  node.learned = {};
  node.new_version();  // the kernel's pages show what the server will never have
  if (node.linked && node.parent) {
    directories_.erase(*node.parent, node.name);  // show again what the server has
    directories_.drop(*node.parent);
  }
}

awaitable<std::string> Uploads::leave_behind(NodeRef node) {
  const std::string path = shown_path(*node);
  const StagePtr stage = node->stage;
  if (!refused_for_good(*stage)) {
    const bool safe = co_await secure(node);
    if (safe) {
      logger_->error("{} is not on the server yet: {}. The next mount will send it, from {}", escaped(path),
                     reason(*stage), stage->entry->folder->path());
      stage->entry.reset();  // which leaves what is on disk as it is
      let_go(*node);
      co_return path;
    }
  }
  give_up(*node);
  co_return path;
}

}  // namespace ftpfs::vfs
