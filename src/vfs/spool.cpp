// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/vfs/spool.hpp>

namespace ftpfs::vfs {
namespace {

[[noreturn]] void fail(const std::string& what, int code) {
  throw Error(code, what + ": " + std::strerror(code));
}

void make_private_directories(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory.parent_path(), failure);
  if (failure) fail("cannot make the spool directory " + directory.string(), failure.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    fail("cannot make the spool directory " + directory.string(), errno);
  }
}

}  // namespace

Spool::Spool(std::string directory) : directory_(std::move(directory)) {
  make_private_directories(directory_);
  fd_ = UniqueFd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd_) fail("cannot open the spool directory " + directory_, errno);
  struct ::stat status {};
  if (::fstat(fd_.get(), &status) != 0) fail("cannot look at the spool directory " + directory_, errno);
  if (status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
    throw Error(EPERM, "the spool directory " + directory_ +
                           " must belong to the user who mounts and be closed to others (chmod 700)");
  }
}

UniqueFd Spool::create() const {
  UniqueFd file(::openat(fd_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) fail("cannot make a file in the spool directory " + directory_, errno);
  return file;
}

std::string Spool::keep(int file, std::string_view wanted) const {
  std::string name(wanted.substr(0, 200));
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  const std::string self = "/proc/self/fd/" + std::to_string(file);
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const std::string unique = attempt == 0 ? name : name + "." + std::to_string(attempt);
    if (::linkat(AT_FDCWD, self.c_str(), fd_.get(), unique.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return directory_ + "/" + unique;
    }
    if (errno != EEXIST)
      fail("cannot keep " + escaped(wanted) + " in the spool directory " + directory_, errno);
  }
  fail("cannot keep " + escaped(wanted) + " in the spool directory " + directory_, EEXIST);
}

}  // namespace ftpfs::vfs
