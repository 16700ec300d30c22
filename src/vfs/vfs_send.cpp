// SPDX-License-Identifier: MIT
// Everything that waits is sent now, because somebody asked for it (ftpfs flush): several files side by side,
// each with its own end.
#include <algorithm>
#include <deque>
#include <unordered_set>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

struct Vfs::Impl::Sending {
  std::deque<NodeRef> next;
  std::unordered_set<Ino> tried;
  std::size_t at_work = 0;
  SendReport report;
  WaitList done;
};

bool is_unsaved(const Node& node) {
  const Stage* const stage = node.stage.get();
  return stage && node.linked && (stage->dirty() || stage->mtime || stage->mode);
}

// Half a file must not take the place of a whole one. What a flush was answered for is to be on the server,
// whoever has it open.
bool is_being_written(const Node& node) {
  const Stage& stage = *node.stage;
  const bool promised = noted(stage) && stage.entry->secured >= stage.changes();
  return node.marks().writers > 0 && !promised;
}

void Vfs::Impl::find_unsaved(Sending& sending) {
  nodes.for_each([&](Node& node) {
    if (!is_unsaved(node) || !sending.tried.insert(node.ino).second) return;
    if (is_being_written(node))
      sending.report.open.push_back(shown_path(node));
    else
      sending.next.emplace_back(nodes, node);
  });
}

awaitable<void> Vfs::Impl::send_next(Impl* self, std::shared_ptr<Sending> sending, std::stop_token stop) {
  while (!sending->next.empty() && !stop.stop_requested()) {
    NodeRef node = std::move(sending->next.front());
    sending->next.pop_front();
    const std::string path = shown_path(*node);
    std::exception_ptr failure;
    try {
      co_await self->uploads.send_now(node, stop);
      ++sending->report.saved;
    } catch (const Cancelled&) {
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) sending->report.failed.push_back({path, fault_of(failure)});
  }
  --sending->at_work;
  sending->done.wake_all();
}

awaitable<SendReport> Vfs::Impl::send_all(std::stop_token stop) {
  const auto sending = std::make_shared<Sending>();
  // Again: of two versions ours goes on under another name.
  for (find_unsaved(*sending); !sending->next.empty(); find_unsaved(*sending)) {
    while (sending->at_work < std::min(remote.sessions(), sending->next.size())) {
      ++sending->at_work;
      tasks.spawn(send_next(this, sending, stop));
    }
    while (sending->at_work > 0) co_await sending->done.wait(stop);
    if (stop.stop_requested()) throw Cancelled();
  }
  co_return std::move(sending->report);
}

}  // namespace ftpfs::vfs
