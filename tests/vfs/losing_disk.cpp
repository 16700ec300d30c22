// SPDX-License-Identifier: MIT
#include "vfs/losing_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ftpfs::test {

namespace fs = std::filesystem;

LosingDisk& losing_disk() {
  static LosingDisk one;
  return one;
}

void LosingDisk::watch(const std::string& folder, bool on_disk) {
  const std::lock_guard lock(mutex_);
  forget();
  folder_ = folder;
  if (!on_disk || !fs::exists(folder_)) return;
  names_ = names_now();
  for (auto& [number, file] : files_) file.content = now(file);
}

void LosingDisk::forget() {
  files_.clear();
  names_.clear();
  syncs_ = done_ = 0;
  stop_after_ = SIZE_MAX;
  stopped_ = gone_ = false;
  deaf_.reset();
  failing_.clear();
}

void LosingDisk::unwatch() {
  const std::lock_guard lock(mutex_);
  forget();
  folder_.clear();
  gone_ = true;
  wake_.notify_all();
}

std::size_t LosingDisk::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

void LosingDisk::stop_after(std::size_t syncs, Executor loop) {
  const std::lock_guard lock(mutex_);
  stop_after_ = done_ + syncs;
  loop_ = std::move(loop);
}

bool LosingDisk::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void LosingDisk::go_on() {
  const std::lock_guard lock(mutex_);
  stopped_ = false;
  stop_after_ = SIZE_MAX;
  wake_.notify_all();
}

bool LosingDisk::is_folder(int file) const {
  std::error_code gone;
  return !folder_.empty() && fs::read_symlink("/proc/self/fd/" + std::to_string(file), gone) == folder_;
}

// Nameless ones are "/folder/#123 (deleted)".
bool LosingDisk::is_ours(int file) const {
  std::error_code gone;
  return !folder_.empty() &&
         fs::read_symlink("/proc/self/fd/" + std::to_string(file), gone).parent_path() == folder_;
}

LosingDisk::File& LosingDisk::file_of(int file) {
  struct ::stat status {};
  if (::fstat(file, &status) != 0) throw std::system_error(errno, std::generic_category(), "fstat");
  File& found = files_[status.st_ino];
  const std::string itself = "/proc/self/fd/" + std::to_string(file);
  if (!found.held) found.held = UniqueFd(::open(itself.c_str(), O_RDONLY | O_CLOEXEC));
  return found;
}

std::map<std::string, ::ino_t> LosingDisk::names_now() {
  std::map<std::string, ::ino_t> found;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const UniqueFd file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    struct ::stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) continue;  // gone meanwhile
    file_of(file.get());
    found.emplace(entry.path().filename(), status.st_ino);
  }
  return found;
}

std::string LosingDisk::now(const File& file) {
  struct ::stat status {};
  if (::fstat(file.held.get(), &status) != 0)
    throw std::system_error(errno, std::generic_category(), "fstat");
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  const ::ssize_t got = ::pread(file.held.get(), content.data(), content.size(), 0);
  content.resize(static_cast<std::size_t>(std::max<::ssize_t>(got, 0)));
  return content;
}

std::string LosingDisk::after(const File& file, Loss::Content loss) {
  std::string content = file.content;
  if (loss == Loss::Content::lost) return content;
  const std::string newest = now(file);
  content.resize(newest.size());
  if (loss == Loss::Content::half) content.replace(0, newest.size() / 2, newest, 0, newest.size() / 2);
  return content;
}

LosingDisk::Found LosingDisk::lose_power(Loss loss) {
  const std::lock_guard lock(mutex_);
  const auto names = loss.names == Loss::Names::kept ? names_now() : names_;
  Found found;
  for (const auto& [name, number] : names) found.emplace(name, after(files_.at(number), loss.content));
  gone_ = true;
  wake_.notify_all();
  return found;
}

void LosingDisk::start_with(const Found& found) {
  const std::string folder = folder_;
  for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
  for (const auto& [name, content] : found)
    std::ofstream(fs::path(folder) / name, std::ios::binary) << content;
  watch(folder);
}

bool LosingDisk::is_watched(int file) const {
  const std::lock_guard lock(mutex_);
  return is_folder(file) || is_ours(file);
}

bool LosingDisk::hears(::ino_t number) {
  if (!deaf_ || deaf_->empty()) return true;
  return std::ranges::none_of(names_now(), [&](const auto& entry) {
    return entry.second == number && entry.first.starts_with(*deaf_);
  });
}

int LosingDisk::sync(int file) {
  std::unique_lock lock(mutex_);
  if (!stopped_ && done_ == stop_after_) {
    stopped_ = true;
    asio::post(loop_, [] {});
    wake_.wait(lock, [this] { return gone_ || !stopped_; });
  }
  if (gone_) return EIO;
  ++done_;
  if (is_folder(file)) {
    ++syncs_;
    if (deaf_ != "") names_ = names_now();
    return 0;
  }
  struct ::stat status {};
  if (::fstat(file, &status) != 0) return errno;
  File& one = file_of(file);
  if (!one.failed && hears(status.st_ino)) one.content = now(one);
  return 0;
}

void LosingDisk::be_deaf(std::string_view beginning) {
  const std::lock_guard lock(mutex_);
  deaf_ = beginning;
}

void LosingDisk::fail(Call call, int code, std::size_t times) {
  const std::lock_guard lock(mutex_);
  failing_[call].code = code;
  failing_[call].times = times;
}

void LosingDisk::fail_no_more() {
  const std::lock_guard lock(mutex_);
  for (auto& [call, failing] : failing_) failing.times = 0;
}

std::size_t LosingDisk::failed(Call call) const {
  const std::lock_guard lock(mutex_);
  const auto found = failing_.find(call);
  return found == failing_.end() ? 0 : found->second.fired;
}

int LosingDisk::failure(Call call, int file) {
  const std::lock_guard lock(mutex_);
  const auto found = failing_.find(call);
  if (found == failing_.end() || found->second.times == 0) return 0;
  if (!is_folder(file) && !is_ours(file)) return 0;
  if (call == Call::sync && is_ours(file)) file_of(file).failed = true;
  --found->second.times;
  ++found->second.fired;
  return found->second.code;
}

namespace {

int fails(LosingDisk::Call call, int file) {
  const int code = losing_disk().failure(call, file);
  if (code != 0) errno = code;
  return code;
}

// Of the watched folder nothing goes to the real disk, which would only take its time.
int sync_by(long number, int file) {
  if (!losing_disk().is_watched(file)) return static_cast<int>(::syscall(number, file));
  if (fails(LosingDisk::Call::sync, file) != 0) return -1;
  const int code = losing_disk().sync(file);
  if (code == 0) return 0;
  errno = code;
  return -1;
}

}  // namespace
}  // namespace ftpfs::test

// In the place of the C library's, for this program.
extern "C" {

int fsync(int file) {
  return ftpfs::test::sync_by(SYS_fsync, file);
}

int fdatasync(int file) {
  return ftpfs::test::sync_by(SYS_fdatasync, file);
}

::ssize_t pwrite(int file, const void* bytes, std::size_t size, ::off_t offset) {
  if (ftpfs::test::fails(ftpfs::test::LosingDisk::Call::write, file) != 0) return -1;
  return ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

int ftruncate(int file, ::off_t size) noexcept {
  if (ftpfs::test::fails(ftpfs::test::LosingDisk::Call::cut, file) != 0) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

int openat(int folder, const char* path, int flags, ...) {
  using Call = ftpfs::test::LosingDisk::Call;
  ::mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    std::va_list more;
    va_start(more, flags);
    mode = va_arg(more, ::mode_t);
    va_end(more);
  }
  const bool makes = (flags & O_TMPFILE) == O_TMPFILE;
  if (makes && ftpfs::test::fails(Call::make, folder) != 0) return -1;
  if ((flags & O_CREAT) != 0 && ftpfs::test::fails(Call::record, folder) != 0) return -1;
  const bool opens = !makes && (flags & (O_CREAT | O_DIRECTORY)) == 0;
  const Call how = (flags & O_ACCMODE) == O_RDONLY ? Call::look : Call::open;
  if (opens && ftpfs::test::fails(how, folder) != 0) return -1;
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

int linkat(int from, const char* old_path, int folder, const char* path, int flags) noexcept {
  if (ftpfs::test::fails(ftpfs::test::LosingDisk::Call::name, folder) != 0) return -1;
  return static_cast<int>(::syscall(SYS_linkat, from, old_path, folder, path, flags));
}
}
