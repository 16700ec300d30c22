// SPDX-License-Identifier: MIT
// What FUSE_INTERRUPT is worth. The kernel sends one as soon as any signal waits for the thread, also one
// that its program handles and goes on after: Go's runtime signals its own threads all the time (SIGURG),
// progress bars use SIGALRM, and after a local system call none of them would know EINTR. It sends one only
// once: a SIGKILL that comes later has to be looked for.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include <sys/types.h>

namespace ftpfs::fuse {

class Request;

enum class Urgency {
  none,     // the thread will go on where it was
  wish,     // somebody wants the program to stop (INT, TERM, HUP, QUIT), and it has a handler for that
  unknown,  // the thread cannot be seen: another pid namespace, hidepid, a text that was cut short
  final     // the signal ends the process, or it is gone already
};

// From the text of /proc/TID/status.
Urgency urgency_in(std::string_view status) noexcept;
Urgency urgency_for(pid_t thread) noexcept;

// How often to look while an interrupted request waits on, and for how long it does so where urgency is
// `wish` or `unknown`: most requests are answered by then, and the program sees no EINTR.
constexpr std::chrono::milliseconds interruption_period{100};
constexpr std::chrono::milliseconds interruption_grace{1000};

// Stops the request once what waits for its `thread` is urgent enough; until then looks again and again.
void heed_interruption(const std::shared_ptr<Request>& request, pid_t thread);

}  // namespace ftpfs::fuse
