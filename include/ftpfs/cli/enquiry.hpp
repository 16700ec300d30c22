// SPDX-License-Identifier: MIT
// A question to the daemon of a mount that may not answer at all: stopped, hung, of another machine. The
// system call that asks waits as long as it does, and nothing but the end of its process ends it; so it is
// made by a process of its own.
#pragma once

#include <chrono>
#include <string>

#include <sys/types.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {

struct Heard {
  enum class What : char { answer, failure, silence };

  What what = What::silence;
  int code = 0;      // an errno, of a failure
  std::string text;  // the answer; why it failed
};

class Enquiry {
 public:
  Enquiry(const std::string& mountpoint, const std::string& question);  // is asked at once
  ~Enquiry();                                                           // takes it back
  Enquiry(Enquiry&& other) noexcept;
  Enquiry& operator=(Enquiry&&) = delete;

  Heard heard_by(std::chrono::steady_clock::time_point deadline);

 private:
  pid_t child_ = -1;
  UniqueFd pipe_;
};

// The answer of the mount; throws Failure (mount_failed; usage without permission).
std::string ask_in_time(const std::string& mountpoint, const std::string& question);

// Where all mounts are asked: says why this one cannot be. It is a failure (mount_failed) unless others have
// mounted it, which is their own affair (success).
ExitStatus passed_over(const Failure& failure);

}  // namespace ftpfs::cli
