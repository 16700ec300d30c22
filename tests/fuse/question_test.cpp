// SPDX-License-Identifier: MIT
// Questions to the daemon over the mount: who may, how long an answer may be, what becomes of it when nobody
// waits any more.
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/fuse/question.hpp>

#include "fuse/channel_test.hpp"

namespace ftpfs::test {
namespace {

using fuse::Piece;

// Answers what the test tells it to, when the test tells it to.
struct Desk {
  static awaitable<std::string> answer(Desk* desk, std::string question, std::stop_token stop) {
    desk->asked = question;
    desk->stop = stop;
    while (!desk->text && desk->failure == 0) co_await desk->told.wait(stop);
    if (desk->failure != 0) throw Error(desk->failure, "cannot say", "550 No.");
    co_return *desk->text;
  }

  std::string asked;
  std::stop_token stop;
  std::optional<std::string> text;
  int failure = 0;
  WaitList told;
};

class QuestionTest : public ChannelTest {
 protected:
  void SetUp() override {
    mount_config_.owner = 4711;
    ChannelTest::SetUp();
    channel_->answer_with([this](std::string question, std::stop_token stop) {
      return Desk::answer(&desk_, std::move(question), std::move(stop));
    });
  }

  std::uint64_t open_directory(int flags = O_SYNC) {
    return out<fuse_open_out>(kernel_.opendir(FUSE_ROOT_ID, flags)).fh;
  }
  int ask(std::uint64_t directory, std::string_view text) {
    fuse::Question question{};
    question.size = static_cast<std::uint32_t>(text.size());
    text.copy(question.text, text.size());
    return ioctl(directory, fuse::question_request, bytes(question), 0);
  }
  // The next piece of the answer.
  Piece piece(std::uint64_t directory, std::uint64_t offset = 0) {
    Piece wanted{};
    wanted.offset = offset;
    EXPECT_EQ(ioctl(directory, fuse::piece_request, bytes(wanted), sizeof wanted), 0);
    Piece got{};
    std::memcpy(&got, answer_.data(), std::min(answer_.size(), sizeof got));
    return got;
  }
  std::string whole(std::uint64_t directory) {
    std::string text;
    for (;;) {
      const Piece next = piece(directory, text.size());
      text.append(next.text, next.size);
      if (text.size() >= next.total || next.size == 0) return text;
    }
  }
  int ioctl(std::uint64_t directory, unsigned command, const std::string& packet, std::size_t room) {
    const auto request =
        kernel_.ioctl(FUSE_ROOT_ID, directory, command, packet, static_cast<std::uint32_t>(room));
    const FakeKernel::Answer& answer = await(request);
    answer_ = answer.body.size() > sizeof(fuse_ioctl_out) ? answer.body.substr(sizeof(fuse_ioctl_out)) : "";
    settle(rig_.io);
    return answer.error;
  }
  template <class Packet>
  static std::string bytes(const Packet& packet) {
    return {reinterpret_cast<const char*>(&packet), sizeof packet};
  }

  Desk desk_;
  std::string answer_;
};

TEST_F(QuestionTest, AnAnswerMayBeOfAnyLength) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, Piece::longest, Piece::longest + 1, std::size_t{100'000}}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 23);
    desk_.text = text;
    const std::uint64_t directory = open_directory();
    EXPECT_EQ(ask(directory, "how long?"), 0);
    EXPECT_EQ(desk_.asked, "how long?");
    EXPECT_EQ(piece(directory).state, Piece::answered);
    EXPECT_EQ(piece(directory).total, size);
    EXPECT_TRUE(whole(directory) == text) << size;
    EXPECT_EQ(piece(directory, size + 10).size, 0u);
    EXPECT_EQ(error_of(kernel_.releasedir(FUSE_ROOT_ID, directory)), 0);
  }
}

TEST_F(QuestionTest, NobodyWaitsForOneThatTakesItsTime) {
  const std::uint64_t directory = open_directory();
  EXPECT_EQ(ask(directory, "slow"), 0);
  EXPECT_EQ(piece(directory).state, Piece::not_yet);
  desk_.text = "at last";
  desk_.told.wake_all();
  settle(rig_.io);
  EXPECT_EQ(whole(directory), "at last");
}

TEST_F(QuestionTest, AFailureIsAnAnswerToo) {
  desk_.failure = ESTALE;
  const std::uint64_t directory = open_directory();
  EXPECT_EQ(ask(directory, "what?"), 0);
  EXPECT_EQ(piece(directory).state, Piece::failed);
  EXPECT_EQ(piece(directory).code, ESTALE);
  EXPECT_EQ(whole(directory), "cannot say (server said: 550 No.)");
}

TEST_F(QuestionTest, WhoeverGoesAwayIsNotWorkedForAnyLonger) {
  const std::uint64_t directory = open_directory();
  EXPECT_EQ(ask(directory, "first"), 0);
  const std::stop_token first = desk_.stop;
  EXPECT_FALSE(first.stop_requested());
  EXPECT_EQ(ask(directory, "second"), 0);
  EXPECT_TRUE(first.stop_requested()) << "one question at a time";
  const std::stop_token second = desk_.stop;
  EXPECT_EQ(error_of(kernel_.releasedir(FUSE_ROOT_ID, directory)), 0);
  settle(rig_.io);
  EXPECT_TRUE(second.stop_requested());
}

TEST_F(QuestionTest, TheEndOfTheMountEndsIt) {
  EXPECT_EQ(ask(open_directory(), "slow"), 0);
  kernel_.close();
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_TRUE(desk_.stop.stop_requested());
}

TEST_F(QuestionTest, OnlyOwnersAndRootMayAsk) {
  desk_.text = "secret";
  const std::uint64_t directory = open_directory();
  for (const uid_t uid : {uid_t{0}, ::geteuid(), uid_t{4711}}) {
    kernel_.uid = uid;
    EXPECT_EQ(ask(directory, "who?"), 0) << uid;
  }
  kernel_.uid = 4712;
  EXPECT_EQ(ask(directory, "who?"), ::geteuid() == 4712 ? 0 : EACCES);
}

TEST_F(QuestionTest, NonsenseIsRefused) {
  const std::uint64_t directory = open_directory();
  Piece wanted{};
  EXPECT_EQ(ioctl(directory, fuse::piece_request, bytes(wanted), sizeof wanted), EINVAL)
      << "nothing was asked";
  EXPECT_EQ(ioctl(directory, fuse::question_request, "short", 0), EINVAL);
  fuse::Question question{};
  question.size = 0xFFFFFFFF;
  EXPECT_EQ(ioctl(directory, fuse::question_request, bytes(question), 0), EINVAL);
  const std::uint64_t ordinary = open_directory(0);
  EXPECT_EQ(ask(ordinary, "on a directory that was opened to be read"), ENOTTY);
  channel_->answer_with(nullptr);
  EXPECT_EQ(ask(directory, "nobody"), ENOTTY);
}

TEST_F(QuestionTest, RequestsAndErrorsAreCounted) {
  rig_.remote.tree().put_file("/hello", "world");
  EXPECT_NE(look_up("hello"), 0u);
  EXPECT_EQ(error_of(kernel_.rmdir(FUSE_ROOT_ID, "absent")), ENOENT);
  EXPECT_EQ(error_of(kernel_.rmdir(FUSE_ROOT_ID, "absent")), ENOENT);
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [operation, count] : channel_->counters().operations()) counts[operation] += count;
  EXPECT_EQ(counts["lookup"], 1u);
  EXPECT_EQ(counts["rmdir"], 2u);
  EXPECT_EQ(channel_->counters().errors(), (std::vector<std::pair<int, std::uint64_t>>{{ENOENT, 2}}));
}

}  // namespace
}  // namespace ftpfs::test
