// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/checksum.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/cache_file.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::array<char, 16> magic{'f', 't', 'p', 'f', 's', ' ', 'b',  'l',
                                     'o', 'c', 'k', 's', ' ', '1', '\n', '\0'};
constexpr std::uint64_t page = 4096;
constexpr std::size_t longest_path = 64u << 10;

struct Header {
  std::array<char, 16> kind = magic;
  std::uint64_t checksum = 0;  // of everything else, and the path
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  std::uint32_t precision = 0;
  std::uint32_t path_size = 0;
};
static_assert(sizeof(Header) == 48, "no hole in it whose bytes nobody sets");

constexpr std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

[[noreturn]] void fail(const char* what, int code) {
  throw Error(code, std::string(what) + ": " + std::strerror(code));
}

void write_all(int file, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write to the cache", written < 0 ? errno : ENOSPC);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// As much of it as is there.
std::size_t read_all(int file, std::uint64_t offset, MutableBytes into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const MutableBytes rest = into.subspan(filled);
    const ::ssize_t count = ::pread(file, rest.data(), rest.size(), static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot read from the cache", errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

std::uint64_t seal(Header header, std::string_view path) noexcept {
  header.checksum = 0;
  const std::uint64_t sum = checksum(std::as_bytes(std::span(&header, 1)), 0);
  return checksum(as_bytes(path), sum);
}

struct Described {
  Header header;
  std::string path;
};

std::optional<Described> describe(int file) {
  Described found;
  Header& header = found.header;
  if (read_all(file, 0, std::as_writable_bytes(std::span(&header, 1))) < sizeof(Header)) return std::nullopt;
  if (header.kind != magic || header.path_size > longest_path) return std::nullopt;
  found.path.resize(header.path_size);
  const MutableBytes path = std::as_writable_bytes(std::span(found.path));
  if (read_all(file, sizeof(Header), path) < path.size()) return std::nullopt;
  if (seal(header, found.path) != header.checksum) return std::nullopt;
  return found;
}

UniqueFd open_regular(int folder, const std::string& name, int flags) {
  UniqueFd file(::openat(folder, name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct ::stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return file;
}

}  // namespace

std::uint64_t CacheFile::length(std::uint64_t size, Index index) noexcept {
  const std::uint64_t begin = index * block_size;
  return begin >= size ? 0 : std::min(block_size, size - begin);
}

CacheFile::CacheFile(UniqueFd fd, std::uint64_t size, std::size_t path_size, std::uint64_t seed)
    : fd_(std::move(fd)),
      seed_(seed),
      sums_at_(rounded_up(sizeof(Header) + path_size, sizeof(Sum))),
      blocks_at_(rounded_up(sums_at_ + rounded_up(size, block_size) / block_size * sizeof(Sum), page)) {}

std::unique_ptr<CacheFile> CacheFile::open(int folder, const std::string& name,
                                           const CachedVersion& version) {
  UniqueFd file = open_regular(folder, name, O_RDWR);
  const std::optional<Described> found = file ? describe(file.get()) : std::nullopt;
  const bool wanted = found && found->path == version.path && found->header.size == version.size &&
                      found->header.mtime == version.mtime.seconds &&
                      found->header.precision == static_cast<std::uint32_t>(version.mtime.precision);
  if (!wanted) {
    if (file) ::unlinkat(folder, name.c_str(), 0);
    return nullptr;
  }
  const std::uint64_t seed = found->header.checksum;
  return std::unique_ptr<CacheFile>(new CacheFile(std::move(file), version.size, version.path.size(), seed));
}

std::unique_ptr<CacheFile> CacheFile::create(int folder, const std::string& name,
                                             const CachedVersion& version) {
  ::unlinkat(folder, name.c_str(), 0);
  UniqueFd file = open_regular(folder, name, O_RDWR | O_CREAT | O_EXCL);
  if (!file) fail("cannot make a file in the cache", errno);
  Header header;
  header.size = version.size;
  header.mtime = version.mtime.seconds;
  header.precision = static_cast<std::uint32_t>(version.mtime.precision);
  header.path_size = static_cast<std::uint32_t>(version.path.size());
  header.checksum = seal(header, version.path);
  write_all(file.get(), 0, std::as_bytes(std::span(&header, 1)));
  write_all(file.get(), sizeof(Header), as_bytes(version.path));
  return std::unique_ptr<CacheFile>(
      new CacheFile(std::move(file), version.size, version.path.size(), header.checksum));
}

std::optional<std::string> CacheFile::path_of(int folder, const std::string& name) {
  const UniqueFd file = open_regular(folder, name, O_RDONLY);
  std::optional<Described> found = file ? describe(file.get()) : std::nullopt;
  if (!found) return std::nullopt;
  return std::move(found->path);
}

// Pages without any are holes.
CacheFile::Sums CacheFile::sums() const {
  Sums found;
  std::vector<Sum> some(page / sizeof(Sum));
  for (std::uint64_t at = sums_at_; at < blocks_at_;) {
    const off_t data = ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) break;
    const auto skipped = static_cast<std::uint64_t>(data) - at;
    at += skipped / sizeof(Sum) * sizeof(Sum);
    if (at >= blocks_at_) break;
    const std::uint64_t size = std::min<std::uint64_t>(page, blocks_at_ - at);
    const MutableBytes into = std::as_writable_bytes(std::span(some)).first(size);
    const std::size_t count = read_all(fd_.get(), at, into) / sizeof(Sum);
    for (std::size_t i = 0; i < count; ++i) {
      if (some[i] != 0) found.emplace((at - sums_at_) / sizeof(Sum) + i, some[i]);
    }
    at += size;
  }
  return found;
}

CacheFile::Sum CacheFile::sum_of(Index index, Bytes block) const noexcept {
  const Sum sum = checksum(block, seed_ ^ (index + 1) * 0xC2B2AE3D27D4EB4Fu);
  return sum == 0 ? 1 : sum;
}

CacheFile::Sum CacheFile::write(Index index, Bytes block) {
  write_all(fd_.get(), place(index), block);
  return sum_of(index, block);
}

void CacheFile::note(Index index, Sum sum) {
  write_all(fd_.get(), sums_at_ + index * sizeof(Sum), std::as_bytes(std::span(&sum, 1)));
}

bool CacheFile::read(Index index, Sum sum, MutableBytes block) const {
  return read_all(fd_.get(), place(index), block) == block.size() && sum_of(index, block) == sum;
}

void CacheFile::used(std::int64_t when) {
  const std::array<::timespec, 2> times{::timespec{when, 0}, ::timespec{when, 0}};
  ::futimens(fd_.get(), times.data());
}

}  // namespace ftpfs::vfs
