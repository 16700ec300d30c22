// SPDX-License-Identifier: MIT
// A file of the cache on disk. Whatever lies there is a file of ours or is taken away; and one of ours whose
// disk changes, loses or adds anything gives back what was put in, or nothing.
//
// Input: the flags, the remote file's size and time, a block and a place in the file, and then text: the
// path, and what is in the block.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/vfs/cache_file.hpp>

#include "check.hpp"
#include "numbers.hpp"

namespace {

using namespace ftpfs::vfs;
using ftpfs::fuzz::take_number;
using Block = std::vector<std::byte>;

constexpr const char* name = "file";

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "ftpfs_cache_fuzz.XXXXXX").string()) {
    check(::mkdtemp(path_.data()) != nullptr);
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    check(static_cast<bool>(fd_));
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  int descriptor() const noexcept { return fd_.get(); }
  ftpfs::UniqueFd open(int flags) const {
    ftpfs::UniqueFd file(::openat(fd_.get(), name, flags | O_CLOEXEC, 0600));
    check(static_cast<bool>(file));
    return file;
  }
  bool has_file() const { return ::faccessat(fd_.get(), name, F_OK, 0) == 0; }

 private:
  std::string path_;
  ftpfs::UniqueFd fd_;
};

const Folder& folder() {
  static const Folder only;
  return only;
}

void read(std::string_view bytes) {
  const ftpfs::UniqueFd file = folder().open(O_WRONLY | O_CREAT | O_TRUNC);
  check(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const auto path = CacheFile::path_of(folder().descriptor(), name);
  check(!path || path->size() < bytes.size());
  const auto opened = CacheFile::open(folder().descriptor(), name, {path.value_or("/a"), 3, {5, {}}});
  check((opened != nullptr) == folder().has_file());
  check(!opened || path);
}

struct Damage {
  std::uint64_t place;
  std::uint8_t flags;
};

// One bit, the rest of the file, or something behind its end.
void damage(Damage wanted) {
  const ftpfs::UniqueFd file = folder().open(O_RDWR);
  struct ::stat status {};
  check(::fstat(file.get(), &status) == 0 && status.st_size > 0);
  const auto place = static_cast<off_t>(wanted.place % static_cast<std::uint64_t>(status.st_size));
  if ((wanted.flags & 1) != 0) {
    check(::ftruncate(file.get(), place) == 0);
    return;
  }
  unsigned char byte = 0;
  check(::pread(file.get(), &byte, 1, place) == 1);
  byte = static_cast<unsigned char>(byte ^ (1u << (wanted.flags >> 1) % 8));
  check(::pwrite(file.get(), &byte, 1, place) == 1);
}

// What `file` still takes for whole is the block that was put in. A sum may be told of one that does not
// exist.
void check_blocks(const CacheFile& file, const CachedVersion& version, CacheFile::Index index,
                  const Block& content) {
  for (const auto& [found, sum] : file.sums()) {
    Block block(CacheFile::length(version.size, found));
    if (file.read(found, sum, block)) check(found == index && block == content);
  }
}

void write(std::string_view input) {
  const auto flags = take_number<std::uint8_t>(input);
  CachedVersion version;
  // Small ones, for the most part: a block is written and read for each input.
  const std::uint64_t sizes[] = {2000, 300'000, 10ull << 30, CacheFile::largest};
  version.size = 1 + take_number<std::uint64_t>(input) % sizes[flags % 4];
  version.mtime = {take_number<std::int64_t>(input), static_cast<ftpfs::Precision>(flags / 4 % 3)};
  const std::uint64_t blocks = (version.size + CacheFile::block_size - 1) / CacheFile::block_size;
  const CacheFile::Index index = take_number<std::uint64_t>(input) % blocks;
  const Damage wanted{take_number<std::uint64_t>(input), take_number<std::uint8_t>(input)};
  version.path = input.substr(0, 4000);
  Block content(CacheFile::length(version.size, index));
  for (std::size_t i = 0; i < content.size() && !input.empty(); i += 1000)
    content[i] = static_cast<std::byte>(input[i % input.size()]);

  const int where = folder().descriptor();
  {
    const auto file = CacheFile::create(where, name, version);
    check(file->sums().empty());
    file->note(index, file->write(index, content));
  }
  check(CacheFile::path_of(where, name) == version.path);
  if (const auto file = CacheFile::open(where, name, version)) {
    const CacheFile::Sums sums = file->sums();
    check(sums.size() == 1 && sums.contains(index));
    Block block(content.size());
    check(file->read(index, sums.at(index), block) && block == content);
  } else {
    check(false);
  }
  damage(wanted);
  if (const auto file = CacheFile::open(where, name, version)) check_blocks(*file, version, index, content);
  CachedVersion newer = version;
  ++newer.size;
  check(CacheFile::open(where, name, newer) == nullptr && !folder().has_file());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  write(text);
  return 0;
}
