// SPDX-License-Identifier: MIT
// What a service manager hears from `ftpfs -f`.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

class Manager {
 public:
  explicit Manager(std::string place) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (place.front() == '@') place[0] = '\0';
    place.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto length = static_cast<socklen_t>(offsetof(::sockaddr_un, sun_path) + place.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<::sockaddr*>(&address), length), 0);
    const ::timeval limit{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  std::string hear() const {
    char text[256];
    const ssize_t got = ::recv(socket_.get(), text, sizeof text, 0);
    return got < 0 ? "(nothing)" : std::string(text, static_cast<std::size_t>(got));
  }
  bool hears_nothing() const {
    char c = 0;
    return ::recv(socket_.get(), &c, 1, MSG_DONTWAIT) < 0;
  }

 private:
  UniqueFd socket_;
};

class Notify : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!IsSkipped()) served_.emplace();
  }
  Process spawn(const std::string& place) {
    return Process({foreground(served_->url()),
                    "/",
                    {{"FTPFS_PASSWORD", "secret"}, {"NOTIFY_SOCKET", place}},
                    scratch("log")});
  }

  std::optional<Served> served_;
};

TEST_F(Notify, ReadyWhenMountedAndStoppingWhenTold) {
  for (const std::string& place : {scratch("socket").string(), "@" + scratch("abstract").string()}) {
    const Manager manager(place);
    Process process = spawn(place);
    EXPECT_EQ(manager.hear(), "READY=1\nSTATUS=Mounted") << read_file(scratch("log"));
    EXPECT_TRUE(mounted());
    process.signal(SIGTERM);
    EXPECT_TRUE(manager.hear().starts_with("STOPPING=1\n"));
    EXPECT_EQ(process.wait(), 0);
  }
}

TEST_F(Notify, NotReadyWhenTheStartFails) {
  served_->with([](FakeServer& server) { server.behaviour().replies["PASS"] = "530 No."; });
  const Manager manager(scratch("socket").string());
  Process process = spawn(scratch("socket").string());
  EXPECT_EQ(process.wait(), 32);
  EXPECT_TRUE(manager.hears_nothing());
}

TEST_F(Notify, NobodyNeedListen) {
  Process process = spawn(scratch("nowhere").string());
  ASSERT_TRUE(eventually([&] { return mounted(); }));
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
}

}  // namespace
}  // namespace ftpfs::test
