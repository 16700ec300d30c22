// SPDX-License-Identifier: MIT
// F36: the clock jumps, or a certificate expires, between two sessions of a mount.
#include <cerrno>
#include <ctime>

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::HasSubstr;

std::time_t ahead = 0;  // of the true time, for everything in this program

class TlsClockTest : public TlsFixture {
 protected:
  static constexpr std::time_t day = 24 * 60 * 60;
  TlsClockTest() { mount(); }
  ~TlsClockTest() override { ahead = 0; }

  // By a session that is yet to begin.
  std::optional<Error> refusal_of_a_new_session() {
    const auto held = run(io_, remote_->open_source(Path("/a"), 0, {}));
    return refusal([&] { list("/d"); });
  }
};

TEST_F(TlsClockTest, ANewSessionIsRefusedAndToldByWhichClock) {
  for (const auto& [jump, words, year] : {std::tuple(30 * day, "has expired", "20"),
                                          std::tuple(-std::time(nullptr), "not yet valid", "1970-01-01")}) {
    SCOPED_TRACE(words);
    EXPECT_FALSE(refusal_of_a_new_session());
    server_.dismiss_idle("");
    settle(io_);
    ahead = jump;
    const auto error = refusal([&] { list("/d"); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), EKEYREJECTED);
    EXPECT_THAT(error->what(), HasSubstr(words));
    EXPECT_THAT(error->what(), HasSubstr(std::string("this computer's clock says ") + year));
    ahead = 0;
    EXPECT_FALSE(refusal([&] { list("/d"); })) << "works again without a new mount";
  }
}

TEST_F(TlsClockTest, ASessionThatIsThereGoesOn) {
  for (const std::time_t jump : {30 * day, -30 * day}) {
    ahead = jump;
    EXPECT_EQ(read("/a"), "content");
    EXPECT_EQ(write("/new", "x").size, 1u);
  }
}

TEST_F(TlsClockTest, ACertificateThatWasReplacedInTimeIsTaken) {
  const auto held = run(io_, remote_->open_source(Path("/a"), 0, {}));  // by a session with the old one
  behaviour().tls.certificate = authority_.issue({.addresses = {"127.0.0.1"}}).pem();
  EXPECT_FALSE(refusal([&] { list("/d"); }));
}

}  // namespace
}  // namespace ftpfs::test

// In the place of the C library's, which OpenSSL would ask.
extern "C" std::time_t time(std::time_t* result) noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::time_t told = now.tv_sec + ftpfs::test::ahead;
  if (result) *result = told;
  return told;
}
