// SPDX-License-Identifier: MIT
// Several users of one mount: everything shows as nobody's, and the kernel decides by owner, group and mode.
#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

class PosixPermissions : public Posix {
 protected:
  User owner() const override { return nobody; }

  int open_as(User user, const std::string& name, int flags) {
    const std::string full = path(name);
    return as(user, [&] { return UniqueFd{::open(full.c_str(), flags, 0644)}.get(); });
  }
  int chmod_as(User user, const std::string& name, mode_t wanted) {
    const std::string full = path(name);
    return as(user, [&] { return ::chmod(full.c_str(), wanted); });
  }
  int mkdir_as(User user, const std::string& name) {
    const std::string full = path(name);
    return as(user, [&] { return ::mkdir(full.c_str(), 0755); });
  }
  int rmdir_as(User user, const std::string& name) {
    const std::string full = path(name);
    return as(user, [&] { return ::rmdir(full.c_str()); });
  }
  int unlink_as(User user, const std::string& name) {
    const std::string full = path(name);
    return as(user, [&] { return ::unlink(full.c_str()); });
  }
  int rename_as(User user, const std::string& from, const std::string& to) {
    const std::string old_path = path(from);
    const std::string new_path = path(to);
    return as(user, [&] { return ::rename(old_path.c_str(), new_path.c_str()); });
  }
};

TEST_P(PosixPermissions, EverythingIsNobodysAndChownToThemSucceeds) {
  EXPECT_EQ(mkdir_as(nobody, "dir"), 0);
  EXPECT_EQ(open_as(nobody, "dir/file", O_CREAT | O_WRONLY), 0);
  for (const char* name : {"dir", "dir/file"}) {
    EXPECT_EQ(status(name).st_uid, 65534u);
    EXPECT_EQ(status(name).st_gid, 65534u);
    EXPECT_EQ(error_of(::chown(path(name).c_str(), 65534, 65534)), 0);
    EXPECT_EQ(error_of(::lchown(path(name).c_str(), 65534, static_cast<gid_t>(-1))), 0);
  }
}

TEST_P(PosixPermissions, OpenAsksOwnerGroupAndOthers) {
  EXPECT_EQ(open_as(nobody, "file", O_CREAT | O_WRONLY), 0);
  struct Class {
    User user;
    unsigned shift;
  };
  for (const Class& who : {Class{nobody, 6}, Class{colleague, 3}, Class{stranger, 0}}) {
    for (const mode_t allowed : {0u, 1u, 2u, 4u, 6u, 7u}) {
      const mode_t all = (0777u & ~(7u << who.shift)) | allowed << who.shift;
      EXPECT_EQ(chmod_as(nobody, "file", all), 0);
      const int read = (allowed & 4u) != 0 ? 0 : EACCES;
      const int write = (allowed & 2u) != 0 ? 0 : EACCES;
      EXPECT_EQ(open_as(who.user, "file", O_RDONLY), read) << std::oct << all;
      EXPECT_EQ(open_as(who.user, "file", O_WRONLY), write) << std::oct << all;
      EXPECT_EQ(open_as(who.user, "file", O_RDWR), read != 0 ? read : write) << std::oct << all;
      EXPECT_EQ(open_as(who.user, "file", O_RDONLY | O_TRUNC), read != 0 ? read : write) << std::oct << all;
    }
  }
}

TEST_P(PosixPermissions, AMadeDirectoryOpensByItsBitsAlone) {
  EXPECT_EQ(mkdir_as(nobody, "dir"), 0);
  EXPECT_EQ(chmod_as(nobody, "dir", 0060), 0);
  EXPECT_EQ(open_as(nobody, "dir", O_RDONLY), EACCES);
  EXPECT_EQ(open_as(colleague, "dir", O_RDONLY), 0);
  EXPECT_EQ(chmod_as(nobody, "dir", 0006), 0);
  EXPECT_EQ(open_as(colleague, "dir", O_RDONLY), EACCES);
  EXPECT_EQ(open_as(stranger, "dir", O_RDONLY), 0);
  EXPECT_EQ(chmod_as(nobody, "dir", 0700), 0);
  EXPECT_EQ(rmdir_as(nobody, "dir"), 0);
}

TEST_P(PosixPermissions, SearchingNeedsTheExecuteBit) {
  EXPECT_EQ(mkdir_as(nobody, "dir"), 0);
  EXPECT_EQ(open_as(nobody, "dir/file", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(chmod_as(nobody, "dir", 0644), 0);
  EXPECT_EQ(open_as(nobody, "dir/file", O_RDONLY), EACCES);
  EXPECT_EQ(chmod_as(nobody, "dir/file", 0600), EACCES);
  EXPECT_EQ(unlink_as(nobody, "dir/file"), EACCES);
  EXPECT_EQ(mkdir_as(nobody, "dir/new"), EACCES);
  EXPECT_EQ(rename_as(nobody, "dir/file", "dir/other"), EACCES);
  EXPECT_EQ(chmod_as(nobody, "dir", 0755), 0);
  EXPECT_EQ(open_as(nobody, "dir/file", O_RDONLY), 0);
}

TEST_P(PosixPermissions, ChangingADirectoryNeedsTheWriteBit) {
  EXPECT_EQ(mkdir_as(nobody, "dir"), 0);
  EXPECT_EQ(mkdir_as(nobody, "dir/sub"), 0);
  EXPECT_EQ(open_as(nobody, "dir/file", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(chmod_as(nobody, "dir", 0555), 0);
  for (const User& user : {nobody, stranger}) {
    EXPECT_EQ(open_as(user, "dir/new", O_CREAT | O_WRONLY), EACCES);
    EXPECT_EQ(mkdir_as(user, "dir/new"), EACCES);
    EXPECT_EQ(rmdir_as(user, "dir/sub"), EACCES);
    EXPECT_EQ(unlink_as(user, "dir/file"), EACCES);
    EXPECT_EQ(rename_as(user, "dir/file", "dir/new"), EACCES);
    EXPECT_EQ(rename_as(user, "dir/file", "new"), EACCES);
  }
  EXPECT_EQ(chmod_as(nobody, "dir", 0755), 0);
  EXPECT_EQ(unlink_as(stranger, "dir/file"), EACCES);
  EXPECT_EQ(unlink_as(nobody, "dir/file"), 0);
  EXPECT_EQ(rmdir_as(nobody, "dir/sub"), 0);
}

TEST_P(PosixPermissions, OnlyTheOwnerChangesModes) {
  EXPECT_EQ(open_as(nobody, "file", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(chmod_as(nobody, "file", 0642), 0);
  EXPECT_EQ(mode("file"), 0642u);
  EXPECT_EQ(chmod_as(stranger, "file", 0641), EPERM);
  EXPECT_EQ(chmod_as(colleague, "file", 0641), EPERM);
  EXPECT_EQ(mode("file"), 0642u);
  EXPECT_EQ(chmod_as(root_user, "file", 0600), 0);
  EXPECT_EQ(mode("file"), 0600u);
  const std::string name = path("file");
  EXPECT_EQ(as(stranger, [&] { return ::chown(name.c_str(), 65533, 65533); }), EPERM);
  EXPECT_EQ(as(stranger, [&] { return ::truncate(name.c_str(), 0); }), EACCES);
}

FTPFS_ON_ALL_SERVERS(PosixPermissions);

}  // namespace
}  // namespace ftpfs::test
