// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/private_folder.hpp>

namespace ftpfs::vfs {
namespace {

[[noreturn]] void fail(const std::string& what, int code) {
  throw Error(code, what + ": " + std::strerror(code));
}

// Between opening and locking it may have been removed by the mount that had it.
bool still_has_its_name(int directory, const std::string& path) {
  struct ::stat ours {};
  struct ::stat named {};
  return ::fstat(directory, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

}  // namespace

std::optional<PrivateFolder> PrivateFolder::make(const std::string& path, const std::string& what) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::error_code failure;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failure);
    if (failure) fail("cannot make the " + what + " " + path, failure.value());
    const bool is_new = ::mkdir(path.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) fail("cannot make the " + what + " " + path, errno);
    try {
      std::optional<PrivateFolder> folder = take(path, what);
      if (folder && is_new) folder->was_there_ = false;
      return folder;
    } catch (const Error& error) {
      if (error.code() != ENOENT) throw;
    }
  }
  fail("the " + what + " " + path + " keeps vanishing", EBUSY);
}

std::optional<PrivateFolder> PrivateFolder::take(const std::string& path, const std::string& what) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) fail("cannot open the " + what + " " + path, errno);
  struct ::stat status {};
  if (::fstat(fd.get(), &status) != 0) fail("cannot look at the " + what + " " + path, errno);
  if (status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
    throw Error(EPERM, "the " + what + " " + path +
                           " must belong to the user who mounts and be closed to others (chmod 700)");
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    fail("cannot lock the " + what + " " + path, errno);
  }
  if (!still_has_its_name(fd.get(), path)) fail("the " + what + " " + path + " was removed", ENOENT);
  return PrivateFolder(path, what, std::move(fd), true);
}

PrivateFolder PrivateFolder::look(const std::string& path, const std::string& what) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail("cannot open the " + what + " " + path, errno);
  return PrivateFolder(path, what, std::move(fd), false);
}

PrivateFolder::PrivateFolder(std::string path, std::string what, UniqueFd fd, bool ours)
    : path_(std::move(path)), what_(std::move(what)), fd_(std::move(fd)), ours_(ours) {}

PrivateFolder::~PrivateFolder() {
  if (!fd_ || !ours_) return;
  if (still_has_its_name(fd_.get(), path_)) ::rmdir(path_.c_str());  // refused where something is in it
}

std::vector<std::string> PrivateFolder::names() const {
  const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::DIR* const directory = copy < 0 ? nullptr : ::fdopendir(copy);
  if (!directory) fail("cannot list the " + what_ + " " + path_, errno);
  std::vector<std::string> found;
  while (const ::dirent* const each = ::readdir(directory)) found.emplace_back(each->d_name);
  ::closedir(directory);
  std::ranges::sort(found);
  return found;
}

bool is_one_of_the_last(int file) {
  constexpr ::rlim_t left_to_others = 16;
  ::rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) != 0) return false;
  return static_cast<::rlim_t>(file) + left_to_others >= most.rlim_cur;
}

}  // namespace ftpfs::vfs
