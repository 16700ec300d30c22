// SPDX-License-Identifier: MIT
// What only some servers have: SITE SYMLINK, free space, and SITE CHMOD with conditions.
#include <cerrno>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class Symlinks : public RemoteFixture {
 protected:
  Symlinks() {
    behaviour().site_symlink = true;
    behaviour().mlsd_links = Behaviour::Links::symlink;
    tree().file("/home/file", "content");
    tree().directory("/home/dir");
    ftp::FtpConfig wanted = config();
    wanted.directory = "/home";
    mount(wanted);
  }
  void link(const std::string& target, std::string_view path) {
    run(io_, remote_->make_symlink(target, Path(path), {}));
  }
  std::string target(std::string_view directory, std::string_view name) {
    for (const Entry& entry : list(directory)) {
      if (entry.name == name && entry.attributes.kind == Kind::symlink) return entry.link_target;
    }
    return {};
  }
};

TEST_F(Symlinks, AreMadeWithTargetsFromTheServersRoot) {
  link("../file", "/dir/link");
  EXPECT_THAT(server_.take_commands(), Contains("SITE SYMLINK /home/file /home/dir/link"));
  EXPECT_EQ(tree().find_itself("/home/dir/link")->target, "/home/file");
}

TEST_F(Symlinks, AreReadAsTheyLeadInTheMount) {
  tree().symlink("/home/dir/up", "/home/file");
  tree().symlink("/home/dir/here", "/home/dir");
  tree().symlink("/home/dir/root", "/home");
  tree().symlink("/home/dir/outside", "/homework/file");
  tree().symlink("/home/down", "/home/dir/x");
  tree().file("/homework/file", "");
  EXPECT_EQ(target("/dir", "up"), "../file");
  EXPECT_EQ(target("/dir", "here"), ".");
  EXPECT_EQ(target("/dir", "root"), "..");
  EXPECT_EQ(target("/dir", "outside"), "/homework/file");
}

TEST_F(Symlinks, WhyTheyAreRefused) {
  EXPECT_EQ(failure([&] { link("none", "/link"); }), EPERM) << "the server wants to see the target";
  EXPECT_EQ(failure([&] { link("file", "/dir"); }), EEXIST);
  EXPECT_EQ(failure([&] { link("file", "/none/link"); }), ENOENT);
  EXPECT_EQ(failure([&] { link("two words", "/link"); }), EINVAL);
  EXPECT_EQ(failure([&] { link("file", "/two words"); }), EINVAL);
  EXPECT_EQ(failure([&] { link("file\r\nDELE /home/file", "/link"); }), EINVAL);
}

TEST_F(Symlinks, FollowedWhereAskedFor) {
  tree().symlink("/home/link", "/home/file");
  ftp::FtpConfig wanted = config();
  wanted.directory = "/home";
  wanted.follow_symlinks = true;
  mount(wanted);
  for (const Entry& entry : list("/")) {
    if (entry.name != "link") continue;
    EXPECT_EQ(entry.attributes.kind, Kind::file);
    EXPECT_EQ(entry.attributes.size, 7u);
    EXPECT_EQ(entry.link_target, "");
  }
}

class FreeSpace : public RemoteFixture {
 protected:
  std::optional<Space> ask() { return run(io_, remote_->space({})); }
};

TEST_F(FreeSpace, ByAvbl) {
  behaviour().avbl = 12345;
  mount();
  EXPECT_EQ(ask(), (Space{12345, std::nullopt}));
  EXPECT_THAT(server_.take_commands(), ElementsAre("AVBL /"));
}

TEST_F(FreeSpace, ByQuota) {
  behaviour().site_quota = "200-Quota\r\n  Uploaded bytes:\t10.00/100.00\r\n200 End";
  mount();
  EXPECT_EQ(ask(), (Space{90, 100}));
}

TEST_F(FreeSpace, IsAskedForOnceWhereTheServerDoesNotTell) {
  mount();
  EXPECT_TRUE(remote_->capabilities().tells_space);
  EXPECT_EQ(ask(), std::nullopt);
  EXPECT_THAT(server_.take_commands(), ElementsAre("SITE QUOTA"));
  EXPECT_EQ(ask(), std::nullopt);
  EXPECT_THAT(server_.take_commands(), IsEmpty());
  EXPECT_FALSE(remote_->capabilities().tells_space);
}

class Distance : public RemoteFixture {};

TEST_F(Distance, IsThatOfARoundTrip) {
  ftp::FtpConfig asked = config();
  asked.far_from = std::chrono::hours(1);
  mount(asked);
  EXPECT_TRUE(remote_->capabilities().near);
  asked.far_from = std::chrono::microseconds(0);
  mount(asked);
  EXPECT_FALSE(remote_->capabilities().near);
}

// glftpd tells which files are there already under 553, and then opens the connection all the same. That the
// 150 was the end of that reply only silence tells.
class DupeWarning : public RemoteFixture {
 protected:
  template <class T>
  T run_while_time_passes(awaitable<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      result = std::move(value);
    });
    for (int second = 0; second < 15 && !result; ++second) {
      io_.restart();
      while (!result && io_.run_one_for(std::chrono::milliseconds(50)) > 0) {
      }
      if (!result) clock_.advance(std::chrono::seconds(1));
    }
    run_until(io_, [&] { return result.has_value(); });
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
};

TEST_F(DupeWarning, IsNoRefusal) {
  behaviour().dupe_warning = true;
  tree().file("/file", "content");
  mount();
  const auto written = run_while_time_passes(write_file(*remote_, Path("/new"), "more content", {}));
  EXPECT_EQ(written.size, 12u);
  EXPECT_EQ(tree().find("/new")->content, "more content");
  EXPECT_EQ(run_while_time_passes(read_file(*remote_, Path("/file"), 0)), "content");
}

class Modes : public RemoteFixture {};

TEST_F(Modes, LeaveTheServerTheRightThatItNeedsToChangeThemAgain) {
  behaviour().chmod_opens = true;
  tree().file("/file", "");
  mount();
  EXPECT_EQ(run(io_, remote_->set_mode(Path("/file"), 0111, {})), 0511);
  EXPECT_EQ(run(io_, remote_->set_mode(Path("/file"), 0644, {})), 0644);
  EXPECT_EQ(tree().find("/file")->mode, 0644u);
}

TEST_F(Modes, AreSetAsAskedForElsewhere) {
  tree().file("/file", "");
  mount();
  EXPECT_EQ(run(io_, remote_->set_mode(Path("/file"), 0111, {})), 0111);
  EXPECT_EQ(tree().find("/file")->mode, 0111u);
}

}  // namespace
}  // namespace ftpfs::test
