// SPDX-License-Identifier: MIT
// Uploads that were begun and have not come to their end, by the server's paths.
//
// Some were given up, and the server's answer is on its way: until it is here nothing else may be done under
// that name. Found by tests/soak: a STOR whose yes nobody had waited for was given up for another one of the
// same file, and emptied it a hundredth of a second after that had been answered with 226.
//
// Some were unanswered when their session died. The server may begin such a one late, by minutes: vsftpd
// 3.0.3 waits for the lock of a file that another session of ours holds, whose end it has not noticed, and
// empties the file when it gets that (lock_upload_files; data_connection_timeout, 300 s). A name remains
// doubtful until another file has been renamed over it.
#pragma once

#include <set>
#include <stop_token>
#include <string>

#include <ftpfs/base/lru_cache.hpp>
#include <ftpfs/base/wait.hpp>

namespace ftpfs::ftp {

class LateUploads {
 public:
  explicit LateUploads(const Clock& clock) : doubtful_(most, Clock::duration::max(), clock) {}

  void ending(const std::string& path) { ending_.insert(path); }
  void ended(const std::string& path) noexcept;
  awaitable<void> none_ending(std::string path, std::stop_token stop);

  void lost(const std::string& path) noexcept;
  bool doubtful(const std::string& path) noexcept { return doubtful_.get(path) != nullptr; }
  void renamed(const std::string& from, const std::string& to);  // a file or a directory, on the server

 private:
  static constexpr std::size_t most = 10'000;  // names; the oldest doubts go first

  std::multiset<std::string> ending_;
  WaitList ended_;
  LruCache<std::string, bool> doubtful_;
};

}  // namespace ftpfs::ftp
