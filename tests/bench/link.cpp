// SPDX-License-Identifier: MIT
// A long line for the bench, where the kernel has no netem: carries packets between two network namespaces
// with a rate, a delay and a loss.
//   bench_link DEVICE NETNS_A NETNS_B DELAY_US RATE_MBIT LOSS_PER_MILLION SEED
// Makes a tun device of that name in each namespace (files as in /run/netns), prints "up" and works until it
// is ended; the devices go with it. Addresses and routes are the caller's. DELAY_US is that of one way. What
// is lost is drawn from SEED, so that each run loses alike; a router's queue of 100 ms stands before the
// line, and what does not fit into it is lost too.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr nanoseconds longest_queue = std::chrono::milliseconds(100);
constexpr int packets_at_once = 64;  // then the other direction has its turn

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Settings {
  nanoseconds delay;
  double nanoseconds_per_byte;
  double loss;
};

// The network's side of one tun device: what is read here was sent in that namespace.
int open_tun(const char* name, const char* netns) {
  const int place = ::open(netns, O_RDONLY | O_CLOEXEC);
  if (place < 0 || ::setns(place, CLONE_NEWNET) != 0) fail(netns);
  ::close(place);
  const int tun = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (::ioctl(tun, TUNSETIFF, &request) != 0) fail(name);
  return tun;
}

// One way of the line.
class Direction {
 public:
  Direction(const Settings& settings, int from, int to, std::uint32_t seed)
      : settings_(settings), from_(from), to_(to), random_(seed), lost_(settings.loss) {}

  int from() const { return from_; }

  // Takes what was sent. A packet arrives when the line has been free, has taken all its bits, and the delay
  // is over.
  void take() {
    for (int i = 0; i < packets_at_once; ++i) {
      const ssize_t size = ::read(from_, buffer_.data(), buffer_.size());
      if (size <= 0) return;
      const Clock::time_point now = Clock::now();
      if (free_at_ < now) free_at_ = now;
      if (free_at_ - now > longest_queue || lost_(random_)) continue;
      free_at_ += nanoseconds(std::llround(static_cast<double>(size) * settings_.nanoseconds_per_byte));
      under_way_.push_back({free_at_ + settings_.delay, {buffer_.begin(), buffer_.begin() + size}});
    }
  }

  // Hands over what has arrived; says when the next packet will.
  std::optional<Clock::time_point> give() {
    while (!under_way_.empty()) {
      const Packet& packet = under_way_.front();
      if (packet.due > Clock::now()) return packet.due;
      // A packet that the other end has no memory for is lost, as on any line.
      [[maybe_unused]] const ssize_t written = ::write(to_, packet.bytes.data(), packet.bytes.size());
      under_way_.pop_front();
    }
    return std::nullopt;
  }

 private:
  struct Packet {
    Clock::time_point due;
    std::vector<char> bytes;
  };

  const Settings& settings_;
  int from_, to_;
  std::mt19937 random_;
  std::bernoulli_distribution lost_;
  Clock::time_point free_at_{};
  std::deque<Packet> under_way_;  // in the order of arrival; bounded by the queue and the delay
  std::vector<char> buffer_ = std::vector<char>(65536);
};

timespec until(Clock::time_point due) {
  const nanoseconds left = std::max(nanoseconds(0), nanoseconds(due - Clock::now()));
  return {.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
}

void carry(Direction& there, Direction& back) {
  for (;;) {
    const auto first = there.give();
    const auto second = back.give();
    const auto next = first && second ? std::min(first, second) : first ? first : second;
    const timespec pause = until(next.value_or(Clock::time_point{}));
    pollfd wires[] = {{there.from(), POLLIN, 0}, {back.from(), POLLIN, 0}};
    if (::ppoll(wires, std::size(wires), next ? &pause : nullptr, nullptr) < 0 && errno != EINTR)
      fail("ppoll");
    if (wires[0].revents) there.take();
    if (wires[1].revents) back.take();
  }
}

// Ends with the bench, keeps its timers exact, and goes first where the bench runs with real-time priority: a
// line does not slow down because its users are busy.
void behave_like_a_line() {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  sched_param priority{};
  const int policy = ::sched_getscheduler(0);
  if ((policy != SCHED_RR && policy != SCHED_FIFO) || ::sched_getparam(0, &priority) != 0) return;
  ++priority.sched_priority;
  ::sched_setscheduler(0, policy, &priority);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 8) {
    std::fputs("usage: bench_link DEVICE NETNS_A NETNS_B DELAY_US RATE_MBIT LOSS_PER_MILLION SEED\n", stderr);
    return 2;
  }
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const Settings settings{.delay = std::chrono::microseconds(std::strtoll(words[4], nullptr, 10)),
                          .nanoseconds_per_byte = 8e3 / std::strtod(words[5], nullptr),
                          .loss = std::strtod(words[6], nullptr) / 1e6};
  const auto seed = static_cast<std::uint32_t>(std::strtoul(words[7], nullptr, 10));
  behave_like_a_line();
  const int a = open_tun(words[1], words[2]);
  const int b = open_tun(words[1], words[3]);
  Direction there(settings, a, b, seed);
  Direction back(settings, b, a, seed + 1);
  std::puts("up");
  std::fflush(stdout);
  carry(there, back);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_link: %s\n", error.what());
  return 1;
}
