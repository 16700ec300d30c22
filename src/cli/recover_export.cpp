// SPDX-License-Identifier: MIT
// Copies of what is in the spool. They are on the disk before anybody is told of them.
#include <array>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/recover.hpp>

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int code) {
  throw Failure(ExitStatus::local_files, fmt::format("{}: {}", escaped(path), ::strerror(code)), {}, code);
}

struct Target {
  std::string path;
  UniqueFd file;
};

Target create(const fs::path& wanted) {
  std::error_code failure;
  fs::create_directories(wanted.parent_path(), failure);
  if (failure) fail(wanted.parent_path().string(), failure.value());
  for (int number = 1;; ++number) {
    const std::string path = number == 1 ? wanted.string() : fmt::format("{}.{}", wanted.string(), number);
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file) return {path, std::move(file)};
    if (errno != EEXIST) fail(path, errno);
  }
}

void copy_range(int from, off_t begin, off_t end, int to, off_t at, const std::string& path) {
  std::array<char, 65536> buffer;
  for (off_t done = begin; done < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<off_t>(sizeof buffer, end - done));
    const ssize_t got = ::pread(from, buffer.data(), wanted, done);
    if (got < 0) fail(path, errno);
    if (got == 0) return;  // it has become shorter
    for (ssize_t written = 0; written < got;) {
      const ssize_t step = ::pwrite(to, buffer.data() + written, static_cast<std::size_t>(got - written),
                                    at + (done - begin) + written);
      if (step < 0 && errno != EINTR) fail(path, errno);
      if (step > 0) written += step;
    }
    done += got;
  }
}

// Holes stay holes: a stage is as sparse as what was written.
void copy(int from, off_t begin, const Target& target) {
  struct ::stat status {};
  if (::fstat(from, &status) != 0) fail(target.path, errno);
  for (off_t at = begin; at < status.st_size;) {
    const off_t data = ::lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) fail(target.path, errno);
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) fail(target.path, errno);
    copy_range(from, data, hole, target.file.get(), data - begin, target.path);
    at = hole;
  }
  if (::ftruncate(target.file.get(), std::max<off_t>(status.st_size - begin, 0)) != 0)
    fail(target.path, errno);
  if (::fsync(target.file.get()) != 0) fail(target.path, errno);
}

fs::path place_of(const vfs::LeftFolder& folder, const vfs::Leftover& file, const fs::path& directory) {
  const std::string below = file.path.empty() ? fs::path(file.file).filename().string() : file.path.substr(1);
  std::string place = (directory / fs::path(folder.path).filename() / below).string();
  if (file.append) return place + ".appended";
  return file.complete ? place : place + ".incomplete";
}

}  // namespace

std::vector<std::string> export_leftovers(const std::vector<vfs::LeftFolder>& folders,
                                          const std::string& directory) {
  std::vector<std::string> lines;
  for (const vfs::LeftFolder& folder : folders) {
    for (const vfs::Leftover& file : folder.files) {
      const std::string name = escaped(file.path.empty() ? file.file : file.path);
      const UniqueFd content(
          file.file.empty() ? -1 : ::open(file.file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      if (!content) {
        lines.push_back(
            fmt::format("{}: its content is not there{}", name, folder.in_use ? " any more" : ""));
        continue;
      }
      const Target target = create(place_of(folder, file, directory));
      copy(content.get(), static_cast<off_t>(file.from), target);
      lines.push_back(fmt::format("{} -> {}", name, escaped(target.path)));
    }
  }
  return lines;
}

}  // namespace ftpfs::cli
