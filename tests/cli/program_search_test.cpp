// SPDX-License-Identifier: MIT
// The search for secrets that ends each test of the program: what is planted is found, wherever it is and in
// whatever form.
#include <gtest/gtest-spi.h>
#include <sys/mount.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class SearchForSecrets : public ProgramTest {
 protected:
  void expect_found(const fs::path& file) {
    const std::string name = file.filename();
    EXPECT_NONFATAL_FAILURE(ProgramTest::TearDown(), name);
    fs::remove(file);
    ProgramTest::TearDown();
  }
};

TEST_F(SearchForSecrets, SeesWhatEachCommandSaid) {
  run({"/bin/echo", "the secret"});
  run({"/bin/echo", "nothing"});
  expect_found(scratch("output-1"));
}

TEST_F(SearchForSecrets, SeesTheTerminal) {
  on_terminal({"/bin/echo", "the secret"}).rest();
  expect_found(scratch("terminal"));
}

TEST_F(SearchForSecrets, SeesEveryFile) {
  for (const char* name : {"log", "here.log.1", "spool/joe@127.0.0.1/.record-1"}) {
    fs::create_directories(scratch(name).parent_path());
    write_file(scratch(name), "a line\nthe secret\nanother");
    expect_found(scratch(name));
  }
}

TEST_F(SearchForSecrets, SeesEveryForm) {
  for (const char* form : {"secret", "c2VjcmV0", "am9lOnNlY3JldA==", "amltOnNlY3JldA", "dXNlcjpzZWNyZXQ=",
                           "opensesame", "dGVzdGVyOm9wZW5zZXNhbWU=", "am9lOm1lbGxvbmZyaWVuZA=="}) {
    write_file(scratch("log"), form);
    expect_found(scratch("log"));
  }
  write_file(scratch("log"), "PASS ***, Proxy-Authorization: Basic am9lOm90aGVy");
}

// A server's root, and a mount that does not answer, would tell nothing about the program.
TEST_F(SearchForSecrets, LooksIntoNoMountAndNoFileOfTheTests) {
  file_with_secret("cred", "password=secret\n");
  ASSERT_EQ(::mount("ftpfs-test", mountpoint().c_str(), "tmpfs", 0, nullptr), 0);
  write_file(mountpoint() / "file", "secret");
  ProgramTest::TearDown();
  ::umount2(mountpoint().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace ftpfs::test
