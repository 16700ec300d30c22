// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/fuse/context.hpp>
#include <ftpfs/fuse/interruption.hpp>

namespace ftpfs::fuse {
namespace {

using Clock = std::chrono::steady_clock;
using Signals = std::uint64_t;  // bit n - 1 is signal n, as proc(5) has it

constexpr Signals set_of(std::initializer_list<int> signals) noexcept {
  Signals set = 0;
  for (const int signal : signals) set |= Signals{1} << (signal - 1);
  return set;
}

// What these do unless they are handled: nothing, or a stop that may come after the answer just as well.
constexpr Signals harmless = set_of({SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU});
constexpr Signals wishes = set_of({SIGINT, SIGTERM, SIGHUP, SIGQUIT});

std::string_view value_of(std::string_view status, std::string_view label) noexcept {
  const std::size_t line = status.find(label);
  if (line == status.npos) return {};
  std::string_view value = status.substr(line + label.size());
  value.remove_prefix(std::min(value.find_first_not_of("\t "), value.size()));
  return value.substr(0, value.find('\n'));
}

Signals signals_in(std::string_view status, std::string_view label) noexcept {
  constexpr int hexadecimal = 16;
  const std::string_view value = value_of(status, label);
  Signals signals = 0;
  std::from_chars(value.data(), value.data() + value.size(), signals, hexadecimal);
  return signals;
}

// The groups stand before the signals, and a user may be in 65,536 of them.
std::string text_of(int file) {
  constexpr std::size_t limit = 1u << 20;
  std::string text;
  std::array<char, 4096> piece{};  // more than twice what Linux 6.1 writes for most
  while (text.size() < limit) {
    const ssize_t size = ::read(file, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

bool exists(pid_t thread) noexcept {
  return ::kill(thread, 0) == 0 || errno != ESRCH;
}

awaitable<void> watch(std::weak_ptr<Request> waiting, pid_t thread, Executor executor) {
  asio::steady_timer timer(executor);
  const auto patience = Clock::now() + interruption_grace;
  for (;;) {
    timer.expires_after(interruption_period);
    co_await timer.async_wait(asio::use_awaitable);
    const std::shared_ptr<Request> request = waiting.lock();
    if (!request || request->answered()) co_return;
    const Urgency urgency = urgency_for(thread);
    const bool long_enough = urgency != Urgency::none && Clock::now() >= patience;
    if (urgency != Urgency::final && !long_enough) continue;
    request->request_stop();
    co_return;
  }
}

}  // namespace

Urgency urgency_in(std::string_view status) noexcept {
  const std::string_view state = value_of(status, "\nState:");
  if (state.starts_with('Z') || state.starts_with('X')) return Urgency::final;
  if (value_of(status, "\nSigCgt:").empty()) return Urgency::unknown;  // cut short
  const Signals caught = signals_in(status, "\nSigCgt:");
  const Signals pending = signals_in(status, "\nSigPnd:") | signals_in(status, "\nShdPnd:");
  const Signals effective = pending & ~signals_in(status, "\nSigBlk:") & ~signals_in(status, "\nSigIgn:");
  if ((effective & ~caught & ~harmless) != 0) return Urgency::final;
  return (effective & wishes) != 0 ? Urgency::wish : Urgency::none;
}

Urgency urgency_for(pid_t thread) noexcept {
  if (thread == 0) return Urgency::unknown;
  std::array<char, 32> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/status", thread);
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  const std::string status = file ? text_of(file.get()) : std::string();
  if (status.empty()) return exists(thread) ? Urgency::unknown : Urgency::final;
  return urgency_in(status);
}

void heed_interruption(const std::shared_ptr<Request>& request, pid_t thread) {
  if (urgency_for(thread) == Urgency::final) {
    request->request_stop();
    return;
  }
  const Executor executor = request->context().executor;
  asio::co_spawn(executor, watch(request, thread, executor), asio::detached);
}

}  // namespace ftpfs::fuse
