// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <ftpfs/base/close_aside.hpp>

namespace ftpfs::test {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::bad_alloc();
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }
  bool closed() const {
    char byte = 0;
    return ::read(reader.get(), &byte, 1) == 0;
  }

  UniqueFd reader;
  UniqueFd writer;
};

TEST(CloseAside, ClosesSoon) {
  Pipe pipe;
  EXPECT_FALSE(pipe.closed());
  close_aside(std::move(pipe.writer));
  pollfd hung_up{pipe.reader.get(), 0, 0};
  EXPECT_EQ(::poll(&hung_up, 1, 20'000), 1);
  EXPECT_TRUE(pipe.closed());
  wait_for_closing();
}

TEST(CloseAside, CanBeWaitedFor) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(wait_for_closing());
    Pipe pipes[8];
    for (Pipe& pipe : pipes) close_aside(std::move(pipe.writer));
    EXPECT_TRUE(wait_for_closing());
    for (const Pipe& pipe : pipes) EXPECT_TRUE(pipe.closed());
  }
}

}  // namespace
}  // namespace ftpfs::test
