// SPDX-License-Identifier: MIT
// Uploads that are cut or given up.
#include <cerrno>

#include <fcntl.h>
#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

// F7: an upload that is cut. The server says so.
TEST_P(FaultTest, ACutUploadIsAnError) {
  for (const Action action : {Action::close, Action::reset}) {
    for (const std::string reply :
         {"426 Connection lost", "451 Local error", "452 No space left", "552 Quota exceeded"}) {
      inject({"STOR", Moment::data, action, reply, 3});
      const int code = failure([&] { write("/new", std::string(3'000'000, 'x')); });
      SCOPED_TRACE(reply);
      const int expected = reply.starts_with("452") ? ENOSPC : reply.starts_with("552") ? EDQUOT : EIO;
      EXPECT_EQ(code, expected);
      expect_all_fired();
      EXPECT_EQ(write("/new", "fine").size, 4u);
    }
  }
}

// F8: an upload that is cut, and the server says that all is well. curl 7.88 believes it.
TEST_P(FaultTest, AnUploadThatArrivedInPartIsAnErrorEvenWith226) {
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    inject({"STOR", Moment::data, Action::reply, "226 Transfer complete.", 3});
    EXPECT_EQ(failure([&] { write("/new", "content"); }), EIO);
    expect_all_fired();
    inject({"APPE", Moment::data, Action::reply, "226 Transfer complete.", 1});
    EXPECT_EQ(failure([&] { append("/d/inner", "content"); }), EIO);
    expect_all_fired();
  }
}

TEST_P(FaultTest, ABusyUploadKeepsItsSessionUntilItIsDone) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  const auto sink = run(io_, remote_->open_sink(Path("/new"), {}, {}));
  const LocalFile content("content");
  run(io_, sink->write(content.fd(), 0, 7));
  std::optional<Attributes> seen;
  asio::co_spawn(io_, remote_->stat(Path("/a"), {}),
                 [&](std::exception_ptr, std::optional<Attributes> attributes) { seen = attributes; });
  settle(io_);
  EXPECT_FALSE(seen);
  EXPECT_EQ(run(io_, sink->commit()).size, 7u);
  run_until(io_, [&] { return seen.has_value(); });
  EXPECT_EQ(seen->size, 7u);
}

TEST_P(FaultTest, AnIdleUploadThatYieldsIsRevoked) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  SinkRequest request;
  request.yields = true;
  const auto sink = run(io_, remote_->open_sink(Path("/new"), request, {}));
  const LocalFile content("content");
  run(io_, sink->write(content.fd(), 0, 7));
  EXPECT_TRUE(stat("/a"));
  EXPECT_THROW(run(io_, sink->write(content.fd(), 0, 7)), Revoked);
  EXPECT_THROW(run(io_, sink->commit()), Revoked);
}

// An upload that is given up must not look whole: RST, not FIN.
TEST_P(FaultTest, AnUploadGivenUpIsNotCommitted) {
  auto sink = run(io_, remote_->open_sink(Path("/new"), {}, {}));
  const LocalFile half("half");
  run(io_, sink->write(half.fd(), 0, 4));
  sink.reset();
  EXPECT_TRUE(stat("/a"));
  run_until(io_, [&] { return server_.open_sessions() <= 2; });
  const auto found = stat("/new");
  EXPECT_TRUE(!found || found->size <= 4);
}

// The disk that holds what is to be sent fails: no other session would help.
TEST_P(FaultTest, AnUploadWhoseFileCannotBeReadFailsAtOnce) {
  const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto sink = run(io_, remote_->open_sink(Path("/new"), {}, {}));
  try {
    run(io_, sink->write(directory.get(), 0, 4));
    FAIL() << "sent a directory";
  } catch (const ConnectionLost& error) {
    FAIL() << error.what();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EISDIR) << error.what();
  }
}

}  // namespace
}  // namespace ftpfs::test
