// SPDX-License-Identifier: MIT
// What a stop_callback does when its token fires: aborts something that outlives the callback, or stops more.
#pragma once

#include <stop_token>

namespace ftpfs {

template <class T>
class Abort {
 public:
  explicit Abort(T& target) noexcept : target_(&target) {}
  void operator()() const noexcept { target_->abort(); }

 private:
  T* target_;
};

class RequestStop {
 public:
  explicit RequestStop(std::stop_source& source) noexcept : source_(&source) {}
  void operator()() const noexcept { source_->request_stop(); }

 private:
  std::stop_source* source_;
};

}  // namespace ftpfs
