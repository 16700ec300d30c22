// SPDX-License-Identifier: MIT
// The disk below the spool when the machine loses its power, or when it fails. What the C library has for it
// (fsync, fdatasync, pwrite...) is ours in this program (losing_disk.cpp), for files of the watched folder.
//
// A file's content is on the disk as it was at its last fsync or fdatasync, a name as it was at the last
// fsync of the folder. Of what came later anything may be there.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

struct Loss {
  enum class Content { lost, zeros, half };  // zeros: its size is there, and nothing in it
  enum class Names { lost, kept };
  Content content = Content::lost;  // that was not synced
  Names names = Names::lost;
};

class LosingDisk {
 public:
  // What is in it now is on the disk, or nothing of it.
  void watch(const std::string& folder, bool on_disk = true);
  void unwatch();
  std::size_t syncs() const;  // of the folder itself

  // The power goes when so many more syncs are done, before the next: nothing is answered any more. `loop`
  // gets something to do then.
  void stop_after(std::size_t syncs, Executor loop);
  bool stopped() const;
  void go_on();  // it was only slow
  // What the next mount finds, by name; until then nothing more comes to the disk.
  using Found = std::map<std::string, std::string>;
  Found lose_power(Loss loss = {});
  void start_with(const Found& found);

  // Syncs of files whose names begin so have no effect, with "" those of the folder: as if nobody had asked.
  void be_deaf(std::string_view beginning);

  // The next calls of one kind fail.
  enum class Call { make, write, cut, record, name, sync, open, look };  // open: to read and write
  void fail(Call call, int code, std::size_t times = 1);
  void fail_no_more();
  std::size_t failed(Call call) const;  // so often

  // For the C library's functions.
  int failure(Call call, int file);  // non-zero: the errno that the call fails with
  bool is_watched(int file) const;
  int sync(int file);

 private:
  struct File {
    UniqueFd held;  // or another one could get its number
    std::string content;
    bool failed = false;  // to be synced once: the kernel does not try again, and says yes
  };
  struct Failing {
    int code = 0;
    std::size_t times = 0;
    std::size_t fired = 0;
  };

  void forget();
  bool is_folder(int file) const;
  bool is_ours(int file) const;
  bool hears(::ino_t number);
  File& file_of(int file);
  std::map<std::string, ::ino_t> names_now();
  static std::string now(const File& file);
  static std::string after(const File& file, Loss::Content loss);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::filesystem::path folder_;
  std::map<::ino_t, File> files_;
  std::map<std::string, ::ino_t> names_;
  std::size_t syncs_ = 0;
  std::size_t done_ = 0;
  std::size_t stop_after_ = SIZE_MAX;
  Executor loop_;
  std::optional<std::string> deaf_;
  bool stopped_ = false;
  bool gone_ = false;
  std::map<Call, Failing> failing_;
};

LosingDisk& losing_disk();

}  // namespace ftpfs::test
