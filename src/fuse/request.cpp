// SPDX-License-Identifier: MIT
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include <boost/container/small_vector.hpp>
#include <sys/uio.h>

#include <ftpfs/fuse/context.hpp>
#include <ftpfs/fuse/failure.hpp>
#include <ftpfs/fuse/interruption.hpp>
#include <ftpfs/fuse/request.hpp>

namespace ftpfs::fuse {
namespace {

// libfuse calls this inside process_buf with the request's lock held. Stop callbacks only post completions,
// so nothing comes back into libfuse from here.
void on_interrupt(fuse_req_t handle, void* data) {
  Request& request = *static_cast<Request*>(data);
  try {
    heed_interruption(request.shared_from_this(), fuse_req_ctx(handle)->pid);
  } catch (...) {  // out of memory: better too early than never
    request.request_stop();
  }
}

fuse_entry_param entry_of(const vfs::Looked& looked) noexcept {
  fuse_entry_param entry{};
  entry.ino = looked.ino;
  entry.attr = looked.attr.stat;
  entry.attr_timeout = looked.attr.ttl.count();
  entry.entry_timeout = looked.attr.ttl.count();
  return entry;
}

fuse_file_info file_of(const vfs::Opened& opened, int flags) noexcept {
  fuse_file_info file{};
  file.flags = flags;
  file.fh = opened.handle;
  file.keep_cache = opened.keep_cache;
  file.noflush = opened.no_flush;
  return file;
}

Slice joined(const Slices& slices) {
  const auto whole = std::make_shared<Buffer>(total_size(slices));
  std::size_t offset = 0;
  for (const Slice& slice : slices) {
    std::memcpy(whole->data() + offset, slice.bytes.data(), slice.bytes.size());
    offset += slice.bytes.size();
  }
  return {whole, whole->bytes()};
}

}  // namespace

Request::Request(fuse_req_t handle, std::shared_ptr<Context> context, const char* operation,
                 vfs::Ino ino) noexcept
    : handle_(handle), context_(std::move(context)), operation_(operation), ino_(ino) {
  context_->live.push_back(*this);
}

Request::~Request() {
  if (answered()) return;
  context_->logger->error("bug: {} of inode {} was left without an answer", operation_, ino_);
  error(EIO);
}

vfs::Vfs& Request::vfs() const noexcept {
  return context_->vfs;
}

void Request::heed_interrupts() {
  stop_ = std::stop_source();
  fuse_req_interrupt_func(handle_, on_interrupt, this);
}

// The only way to get at the handle: whoever takes it answers.
fuse_req_t Request::take() noexcept {
  if (answered()) return nullptr;
  if (stop_.stop_possible()) fuse_req_interrupt_func(handle_, nullptr, nullptr);
  context_->live.erase(context_->live.iterator_to(*this));
  if (context_->live.empty()) context_->all_answered.wake_all();
  return std::exchange(handle_, nullptr);
}

// Answers through `reply(handle)`, which returns what libfuse's fuse_reply_... did. False: the kernel did not
// get it.
template <class Reply>
bool Request::send(int result, Reply reply) noexcept {
  const fuse_req_t handle = take();
  if (!handle) return false;
  context_->logger->trace("{} of inode {} -> {}", operation_, ino_, result);
  return reply(handle) == 0;
}

void Request::entry(const vfs::Looked& looked) noexcept {
  const fuse_entry_param entry = entry_of(looked);
  const bool taken = send(0, [&](fuse_req_t handle) { return fuse_reply_entry(handle, &entry); });
  if (!taken && looked.ino != 0) vfs().forget(looked.ino, 1);
}

void Request::attr(const vfs::Attr& attr) noexcept {
  send(0, [&](fuse_req_t handle) { return fuse_reply_attr(handle, &attr.stat, attr.ttl.count()); });
}

void Request::opened(const vfs::Opened& opened, int flags) noexcept {
  const fuse_file_info file = file_of(opened, flags);
  const bool taken = send(0, [&](fuse_req_t handle) { return fuse_reply_open(handle, &file); });
  if (!taken) vfs().release(opened.handle);
}

void Request::opened_directory(vfs::DirHandle handle) noexcept {
  fuse_file_info file{};
  file.fh = handle;
  const bool taken = send(0, [&](fuse_req_t request) { return fuse_reply_open(request, &file); });
  if (!taken) vfs().releasedir(handle);
}

void Request::created(const vfs::Created& created, int flags) noexcept {
  const fuse_entry_param entry = entry_of(created.looked);
  const fuse_file_info file = file_of(created.opened, flags);
  const bool taken = send(0, [&](fuse_req_t handle) { return fuse_reply_create(handle, &entry, &file); });
  if (taken) return;
  vfs().release(created.opened.handle);
  vfs().forget(created.looked.ino, 1);
}

void Request::data(const Slices& slices) {
  if (slices.size() >= IOV_MAX) {  // writev(2) takes that many, libfuse's header included
    data(Slices{joined(slices)});
    return;
  }
  boost::container::small_vector<iovec, 16> parts;
  for (const Slice& slice : slices) {
    parts.push_back({const_cast<std::byte*>(slice.bytes.data()), slice.bytes.size()});  // only read
  }
  send(0, [&](fuse_req_t handle) {
    return fuse_reply_iov(handle, parts.data(), static_cast<int>(parts.size()));
  });
}

void Request::directory(Bytes page, const std::vector<vfs::Ino>& entries) noexcept {
  const bool taken = send(0, [&](fuse_req_t handle) {
    return fuse_reply_buf(handle, reinterpret_cast<const char*>(page.data()), page.size());
  });
  if (taken) return;
  for (const vfs::Ino ino : entries) vfs().forget(ino, 1);
}

void Request::wrote(std::size_t size) noexcept {
  send(0, [&](fuse_req_t handle) { return fuse_reply_write(handle, size); });
}

void Request::link_target(const std::string& target) noexcept {
  send(0, [&](fuse_req_t handle) { return fuse_reply_readlink(handle, target.c_str()); });
}

void Request::statfs(const struct ::statvfs& statistics) noexcept {
  send(0, [&](fuse_req_t handle) { return fuse_reply_statfs(handle, &statistics); });
}

void Request::controlled(Bytes result) noexcept {
  send(0, [&](fuse_req_t handle) { return fuse_reply_ioctl(handle, 0, result.data(), result.size()); });
}

void Request::ok() noexcept {
  send(0, [](fuse_req_t handle) { return fuse_reply_err(handle, 0); });
}

void Request::error(int code) noexcept {
  if (!answered()) context_->counters.failed(code);
  send(code, [&](fuse_req_t handle) { return fuse_reply_err(handle, code); });
}

void Request::fail(std::exception_ptr failure) noexcept {
  if (answered()) return;
  const int code = errno_of(failure);
  error(code);
  try {
    log_failure(failure, code);
  } catch (...) {  // out of memory: the answer counts, not the line
  }
}

void Request::log_failure(const std::exception_ptr& failure, int code) const {
  const auto level = level_of(code);
  if (!context_->logger->should_log(level)) return;
  const char* const name = ::strerrorname_np(code);
  context_->logger->log(level, "{} of inode {} failed with {}: {}", operation_, ino_,
                        name ? name : "an odd errno", describe(failure));
}

}  // namespace ftpfs::fuse
