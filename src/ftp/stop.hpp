// SPDX-License-Identifier: MIT
// What a stop_callback does when its token fires: aborts something that outlives the callback.
#pragma once

namespace ftpfs::ftp {

template <class T>
class Abort {
 public:
  explicit Abort(T& target) noexcept : target_(&target) {}
  void operator()() const noexcept { target_->abort(); }

 private:
  T* target_;
};

}  // namespace ftpfs::ftp
