// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/vfs/spool_folder.hpp>

namespace ftpfs::vfs {
namespace {

[[noreturn]] void fail(const std::string& what, int code) {
  throw Error(code, what + ": " + std::strerror(code));
}

std::string stage_name(SpoolFolder::Id id) {
  return fmt::format(".stage-{:016x}", id);
}
std::string old_name(SpoolFolder::Id id) {
  return fmt::format(".old-{:016x}", id);
}
std::string record_name(SpoolFolder::Id id, SpoolFolder::Generation generation) {
  return fmt::format(".record-{:016x}-{:08x}", id, generation);
}

// The number in `text` at `at`, of so many digits of ours.
template <class Number>
std::optional<Number> hex_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  Number value{};
  const char* const begin = text.data() + at;
  const auto [end, failure] = std::from_chars(begin, begin + digits, value, 16);
  if (failure != std::errc() || end != begin + digits) return std::nullopt;
  return value;
}

std::string path_of(int file) {
  return "/proc/self/fd/" + std::to_string(file);
}

const std::string word = "spool directory";

}  // namespace

std::shared_ptr<SpoolFolder> SpoolFolder::make(const std::string& path) {
  std::optional<PrivateFolder> folder = PrivateFolder::make(path, word);
  return folder ? std::shared_ptr<SpoolFolder>(new SpoolFolder(std::move(*folder))) : nullptr;
}

std::shared_ptr<SpoolFolder> SpoolFolder::open(const std::string& path) {
  try {
    std::optional<PrivateFolder> folder = PrivateFolder::take(path, word);
    return folder ? std::shared_ptr<SpoolFolder>(new SpoolFolder(std::move(*folder))) : nullptr;
  } catch (const Error& error) {
    if (error.code() == ENOENT) return nullptr;
    throw;
  }
}

SpoolFolder::SpoolFolder(PrivateFolder folder) : folder_(std::move(folder)) {
  for (const Entry& entry : entries()) next_id_ = std::max(next_id_, entry.id + 1);
}

std::shared_ptr<SpoolFolder> SpoolFolder::look(const std::string& path) {
  return std::shared_ptr<SpoolFolder>(new SpoolFolder(PrivateFolder::look(path, word)));
}

// Trying the lock would tell, too, and might keep out a mount that starts at this moment.
bool SpoolFolder::in_use() const {
  struct ::stat status {};
  if (::fstat(folder_.descriptor(), &status) != 0) return false;
  // "1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF"
  const std::string ours =
      fmt::format(" {:02x}:{:02x}:{} ", ::major(status.st_dev), ::minor(status.st_dev), status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find("FLOCK") != line.npos && line.find(ours) != line.npos) return true;
  }
  return false;
}

UniqueFd SpoolFolder::create() const {
  UniqueFd file(::openat(folder_.descriptor(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  // Where the directory was removed under us that must not be taken for the server's word about the file.
  const bool removed = !file && (errno == ENOENT || errno == EPERM);
  if (removed) fail("the spool directory " + path() + " was removed", EIO);
  if (!file) fail("cannot make a file in the spool directory " + path(), errno);
  if (is_one_of_the_last(file.get())) fail("too many files are open for writing", EMFILE);
  return file;
}

std::string SpoolFolder::keep(int file, std::string_view wanted) const {
  std::string name(wanted.substr(0, 200));
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  const std::string self = path_of(file);
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const std::string unique = attempt == 0 ? name : name + "." + std::to_string(attempt);
    if (::linkat(AT_FDCWD, self.c_str(), folder_.descriptor(), unique.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return path() + "/" + unique;
    }
    if (errno != EEXIST) fail("cannot keep " + escaped(wanted) + " in the spool directory " + path(), errno);
  }
  fail("cannot keep " + escaped(wanted) + " in the spool directory " + path(), EEXIST);
}

std::vector<SpoolFolder::KeptFile> SpoolFolder::kept() const {
  std::vector<KeptFile> found;
  for (std::string& name : folder_.names()) {
    if (name.starts_with('.')) continue;
    if (std::optional<KeptFile> file = regular(std::move(name))) found.push_back(std::move(*file));
  }
  return found;
}

std::optional<SpoolFolder::KeptFile> SpoolFolder::stage_file(Id id) const {
  return regular(stage_name(id));
}

std::optional<SpoolFolder::KeptFile> SpoolFolder::old_file(Id id) const {
  return regular(old_name(id));
}

std::optional<SpoolFolder::KeptFile> SpoolFolder::regular(std::string name) const {
  struct ::stat status {};
  const bool there = ::fstatat(folder_.descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there || !S_ISREG(status.st_mode)) return std::nullopt;
  return KeptFile{std::move(name), static_cast<std::uint64_t>(status.st_size), status.st_mtime};
}

std::vector<SpoolFolder::Entry> SpoolFolder::entries() const {
  std::map<Id, Entry> found;
  for (const std::string& each : folder_.names()) {
    const std::string_view name = each;
    const auto stage = hex_at<Id>(name, std::string_view(".stage-").size(), 16);
    if (stage && name == stage_name(*stage)) found[*stage].has_stage = true;
    const auto old = hex_at<Id>(name, std::string_view(".old-").size(), 16);
    if (old && name == old_name(*old)) found[*old].has_old = true;
    const std::size_t digits = std::string_view(".record-").size();
    const auto id = hex_at<Id>(name, digits, 16);
    const auto generation = hex_at<Generation>(name, digits + 17, 8);
    if (id && generation && name == record_name(*id, *generation)) found[*id].records.push_back(*generation);
  }
  std::vector<Entry> result;
  for (auto& [id, entry] : found) {
    entry.id = id;
    std::ranges::sort(entry.records, std::greater<>());
    result.push_back(std::move(entry));
  }
  return result;
}

UniqueFd SpoolFolder::write_record(Id id, Generation generation, std::string_view text) const {
  const std::string name = record_name(id, generation);
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd file(::openat(folder_.descriptor(), name.c_str(), flags, 0600));
  if (!file) fail("cannot write the journal in " + path(), errno);
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return file;
  const int code = written < 0 ? errno : ENOSPC;
  remove_record(id, generation);
  fail("cannot write the journal in " + path(), code);
}

std::optional<std::string> SpoolFolder::read_record(Id id, Generation generation) const {
  constexpr std::size_t largest = 64u << 20;  // a file with a million holes fits
  const std::string name = record_name(id, generation);
  const UniqueFd file = open_there(name, O_RDONLY);
  struct ::stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<std::size_t>(status.st_size) > largest) return std::nullopt;
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size != status.st_size) return std::nullopt;
  return text;
}

std::string SpoolFolder::keep_record(Id id, Generation generation) const {
  const std::string from = record_name(id, generation);
  const std::string to = "damaged" + from;
  if (::renameat(folder_.descriptor(), from.c_str(), folder_.descriptor(), to.c_str()) != 0)
    fail("cannot set aside a damaged record in " + path(), errno);
  return path() + "/" + to;
}

void SpoolFolder::remove_record(Id id, Generation generation) const noexcept {
  ::unlinkat(folder_.descriptor(), record_name(id, generation).c_str(), 0);
}

void SpoolFolder::name(const std::string& wanted, int file) const {
  if (::linkat(AT_FDCWD, path_of(file).c_str(), folder_.descriptor(), wanted.c_str(), AT_SYMLINK_FOLLOW) != 0)
    fail("cannot name a file in the spool directory " + path(), errno);
}

// What cannot be opened now, for want of descriptors say, is not to be taken for missing: it would be
// removed.
UniqueFd SpoolFolder::open_there(const std::string& name, int how) const {
  UniqueFd file(::openat(folder_.descriptor(), name.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
  const bool none_of_ours = !file && (errno == ENOENT || errno == ELOOP || errno == EISDIR);
  if (!file && !none_of_ours) fail("cannot open " + name + " in the spool directory " + path(), errno);
  return file;
}

UniqueFd SpoolFolder::open_regular(const std::string& name) const {
  UniqueFd file = open_there(name, O_RDWR);
  struct ::stat status {};
  const bool usable = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  return usable ? std::move(file) : UniqueFd();
}

void SpoolFolder::name_stage(Id id, int file) const {
  name(stage_name(id), file);
}

UniqueFd SpoolFolder::open_stage(Id id) const {
  return open_regular(stage_name(id));
}

void SpoolFolder::remove_stage(Id id) const noexcept {
  ::unlinkat(folder_.descriptor(), stage_name(id).c_str(), 0);
}

void SpoolFolder::name_old(Id id, int file) const {
  remove_old(id);  // of an earlier attempt
  name(old_name(id), file);
}

UniqueFd SpoolFolder::open_old(Id id) const {
  return open_regular(old_name(id));
}

void SpoolFolder::remove_old(Id id) const noexcept {
  ::unlinkat(folder_.descriptor(), old_name(id).c_str(), 0);
}

}  // namespace ftpfs::vfs
