// SPDX-License-Identifier: MIT
#include "mount/file_exerciser.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <random>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ftpfs::test {
namespace {

struct Span {
  std::size_t offset = 0;
  std::size_t size = 0;
};

class FileExerciser {
 public:
  FileExerciser(std::filesystem::path path, const FileExercise& exercise)
      : path_(std::move(path)), exercise_(exercise), random_(exercise.seed) {}
  ~FileExerciser() { close_all(); }
  FileExerciser(const FileExerciser&) = delete;
  FileExerciser& operator=(const FileExerciser&) = delete;

  std::optional<std::string> run() {
    std::size_t done = 0;
    try {
      open_all(O_CREAT | O_TRUNC);
      for (; done < exercise_.operations; ++done) one();
      reopen();
    } catch (const std::exception& error) {
      return report(done, error.what());
    }
    return std::nullopt;
  }

 private:
  void one() {
    using Operation = void (FileExerciser::*)();
    static constexpr std::array<Operation, 18> all{
        &FileExerciser::read,        &FileExerciser::read,          &FileExerciser::read_other,
        &FileExerciser::write,       &FileExerciser::write,         &FileExerciser::write,
        &FileExerciser::write_other, &FileExerciser::append,        &FileExerciser::append,
        &FileExerciser::read_mapped, &FileExerciser::write_mapped,  &FileExerciser::write_mapped,
        &FileExerciser::truncate,    &FileExerciser::truncate_name, &FileExerciser::allocate,
        &FileExerciser::copy,        &FileExerciser::sync,          &FileExerciser::reopen};
    (this->*all[below(all.size())])();
    check_size();
    if (exercise_.close_each) reopen();
  }

  // Operations

  void read() { read_by("read", file_); }
  void read_other() { read_by("read by a second descriptor", other_); }
  void read_by(const char* what, int file) {
    const Span span = some_of(exercise_.largest_file);
    note(what, span);
    std::string got(span.size, '?');
    const ssize_t size = ::pread(file, got.data(), got.size(), static_cast<off_t>(span.offset));
    check(size, what);
    got.resize(static_cast<std::size_t>(size));
    compare(got, expected(span), span.offset);
  }

  void write() { write_by("write", file_, some_of(exercise_.largest_file)); }
  void write_other() { write_by("write by a second descriptor", other_, some_of(exercise_.largest_file)); }
  void append() {
    const std::size_t room = exercise_.largest_file - content_.size();
    const Span span{content_.size(), std::min(1 + below(exercise_.largest_operation), room)};
    write_by("append", appender_, span);
  }
  void write_by(const char* what, int file, Span span) {
    note(what, span);
    const std::string bytes = noise(span.size);
    const ssize_t size = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(span.offset));
    check(size, what);
    if (static_cast<std::size_t>(size) != bytes.size()) throw std::runtime_error("a short write");
    put(span.offset, bytes);
  }

  void read_mapped() {
    const Span span = some_of(content_.size());
    if (!exercise_.mapped || span.size == 0) return;
    note("read mapped", span);
    with_mapping(span, PROT_READ,
                 [&](char* bytes) { compare(std::string(bytes, span.size), expected(span), span.offset); });
  }
  void write_mapped() {
    const Span span = some_of(exercise_.largest_file);
    if (!exercise_.mapped || span.size == 0) return;
    note("write mapped", span);
    if (span.offset + span.size > content_.size()) set_size(span.offset + span.size);
    const std::string bytes = noise(span.size);
    with_mapping(span, PROT_READ | PROT_WRITE,
                 [&](char* target) { std::memcpy(target, bytes.data(), bytes.size()); });
    put(span.offset, bytes);
  }

  void truncate() {
    const std::size_t size = below(exercise_.largest_file);
    note("truncate", {size, 0});
    set_size(size);
  }
  void truncate_name() {
    const std::size_t size = below(exercise_.largest_file);
    note("truncate by name", {size, 0});
    check(::truncate(path_.c_str(), static_cast<off_t>(size)), "truncate by name");
    content_.resize(size, '\0');
  }
  void set_size(std::size_t size) {
    check(::ftruncate(file_, static_cast<off_t>(size)), "ftruncate");
    content_.resize(size, '\0');
  }
  void allocate() {
    const Span span = some_of(exercise_.largest_file);
    if (span.size == 0) return;
    note("allocate", span);
    check(::fallocate(file_, 0, static_cast<off_t>(span.offset), static_cast<off_t>(span.size)), "fallocate");
    content_.resize(std::max(content_.size(), span.offset + span.size), '\0');
  }

  void copy() {
    Span from = some_of(content_.size());
    from.size = std::min(from.size, exercise_.largest_file / 4);
    const std::size_t to = below(exercise_.largest_file - from.size);
    const bool overlaps = to < from.offset + from.size && from.offset < to + from.size;
    if (from.size == 0 || overlaps) return;
    note("copy", from);
    auto source = static_cast<off_t>(from.offset);
    auto target = static_cast<off_t>(to);
    const ssize_t size = ::copy_file_range(file_, &source, other_, &target, from.size, 0);
    check(size, "copy_file_range");
    put(to, content_.substr(from.offset, static_cast<std::size_t>(size)));
  }

  void sync() {
    note("sync", {});
    check(::fsync(file_), "fsync");
  }

  void reopen() {
    note("reopen", {});
    if (const int failed = close_all()) throw std::system_error(failed, std::generic_category(), "close");
    if (!exercise_.stored.empty()) compare(whole(exercise_.stored), content_, 0);
    const std::size_t seldom = exercise_.close_each ? 500 : 20;
    if (exercise_.remount && below(seldom) == 0) exercise_.remount();
    open_all(0);
    compare(whole(path_), content_, 0);
  }

  // Descriptors

  void open_all(int flags) {
    file_ = opened(O_RDWR | flags);
    other_ = opened(O_RDWR);
    appender_ = opened(O_WRONLY | O_APPEND);
  }
  int opened(int flags) const {
    const int file = ::open(path_.c_str(), flags | O_CLOEXEC, 0644);
    check(file, "open");
    return file;
  }
  int close_all() noexcept {
    int failed = 0;
    for (int* const file : {&file_, &other_, &appender_}) {
      if (*file >= 0 && ::close(*file) != 0) failed = errno;
      *file = -1;
    }
    return failed;
  }

  template <class Use>
  void with_mapping(Span span, int protection, Use use) {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t begin = span.offset / page * page;
    const std::size_t size = span.offset - begin + span.size;
    void* const mapping = ::mmap(nullptr, size, protection, MAP_SHARED, file_, static_cast<off_t>(begin));
    if (mapping == MAP_FAILED) check(-1, "mmap");
    use(static_cast<char*>(mapping) + (span.offset - begin));
    if ((protection & PROT_WRITE) != 0) check(::msync(mapping, size, MS_SYNC), "msync");
    check(::munmap(mapping, size), "munmap");
  }

  // The copy in memory

  void put(std::size_t offset, const std::string& bytes) {
    if (bytes.empty()) return;
    if (content_.size() < offset + bytes.size()) content_.resize(offset + bytes.size(), '\0');
    content_.replace(offset, bytes.size(), bytes);
  }
  std::string expected(Span span) const {
    return span.offset >= content_.size() ? "" : content_.substr(span.offset, span.size);
  }
  static std::string whole(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot open " + path.string());
    std::string content(std::filesystem::file_size(path), '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(in.gcount()));
    return content;
  }
  void check_size() const {
    struct stat status {};
    check(::fstat(file_, &status), "fstat");
    if (static_cast<std::size_t>(status.st_size) == content_.size()) return;
    throw std::runtime_error("size " + std::to_string(status.st_size) + " instead of " +
                             std::to_string(content_.size()));
  }
  static void compare(const std::string& got, const std::string& wanted, std::size_t offset) {
    if (got == wanted) return;
    if (got.size() != wanted.size()) {
      throw std::runtime_error(std::to_string(got.size()) + " bytes instead of " +
                               std::to_string(wanted.size()));
    }
    const auto at = std::mismatch(got.begin(), got.end(), wanted.begin()).first - got.begin();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < got.size(); ++i) wrong += got[i] != wanted[i] ? 1 : 0;
    throw std::runtime_error(std::to_string(wrong) + " wrong bytes, the first at " +
                             std::to_string(offset + static_cast<std::size_t>(at)));
  }
  static void check(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  }

  // Chance

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  Span some_of(std::size_t limit) {
    const std::size_t offset = below(limit);
    return {offset, std::min(1 + below(exercise_.largest_operation), limit - offset)};
  }
  std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; i += sizeof(std::uint32_t)) {
      const std::uint32_t word = random_();
      std::memcpy(bytes.data() + i, &word, std::min(sizeof word, size - i));
    }
    return bytes;
  }

  // Words

  void note(const char* what, Span span) {
    constexpr std::size_t remembered = 25;
    if (trail_.size() == remembered) trail_.pop_front();
    trail_.push_back(std::string(what) + " " + std::to_string(span.offset) + "+" + std::to_string(span.size) +
                     " of " + std::to_string(content_.size()));
  }
  std::string report(std::size_t done, const std::string& what) const {
    std::string text = "seed " + std::to_string(exercise_.seed) + ", operation " + std::to_string(done) +
                       ": " + what + "\nthe last ones:\n";
    for (const std::string& line : trail_) text += "  " + line + "\n";
    return text;
  }

  std::filesystem::path path_;
  FileExercise exercise_;
  std::mt19937 random_;
  std::string content_;
  std::deque<std::string> trail_;
  int file_ = -1;
  int other_ = -1;
  int appender_ = -1;
};

}  // namespace

std::optional<std::string> exercise_file(const std::filesystem::path& path, const FileExercise& exercise) {
  return FileExerciser(path, exercise).run();
}

}  // namespace ftpfs::test
