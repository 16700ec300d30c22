// SPDX-License-Identifier: MIT
// The automounter of the package autofs, with a map of the test's own.
#include <signal.h>

#include "cli/installed.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Autofs : public InstalledTest {
 protected:
  void SetUp() override {
    InstalledTest::SetUp();
    if (IsSkipped()) return;
    if (!fs::exists("/usr/sbin/automount")) GTEST_SKIP() << "no automount (package autofs)";
    if (read_file("/proc/filesystems").find("\tautofs\n") == std::string::npos)
      GTEST_SKIP() << "the kernel has no autofs";
    served_->with([](FakeServer& server) { server.tree().file("/hello", "world"); });
    fs::create_directory(scratch("auto"));
  }
  void TearDown() override {
    ::umount2((scratch("auto") / "nas").c_str(), MNT_DETACH);
    ::umount2(scratch("auto").c_str(), MNT_DETACH);
    InstalledTest::TearDown();
  }

  // As packaging/examples/auto.ftpfs has it, with every colon of the location escaped.
  std::string location() const {
    std::string text;
    for (const char c : source()) text += c == ':' ? "\\:" : std::string(1, c);
    return ":" + text;
  }
};

TEST_F(Autofs, MountsWhenSomebodyLooksAndUnmountsWhenNobodyDoes) {
  write_file(scratch("map"), "nas -fstype=ftpfs," + options() + ",allow_other " + location() + "\n");
  write_file(scratch("master"),
             scratch("auto").string() + " " + scratch("map").string() + " --timeout=600\n");
  Process automount({{"/usr/sbin/automount", "-f", "-v", "-C", "-p", scratch("pid"), scratch("master")},
                     "/",
                     {},
                     scratch("log")});
  const fs::path nas = scratch("auto") / "nas";
  ASSERT_TRUE(eventually([&] {
    return read_file(scratch("log")).find("mounted indirect") != std::string::npos;
  })) << read_file(scratch("log"));
  EXPECT_FALSE(fuse::topmost_mount(nas.string()));
  const Outcome look = run({"/bin/cat", nas / "hello"});
  EXPECT_EQ(look.output, "world") << read_file(scratch("log"));
  const auto mount = fuse::topmost_mount(nas.string());
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, "fuse.ftpfs");
  automount.signal(SIGUSR1);  // "expire now"
  EXPECT_TRUE(eventually([&] { return !fuse::topmost_mount(nas.string()); })) << read_file(scratch("log"));
  automount.signal(SIGTERM);
  EXPECT_EQ(automount.wait(), 0) << read_file(scratch("log"));
}

}  // namespace
}  // namespace ftpfs::test
