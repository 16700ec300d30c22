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

inline std::string text_of(const Fault& fault) {
  constexpr const char* moments[] = {"received", "done", "replying", "replied", "data"};
  constexpr const char* actions[] = {"close", "reset", "stall", "reply", "drip",
                                     "flood", "act",   "extra", "garble"};
  return fault.verb + " " + moments[static_cast<int>(fault.moment)] + " " +
         actions[static_cast<int>(fault.action)] + " " + fault.reply;
}

class FaultTest : public RemoteFixture {
 protected:
  FaultTest() {
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

}  // namespace ftpfs::test
