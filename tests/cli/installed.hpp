// SPDX-License-Identifier: MIT
// Tests in which mount(8) and umount(8) find the program as `cmake --install` would leave it: /sbin holds,
// besides what is there, links to it, for as long as the test lasts and for its own eyes.
#pragma once

#include <fstream>

#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "cli/program.hpp"

namespace ftpfs::test {

class InstalledTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    if (!std::filesystem::exists("/bin/mount")) GTEST_SKIP() << "no mount(8)";
    ASSERT_EQ(::mount("ftpfs-test", "/run", "tmpfs", 0, nullptr),
              0);  // mount(8) keeps files of its own there
    install();
    served_.emplace();
    file_with_secret("cred", "username=joe\npassword=secret\n");
  }
  void TearDown() override {
    if (!installed_) return;
    ::umount2(mountpoint().c_str(), MNT_DETACH);
    ProgramTest::TearDown();
    ::umount2("/usr/sbin", MNT_DETACH);
    ::umount2("/run", MNT_DETACH);
  }

  // A line of fstab(5); `options` besides what each test needs.
  std::string line(const std::string& type, const std::string& options = "") const {
    return source() + " " + mountpoint().string() + " " + type + " " + this->options() +
           (options.empty() ? "" : "," + options) + " 0 0\n";
  }
  std::string options() const {
    return "credentials=" + scratch("cred").string() + ",timeout=1,spool_dir=" + scratch("spool").string();
  }
  // ftp://127.0.0.1:PORT/
  std::string source() const {
    std::string url = served_->url();
    return url.erase(url.find("joe@"), 4);
  }
  std::string fstab(const std::string& text) const {
    write_file(scratch("fstab"), text);
    return scratch("fstab").string();
  }

  // As boot does: no HOME, no PATH.
  Outcome mount(std::vector<std::string> arguments) const { return bare("/bin/mount", std::move(arguments)); }
  Outcome umount(std::vector<std::string> arguments) const {
    return bare("/bin/umount", std::move(arguments));
  }
  Outcome bare(const std::string& program, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "-i", program});
    return run(std::move(arguments));
  }

  // The line of /proc/self/mounts: source, mountpoint, type, options.
  std::vector<std::string> mount_entry() const {
    std::ifstream table("/proc/self/mounts");
    for (std::string source, where, type, options, rest;
         table >> source >> where >> type >> options && std::getline(table, rest);) {
      if (where == mountpoint() && type != "tmpfs") return {source, where, type, options};
    }
    return {};
  }
  bool has_option(const std::string& option) const {
    const auto entry = mount_entry();
    return !entry.empty() && ("," + entry[3] + ",").find("," + option + ",") != std::string::npos;
  }

  mutable std::optional<Served> served_;

 private:
  void install() {
    namespace fs = std::filesystem;
    const fs::path before = scratch("sbin-before");
    const fs::path now = scratch("sbin");
    fs::create_directory(before);
    fs::create_directory(now);
    write_file(scratch("ftpfs"), "");
    ASSERT_EQ(::mount(FTPFS_PROGRAM, scratch("ftpfs").c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::mount("/usr/sbin", before.c_str(), nullptr, MS_BIND, nullptr), 0);
    for (const auto& entry : fs::directory_iterator(before))
      fs::create_symlink(entry.path(), now / entry.path().filename());
    for (const char* name : {"mount.ftpfs", "mount.fuse.ftpfs", "umount.ftpfs", "umount.fuse.ftpfs"}) {
      fs::remove(now / name);
      fs::create_symlink(scratch("ftpfs"), now / name);
    }
    ASSERT_EQ(::mount(now.c_str(), "/usr/sbin", nullptr, MS_BIND, nullptr), 0);
    installed_ = true;
  }

  bool installed_ = false;
};

}  // namespace ftpfs::test
