// SPDX-License-Identifier: MIT
// One request of the kernel, which gets exactly one answer. Whoever answers first wins, later answers are
// dropped, and one that nobody answers is a bug: its destructor answers EIO and says so.
//
// What an answer gives away (a lookup reference, a handle) comes back to the vfs when the kernel did not take
// it: the write fails with ENOENT when the request was interrupted meanwhile, with ENODEV when the mount is
// gone.
#pragma once

#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/intrusive/list_hook.hpp>

#include <ftpfs/base/bytes.hpp>
#include <ftpfs/fuse/libfuse.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::fuse {

struct Context;

class Request : public boost::intrusive::list_base_hook<>, public std::enable_shared_from_this<Request> {
 public:
  // `operation` names it in the log and must live for ever.
  Request(fuse_req_t handle, std::shared_ptr<Context> context, const char* operation, vfs::Ino ino) noexcept;
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // From now on FUSE_INTERRUPT, also one that overtook its request, fires stop() when it is urgent
  // (interruption.hpp).
  void heed_interrupts();
  std::stop_token stop() const noexcept { return stop_.get_token(); }
  void request_stop() noexcept { stop_.request_stop(); }

  Context& context() const noexcept { return *context_; }
  vfs::Vfs& vfs() const noexcept;
  bool answered() const noexcept { return handle_ == nullptr; }

  void entry(const vfs::Looked& looked) noexcept;
  void attr(const vfs::Attr& attr) noexcept;
  void opened(const vfs::Opened& opened, int flags) noexcept;
  void opened_directory(vfs::DirHandle handle) noexcept;
  void created(const vfs::Created& created, int flags) noexcept;
  void data(const Slices& slices);
  // `entries` took a lookup reference each.
  void directory(Bytes page, const std::vector<vfs::Ino>& entries) noexcept;
  void wrote(std::size_t size) noexcept;
  void link_target(const std::string& target) noexcept;
  void statfs(const struct ::statvfs& statistics) noexcept;
  void controlled(Bytes result = {}) noexcept;  // of an ioctl
  void ok() noexcept;
  void error(int code) noexcept;                   // 1..511
  void fail(std::exception_ptr failure) noexcept;  // answers its errno and logs it at that errno's level

 private:
  template <class Reply>
  bool send(int result, Reply reply) noexcept;
  fuse_req_t take() noexcept;
  void log_failure(const std::exception_ptr& failure, int code) const;

  fuse_req_t handle_;  // null once answered
  std::shared_ptr<Context> context_;
  const char* operation_;
  vfs::Ino ino_;
  std::stop_source stop_{std::nostopstate};  // gets its state when somebody may wait
};

using RequestPtr = std::shared_ptr<Request>;

}  // namespace ftpfs::fuse
