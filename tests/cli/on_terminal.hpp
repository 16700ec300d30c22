// SPDX-License-Identifier: MIT
// A program with a person before it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

// In a process of its own on a terminal of its own. What is seen there is also appended to `transcript`.
class OnTerminal {
 public:
  OnTerminal(std::vector<std::string> command, std::filesystem::path transcript)
      : transcript_(std::move(transcript)) {
    std::vector<char*> argv;
    for (std::string& argument : command) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int person = -1;
    pid_ = ::forkpty(&person, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    person_.reset(person);
  }

  std::string read_until(std::string_view text) const {
    std::string seen;
    char c = 0;
    while (!seen.ends_with(text) && ::read(person_.get(), &c, 1) == 1) seen += c;
    std::ofstream(transcript_, std::ios::app) << seen;
    return seen;
  }
  // Until the program has let go of the terminal.
  std::string rest() const { return read_until(std::string_view("\0", 1)); }
  void type(std::string_view text) const {
    ASSERT_EQ(::write(person_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  int status() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  std::filesystem::path transcript_;
  ::pid_t pid_ = -1;
  UniqueFd person_;
};

}  // namespace ftpfs::test
