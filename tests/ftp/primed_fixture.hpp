// SPDX-License-Identifier: MIT
// A remote that sends several commands at once and makes data connections ahead, and files to transfer.
#pragma once

#include "remote_fixture.hpp"

namespace ftpfs::test {

class PrimedTest : public RemoteFixture {
 protected:
  PrimedTest() {
    for (const char* name : {"/a", "/b", "/c"}) tree().file(name, name);
    tree().file("/d/inner", "inside");
  }

  void log_in(std::size_t max_conns = 4) {
    ftp::FtpConfig wanted = config();
    wanted.max_conns = max_conns;
    wanted.pipelining = wanted.prime = true;
    mount(wanted);
  }

  // Transfers follow one another: the next one is prepared.
  void get_going() {
    EXPECT_EQ(read("/a"), "/a");
    EXPECT_EQ(read("/b"), "/b");
    settle(io_);
    server_.take_commands();
    server_.take_commands_in_a_row();
  }

  std::vector<std::string> sent_for(std::string_view path) {
    server_.take_commands();
    EXPECT_EQ(read(path), path);
    settle(io_);
    return server_.take_commands();
  }
};

}  // namespace ftpfs::test
