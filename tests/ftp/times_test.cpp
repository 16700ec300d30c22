// SPDX-License-Identifier: MIT
// Times: what the server tells in its own zone, read and set as UTC.
#include <cerrno>
#include <map>

#include <gmock/gmock.h>

#include <ftpfs/proto/zone.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::Not;
using testing::StartsWith;

constexpr std::time_t now = 1'700'000'000;  // 2023-11-14 22:13:20, as the fixture's clock
constexpr std::time_t day = 86'400;
constexpr std::time_t summer = 1'689'000'000;  // 2023-07-10 14:40:00

const proto::Zone& berlin() {
  static const proto::Zone zone = *proto::Zone::from_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  return zone;
}
const proto::Zone& new_york() {
  static const proto::Zone zone = *proto::Zone::from_rule("EST5EDT,M3.2.0,M11.1.0");
  return zone;
}

class Times : public RemoteFixture {
 protected:
  Times() { behaviour().now = now; }

  // A server like vsftpd: no MLSD, MDTM reads and sets.
  void be_in(const proto::Zone& zone, bool mdtm_too = false) {
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().mdtm_sets = true;
    behaviour().mdtm_is_local = mdtm_too;
    behaviour().zone = [&zone, mdtm_too](std::time_t time) {
      return zone.offset_at(mdtm_too ? now : time);  // vsftpd 3.0.3: the offset of its start for all dates
    };
  }
  std::map<std::string, Timestamp> listed() {
    std::map<std::string, Timestamp> times;
    for (const Entry& entry : list("/")) {
      if (entry.attributes.mtime) times[entry.name] = *entry.attributes.mtime;
    }
    return times;
  }
  void expect_listed(const std::string& name) {
    const Timestamp exact{tree().find("/" + name)->mtime, Precision::second};
    const auto times = listed();
    ASSERT_TRUE(times.contains(name));
    EXPECT_TRUE(consistent(times.at(name), exact)) << name << ": " << times.at(name).seconds - exact.seconds;
  }
};

TEST_F(Times, ListingsInAnotherZoneAreFoundOut) {
  be_in(new_york());
  tree().file("/new", "", now - 100);
  tree().file("/older", "", now - 60 * day);
  mount();
  for (int again = 0; again < 2; ++again) {
    expect_listed("new");
    expect_listed("older");
  }
}

TEST_F(Times, BothHalvesOfTheYearAreRight) {
  be_in(berlin());
  for (int i = 0; i < 60; ++i) tree().file("/" + std::to_string(i), "", now - i * 3 * day + i * 60);
  mount();
  for (int i = 0; i < 60; ++i) expect_listed(std::to_string(i));
}

TEST_F(Times, TheOffsetIsAskedForOnce) {
  be_in(new_york());
  tree().file("/a", "", now - 100);
  tree().file("/b", "", now - 2 * day);
  mount();
  list("/");
  EXPECT_THAT(server_.take_commands(), Contains("MDTM /a"));
  list("/");
  EXPECT_THAT(server_.take_commands(), Not(Contains(StartsWith("MDTM"))));
}

TEST_F(Times, ListingsOfDosAreRight) {
  be_in(berlin());
  behaviour().dos_listing = true;
  tree().file("/winter", "", now - 100);
  tree().file("/summer", "", summer);
  mount();
  expect_listed("winter");
  expect_listed("summer");
}

TEST_F(Times, WithoutMdtmTheUsersWordCounts) {
  be_in(new_york());
  behaviour().mdtm = false;
  tree().file("/new", "", now - 100);
  tree().file("/summer", "", summer);
  ftp::FtpConfig wanted = config();
  wanted.server_zone = new_york();
  mount(wanted);
  expect_listed("new");
  expect_listed("summer");
}

// "Dec 31 23:30" on New Year's Day is of last year, "Feb 29" of the last leap year.
TEST_F(Times, TheYearIsGuessed) {
  be_in(berlin());
  const std::time_t new_year = 1'704'067'200;  // 2024-01-01 00:00:00
  behaviour().now = new_year + 600;
  clock_.advance(std::chrono::seconds(new_year + 600 - now));
  tree().file("/eve", "", new_year - 5400);
  tree().file("/midnight", "", new_year + 60);
  mount();
  expect_listed("eve");
  expect_listed("midnight");
}

TEST_F(Times, TheLeapDayIsADay) {
  be_in(berlin());
  const std::time_t march = 1'709'300'000;  // 2024-03-01 13:33:20
  behaviour().now = march;
  clock_.advance(std::chrono::seconds(march - now));
  tree().file("/leap", "", 1'709'208'000);  // 29 February, 12:00
  mount();
  expect_listed("leap");
}

// Such a listing shows the day only, and that day is one of the server's.
TEST_F(Times, OldTimesAreOfTheRightDay) {
  be_in(new_york());
  tree().file("/new", "", now - 100);
  tree().file("/old", "", 1'054'785'782);       // 2003-06-05 04:03:02, the day before in New York
  tree().file("/edge", "", 1'054'785'600 - 1);  // the last second of a day there
  mount();
  expect_listed("old");
  expect_listed("edge");
}

// vsftpd with use_localtime=YES
TEST_F(Times, LocalMdtmIsFoundOutByTheFirstUpload) {
  be_in(new_york(), true);
  mount();
  EXPECT_EQ(write("/new", "x").mtime->seconds, now);
  EXPECT_EQ(stat("/new")->mtime->seconds, now);
  set_mtime("/new", now - 3 * day);
  EXPECT_EQ(tree().find("/new")->mtime, now - 3 * day);
  EXPECT_EQ(stat("/new")->mtime->seconds, now - 3 * day);
}

TEST_F(Times, LocalMdtmIsFoundOutByTheFirstTimeThatIsSet) {
  be_in(new_york(), true);
  tree().file("/old", "x");
  mount();
  set_mtime("/old", now - 3 * day);
  EXPECT_EQ(tree().find("/old")->mtime, now - 3 * day);
  EXPECT_EQ(stat("/old")->mtime->seconds, now - 3 * day);
  EXPECT_EQ(tree().find("/")->children.size(), 1u) << "something is left over";
  server_.take_commands();
  set_mtime("/old", now - 4 * day);
  EXPECT_EQ(server_.take_commands().size(), 1u);
}

TEST_F(Times, LocalMdtmIsRightInBothHalvesOfTheYear) {
  be_in(new_york(), true);
  mount();
  write("/new", "x");
  for (const std::time_t time : {summer, now, now - 400 * day}) {
    set_mtime("/new", time);
    EXPECT_EQ(tree().find("/new")->mtime, time);
    EXPECT_EQ(stat("/new")->mtime->seconds, time);
    expect_listed("new");
  }
}

TEST_F(Times, ACommandThatChangesNothingIsNotTrusted) {
  behaviour().forgets_times = true;
  tree().file("/file", "x");
  mount();
  EXPECT_EQ(failure([&] { set_mtime("/file", now); }), EOPNOTSUPP);
  EXPECT_FALSE(remote_->capabilities().set_mtime);
}

// The short form is read as local time, the long one says that it is UTC.
TEST_F(Times, TheOtherFormOfSiteUtimeIsTried) {
  behaviour().mfmt = false;
  behaviour().site_utime = behaviour().site_utime_utc = behaviour().site_utime_is_local = true;
  behaviour().zone = [](std::time_t) { return 3600; };
  tree().file("/two words", "x");
  mount();
  for (const std::time_t time : {now, summer}) {
    set_mtime("/two words", time);
    EXPECT_EQ(tree().find("/two words")->mtime, time);
  }
}

TEST_F(Times, AVerifiedCommandIsNotVerifiedAgain) {
  tree().file("/file", "x");
  mount();
  server_.take_commands();
  set_mtime("/file", now);
  EXPECT_EQ(server_.take_commands().size(), 2u);
  set_mtime("/file", summer);
  EXPECT_EQ(server_.take_commands().size(), 1u);
}

TEST_F(Times, BeyondWhatTheServerCanKeep) {
  behaviour().earliest_time = 315'532'800;  // 1980
  tree().file("/file", "x");
  mount();
  EXPECT_EQ(failure([&] { set_mtime("/file", -86'400); }), EINVAL);
  set_mtime("/file", now);
  EXPECT_EQ(failure([&] { set_mtime("/file", -86'400); }), EINVAL);
  EXPECT_TRUE(remote_->capabilities().set_mtime);
}

TEST_F(Times, Before1970AndAfter2038) {
  tree().file("/file", "x");
  mount();
  for (const std::time_t time : {-86'400L, -2'208'988'800L, 4'102'444'800L}) {
    set_mtime("/file", time);
    EXPECT_EQ(tree().find("/file")->mtime, time);
    EXPECT_EQ(stat("/file")->mtime->seconds, time);
  }
}

}  // namespace
}  // namespace ftpfs::test
