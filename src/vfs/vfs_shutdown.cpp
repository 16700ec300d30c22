// SPDX-License-Identifier: MIT
// The end of a mount: what is dirty is saved, as many files at once as there are sessions; what cannot be by
// the deadline is left to the next mount or given a name in the spool.
#include <algorithm>
#include <deque>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

awaitable<void> stop_at(Clock& clock, Clock::time_point deadline, std::stop_source waits,
                        std::stop_token done) {
  co_await clock.sleep_until(deadline, done);
  waits.request_stop();
}

struct Vfs::Impl::Saving {
  std::deque<NodeRef> next;
  std::unordered_set<Ino> tried;
  std::size_t at_work = 0;
  std::vector<std::string> lost;
  WaitList done;
};

// What a stage loads with keeps the node alive that the stage belongs to.
void Vfs::Impl::drop_stages() {
  std::vector<NodeRef> staged;
  nodes.for_each([&](Node& node) {
    if (node.stage) staged.emplace_back(nodes, node);
  });
  for (NodeRef& node : staged) node->stage.reset();
}

// False: it is only here.
awaitable<bool> Vfs::Impl::saved(NodeRef node, std::stop_token waits) {
  const std::shared_ptr<Stage> stage = node->stage;
  try {
    co_await uploads.send_now(node, waits);
  } catch (const std::exception&) {  // whatever it was: the next one has its own chance
    co_return !node->stage || !node->stage->dirty();
  }
  co_return !stage || stage->given_up == 0;
}

awaitable<void> Vfs::Impl::save_next(Impl* self, std::shared_ptr<Saving> saving, std::stop_token waits) {
  while (!saving->next.empty()) {
    const NodeRef node = std::move(saving->next.front());
    saving->next.pop_front();
    std::string path = shown_path(*node);
    try {
      const bool is_saved = co_await self->saved(node, waits);
      if (is_saved) continue;
      if (is_unsaved(*node)) co_await self->uploads.leave_behind(node);
    } catch (const std::exception& error) {
      self->logger->error("{} could not be kept: {}", escaped(path), escaped(error.what()));
    }
    saving->lost.push_back(std::move(path));
  }
  --saving->at_work;
  saving->done.wake_all();
}

awaitable<std::vector<std::string>> Vfs::Impl::save_all(std::stop_token waits) {
  const auto saving = std::make_shared<Saving>();
  const std::stop_token never;  // each of them has the deadline
  for (;;) {                    // again: of two versions ours goes on under another name
    nodes.for_each([&](Node& node) {
      if (is_unsaved(node) && saving->tried.insert(node.ino).second) saving->next.emplace_back(nodes, node);
    });
    if (saving->next.empty()) co_return std::move(saving->lost);
    while (saving->at_work < std::min(remote.sessions(), saving->next.size())) {
      ++saving->at_work;
      tasks.spawn(save_next(this, saving, waits));
    }
    while (saving->at_work > 0) co_await saving->done.wait(never);
  }
}

awaitable<std::vector<std::string>> Vfs::Impl::shutdown(Clock::time_point deadline) {
  shutting_down = true;
  stop_fetching_ahead();
  log_fetched_ahead();
  std::stop_source waits;  // fires at the deadline: nothing below waits any longer
  TaskSet timer(executor, logger);
  timer.spawn(stop_at(clock, deadline, waits, timer.stop_token()));

  std::vector<std::string> lost = uploads.take_untold();
  const std::stop_token end = waits.get_token();
  std::vector<std::string> unsaved = co_await save_all(end);
  std::ranges::move(unsaved, std::back_inserter(lost));
  nodes.for_each([&](Node& node) {  // what was unlinked while open: nobody will close it any more
    if (node.marks().hidden_as && node.marks().handles > 0) hidden.remove(*node.marks().hidden_as);
  });
  tasks.request_stop();
  files.clear();
  open_directories.clear();
  try {
    co_await tasks.join(end);
    drop_stages();
  } catch (const Cancelled&) {
    logger->warn("unmounting with {} transfers unfinished", tasks.size());
  }
  std::ranges::move(leave_left_over(), std::back_inserter(lost));
  co_return lost;
}

}  // namespace ftpfs::vfs
