// SPDX-License-Identifier: MIT
// The prompt on a pseudo-terminal, the test sitting at its other end. (Ctrl-C needs a controlling terminal:
// program_test.cpp.)
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/password.hpp>

namespace ftpfs::cli {
namespace {

class PromptTest : public testing::Test {
 protected:
  PromptTest() {
    int person = -1;
    int program = -1;
    if (::openpty(&person, &program, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("openpty");
    person_.reset(person);
    program_.reset(program);
  }

  // What the screen shows, up to and including `text`.
  std::string read_until(std::string_view text) const {
    std::string seen;
    char c = 0;
    while (!seen.ends_with(text) && ::read(person_.get(), &c, 1) == 1) seen += c;
    return seen;
  }

  void type(std::string_view text) const {
    ASSERT_EQ(::write(person_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  UniqueFd person_;
  UniqueFd program_;
};

TEST_F(PromptTest, ReadsALineThatIsNotShown) {
  std::string screen;
  std::thread person([&] {
    screen = read_until("word: ");
    type("secret\n");
    screen += read_until("\n");
  });
  EXPECT_EQ(prompt_password(program_.get(), "Password: "), "secret");
  person.join();
  EXPECT_EQ(screen, "Password: \r\n");
}

TEST_F(PromptTest, TheEchoComesBack) {
  std::thread person([&] {
    read_until("word: ");
    type("secret\n");
  });
  prompt_password(program_.get(), "Password: ");
  person.join();
  read_until("\n");
  type("shown");
  EXPECT_EQ(read_until("shown"), "shown");
}

TEST_F(PromptTest, EndOfInputInterrupts) {
  std::thread person([&] {
    read_until("word: ");
    type("\x04");
  });
  try {
    prompt_password(program_.get(), "Password: ");
    ADD_FAILURE() << "no password was typed";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), ExitStatus::interrupted);
  }
  person.join();
}

}  // namespace
}  // namespace ftpfs::cli
