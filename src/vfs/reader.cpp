// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>

#include "reader_window.hpp"

namespace ftpfs::vfs {
namespace {

// Keeps the window from dropping what a read that waits has yet to take.
class Pending {
 public:
  Pending(std::multiset<std::uint64_t>& offsets, std::uint64_t offset)
      : offsets_(offsets), mine_(offsets.insert(offset)) {}
  ~Pending() { offsets_.erase(mine_); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  std::multiset<std::uint64_t>& offsets_;
  std::multiset<std::uint64_t>::iterator mine_;
};

}  // namespace

// Counts a reader that waits for the present window, and the time that any of them does; the last one to
// leave lets others move the window.
class Reader::Window::Waiting {
 public:
  explicit Waiting(Window& window) : window_(window) {
    if (window_.waiting++ == 0) window_.waiting_since = window_.context.clock.now();
  }
  ~Waiting() {
    if (--window_.waiting > 0) return;
    window_.waited += window_.context.clock.now() - window_.waiting_since;
    window_.turn.wake_all();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Window& window_;
};

// One read that needs another window, until it has it. The kernel's read-ahead makes requests that overlap,
// so that there may always be one that waits for the present window: after `longest` who comes lets the other
// go first.
class Reader::Window::Turn {
 public:
  explicit Turn(Window& window) : window_(window), mine_(window.turns.insert(window.context.clock.now())) {}
  ~Turn() {
    window_.turns.erase(mine_);
    window_.turn.wake_all();  // who has let it go first
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Somebody else than `turn` has waited too long.
  static bool is_overdue(const Window& window, const std::optional<Turn>& turn) {
    const auto first = window.turns.begin();
    const bool others = first != window.turns.end() && !(turn && turn->mine_ == first);
    return others && window.context.clock.now() - *first >= longest;
  }

 private:
  static constexpr Clock::duration longest = std::chrono::seconds(1);

  Window& window_;
  std::multiset<Clock::time_point>::iterator mine_;
};

Replaced::Replaced(const Path& path, Attributes now_, Clock::time_point when)
    : Error(EIO, path.str() + " was changed on the server while it was read here"),
      now(std::move(now_)),
      seen(when) {}

Reader::Reader(ReaderContext& context, NodeRef node, FileVersion version, Trust trust)
    : window_(std::make_shared<Window>(context, std::move(node), std::move(version), trust)) {}

Reader::~Reader() {
  window_->close();
}

std::optional<Slices> Reader::read_now(std::uint64_t offset, std::size_t size) {
  const std::uint64_t end = window_->clamp(offset, size);
  std::optional<Slices> found = window_->find(offset, end);
  if (found && window_->holds(offset, end)) window_->want(window_, end);
  return found;
}

awaitable<Slices> Reader::read(std::uint64_t offset, std::size_t size, std::stop_token stop) {
  const std::shared_ptr<Window> window = window_;
  const std::uint64_t end = window->clamp(offset, size);
  const Pending pending(window->pending, offset);
  std::optional<Window::Turn> turn;
  for (bool on_disk = window->context.disk != nullptr;;) {
    if (std::optional<Slices> found = window->find(offset, end)) {
      if (window->holds(offset, end)) window->want(window, end);
      co_return std::move(*found);
    }
    if (std::exchange(on_disk, false)) {
      std::optional<Slices> kept = co_await Window::from_disk(window, offset, end, stop);
      if (kept) co_return std::move(*kept);
      continue;  // the stream may have brought it meanwhile
    }
    if (window->waiting == 0 && !window->reachable(offset)) window->seek(offset);
    const bool elsewhere = !window->reachable(offset);
    if (elsewhere && !turn) turn.emplace(*window);
    if (elsewhere || Window::Turn::is_overdue(*window, turn)) {
      co_await window->turn.wait(stop);
      continue;
    }
    turn.reset();
    if (window->failure) {
      std::exception_ptr failure = std::exchange(window->failure, nullptr);
      if (window->waiting > 0) window->failure = failure;  // the others want to hear it too
      std::rethrow_exception(failure);
    }
    const Window::Waiting waiting(*window);
    window->next_wake(end);
    window->want(window, end);
    co_await window->data.wait(stop);
  }
}

bool Reader::drop_idle(Clock::time_point before) noexcept {
  return window_->drop_idle(before);
}

}  // namespace ftpfs::vfs
