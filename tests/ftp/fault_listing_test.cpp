// SPDX-License-Identifier: MIT
// Listings that are cut, or have no end.
#include <cerrno>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

// F35: half a listing shown as a whole makes `rsync --delete` destroy data.
TEST_P(FaultTest, HalfAListingIsNeverShown) {
  for (int i = 0; i < 100; ++i) tree().file("/d/file" + std::to_string(i), "x");
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    const std::string verb = with_mlst ? "MLSD" : "LIST";
    for (const Action action : {Action::close, Action::reset}) {
      for (const std::string reply : {"426 Connection lost", "451 Local error"}) {
        const Fault fault{verb, Moment::data, action, reply, 1000};
        SCOPED_TRACE(text_of(fault));
        inject(fault);
        std::size_t size = 0;
        const int code = failure([&] { size = names("/d").size(); });
        EXPECT_TRUE(code != 0 || size == 101) << size;
        expect_all_fired();
      }
    }
    EXPECT_EQ(names("/d").size(), 101u);
  }
}

// S13: a listing without end costs neither memory nor the mount.
TEST_P(FaultTest, AListingBeyondAnyMeasureIsEFBIG) {
  for (int i = 0; i < 9; ++i) tree().file("/d/file" + std::to_string(i), "x");
  struct Limits {
    std::uint64_t entries;
    std::uint64_t bytes;
    int code;
  };
  for (const Limits& limits : {Limits{10, 10'000, 0}, Limits{9, 10'000, EFBIG}, Limits{10, 300, EFBIG}}) {
    for (const bool with_mlst : {true, false}) {
      behaviour().mlst = with_mlst;
      ftp::FtpConfig bounded = config();
      bounded.max_entries = limits.entries;
      bounded.max_listing_bytes = limits.bytes;
      mount(bounded);
      EXPECT_EQ(failure([&] { list("/d"); }), limits.code);
      EXPECT_TRUE(stat("/a"));
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
