// SPDX-License-Identifier: MIT
// A server that counts data connections, too, and has no room for one more (pyftpdlib's max_cons).
#include <cerrno>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

class ConnectionLimit : public RemoteFixture {
 protected:
  ConnectionLimit() {
    tree().file("/big", std::string(20'000'000, 'b'));
    tree().file("/d/inner", "inside");
  }

  struct Outcome {
    std::optional<int> code;
    std::size_t entries = 0;
  };
  // Runs on its own: see finish().
  std::shared_ptr<Outcome> start_listing(std::string_view path) {
    const auto outcome = std::make_shared<Outcome>();
    asio::co_spawn(io_, remote_->list(Path(path), {}),
                   [this, outcome](std::exception_ptr error, std::vector<Entry> entries) {
                     outcome->entries = entries.size();
                     outcome->code = failure([&] {
                       if (error) std::rethrow_exception(error);
                     });
                   });
    return outcome;
  }
  void finish(const Outcome& outcome) {
    for (int second = 0; second < 200 && !outcome.code; ++second) {
      io_.restart();
      while (!outcome.code && io_.run_one_for(std::chrono::milliseconds(20)) > 0) {
      }
      if (!outcome.code) clock_.advance(std::chrono::seconds(1));
    }
  }
};

TEST_F(ConnectionLimit, ATooManyFor425LowersTheNumberAndNobodyFails) {
  behaviour().max_connections = 3;
  mount();
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  std::byte chunk[1000];
  EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
  const auto listing = start_listing("/d");
  finish(*listing);
  EXPECT_EQ(listing->code, 0);
  EXPECT_EQ(listing->entries, 1u);
  EXPECT_EQ(server_.most_open_sessions(), 2u);  // so it was tried

  const std::size_t sessions = server_.sessions();
  const auto again = run(io_, remote_->open_source(Path("/big"), 0, {}));
  EXPECT_EQ(read("/d/inner"), "inside");
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(server_.sessions(), sessions);  // one at a time: it does not run against the limit again
}

// Others have taken all the room: that may end, or not.
TEST_F(ConnectionLimit, AFullServerIsAskedAgainForAWhile) {
  mount();
  behaviour().max_connections = 1;
  const auto refused = start_listing("/d");
  finish(*refused);
  EXPECT_EQ(refused->code, ETIMEDOUT);
  const auto patient = start_listing("/d");
  run_until(io_, [&] { return !server_.commands().empty(); });
  settle(io_);
  EXPECT_FALSE(patient->code);
  behaviour().max_connections = 2;
  finish(*patient);
  EXPECT_EQ(patient->code, 0);
}

}  // namespace
}  // namespace ftpfs::test
