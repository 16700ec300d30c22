// SPDX-License-Identifier: MIT
// libfuse's own messages. It knows one log function for the whole process and gives it no context, hence the
// only static object of this layer.
#pragma once

#include <string>

#include <ftpfs/base/log.hpp>

namespace ftpfs::fuse {

// From now on libfuse writes to `logger`.
void send_libfuse_log_to(Logger logger);

// While one lives, errors are collected rather than logged: the failed call's exception will tell them.
class LibfuseComplaints {
 public:
  LibfuseComplaints();
  ~LibfuseComplaints();
  LibfuseComplaints(const LibfuseComplaints&) = delete;
  LibfuseComplaints& operator=(const LibfuseComplaints&) = delete;

  std::string text() const;  // escaped, one line
};

}  // namespace ftpfs::fuse
