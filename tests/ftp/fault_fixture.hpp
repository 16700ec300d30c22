// SPDX-License-Identifier: MIT
// A server that misbehaves at run time. F numbers in the tests: each fault, what must happen, and that it did
// happen.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "remote_fixture.hpp"

namespace ftpfs::test {

class FaultFixture : public RemoteFixture {
 protected:
  explicit FaultFixture(Pace pace = Pace::by_default) : RemoteFixture(pace) {
    tree().file("/a", "content");
    tree().directory("/d");
    tree().file("/d/inner", "inside");
    mount();
  }

  void inject(Fault fault) { server_.inject(std::move(fault)); }
  std::size_t count(std::string_view verb) const {
    return std::ranges::count_if(server_.commands(),
                                 [&](const auto& line) { return line.starts_with(verb); });
  }
  void expect_all_fired() { EXPECT_EQ(server_.faults_left(), 0u); }
};

class FaultTest : public FaultFixture, public testing::WithParamInterface<Pace> {
 protected:
  FaultTest() : FaultFixture(GetParam()) {}
};

inline auto both_paces() {
  return testing::Values(Pace::by_default, Pace::one_by_one);
}
inline std::string pace_name(const testing::TestParamInfo<Pace>& info) {
  return name_of(info.param);
}

}  // namespace ftpfs::test
