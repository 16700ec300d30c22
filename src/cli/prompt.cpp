// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/password.hpp>

namespace ftpfs::cli {
namespace {

// While it lives: no echo, and signals that end programs end the read() instead, so that the echo comes back.
class QuietTerminal {
 public:
  explicit QuietTerminal(int tty) : tty_(tty) {
    struct ::sigaction interrupt {};
    interrupt.sa_handler = [](int) {};  // without SA_RESTART: read() fails with EINTR
    for (std::size_t i = 0; i < ending.size(); ++i) ::sigaction(ending[i], &interrupt, &before_[i]);
    struct ::sigaction ignore {};
    ignore.sa_handler = SIG_IGN;  // Ctrl-Z would leave the shell without echo
    ::sigaction(SIGTSTP, &ignore, &suspend_before_);
    ::tcgetattr(tty_, &settings_);
    ::termios quiet = settings_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(tty_, TCSAFLUSH, &quiet);
  }
  ~QuietTerminal() {
    ::tcsetattr(tty_, TCSAFLUSH, &settings_);
    for (std::size_t i = 0; i < ending.size(); ++i) ::sigaction(ending[i], &before_[i], nullptr);
    ::sigaction(SIGTSTP, &suspend_before_, nullptr);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  static constexpr std::array ending{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int tty_;
  ::termios settings_{};
  std::array<struct ::sigaction, ending.size()> before_{};
  struct ::sigaction suspend_before_ {};
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
  while ((got = ::read(tty, &c, 1)) == 1 && c != '\n') line += c;
  const int reason = errno;
  say(tty, "\n");
  if (got != 1)
    throw Failure(ExitStatus::interrupted, "interrupted at the password prompt", {},
                  got < 0 ? reason : EINTR);
  return line;
}

}  // namespace ftpfs::cli
