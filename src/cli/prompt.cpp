// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/password.hpp>

namespace ftpfs::cli {
namespace {

// While it lives: no echo, and the signals that end programs wait for read(), which they end instead; so the
// echo always comes back.
class QuietTerminal {
 public:
  explicit QuietTerminal(int tty) : tty_(tty) {
    ::sigset_t held;
    ::sigemptyset(&held);
    struct ::sigaction interrupt {};
    interrupt.sa_handler = [](int) {};
    for (std::size_t i = 0; i < ending.size(); ++i) {
      ::sigaddset(&held, ending[i]);
      ::sigaction(ending[i], &interrupt, &before_[i]);
    }
    ::sigaddset(&held, SIGTSTP);  // would leave the shell without echo
    ::sigprocmask(SIG_BLOCK, &held, &mask_before_);
    ::tcgetattr(tty_, &settings_);
    ::termios quiet = settings_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(tty_, TCSAFLUSH, &quiet);
  }
  ~QuietTerminal() {
    ::tcsetattr(tty_, TCSAFLUSH, &settings_);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    for (std::size_t i = 0; i < ending.size(); ++i) ::sigaction(ending[i], &before_[i], nullptr);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  // As read(2) of one byte. The signals are let in for the wait alone: one that came before ends it as well.
  ssize_t read(char& byte) const {
    ::sigset_t open = mask_before_;
    ::sigaddset(&open, SIGTSTP);
    ::pollfd input{tty_, POLLIN, 0};
    if (::ppoll(&input, 1, nullptr, &open) < 0) return -1;
    return ::read(tty_, &byte, 1);
  }

 private:
  static constexpr std::array ending{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int tty_;
  ::termios settings_{};
  ::sigset_t mask_before_{};
  std::array<struct ::sigaction, ending.size()> before_{};
};

void say(int tty, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(tty, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string prompt_password(int tty, std::string_view prompt) {
  const QuietTerminal quiet(tty);
  say(tty, prompt);
  std::string line;
  char c = 0;
  ssize_t got = 0;
  while ((got = quiet.read(c)) == 1 && c != '\n') line += c;
  say(tty, "\n");
  if (got != 1) {
    throw Failure(ExitStatus::interrupted, "interrupted at the password prompt", {}, EINTR);
  }
  return line;
}

}  // namespace ftpfs::cli
