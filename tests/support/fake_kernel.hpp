// SPDX-License-Identifier: MIT
// The kernel's end of a FUSE session, played by hand over a SOCK_SEQPACKET pair with the structs of
// <linux/fuse.h>: no mount, no root. Give daemon_end() to Channel::attach (or to fuse_session_custom_io).
//
// Every request returns its unique id; its answer is there when answered(id) says so. Closing is what umount
// is.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

class FakeKernel {
 public:
  using Unique = std::uint64_t;

  struct Answer {
    int error = 0;  // a positive errno, or 0
    std::string body;

    template <class T>
    T as() const {
      if (body.size() < sizeof(T)) throw std::runtime_error("fake kernel: the answer is too short");
      T value;
      std::memcpy(&value, body.data(), sizeof(T));
      return value;
    }
  };

  struct DirectoryEntry {
    std::string name;
    std::uint64_t nodeid;  // of readdirplus; else 0
    std::uint64_t next;
  };

  FakeKernel() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    kernel_.reset(ends[0]);
    daemon_.reset(ends[1]);
  }

  int daemon_end() { return daemon_.release(); }  // the caller's from now on
  void close() { kernel_.reset(); }
  bool hung_up() {
    char byte;
    return ::recv(kernel_.get(), &byte, 1, MSG_PEEK) == 0;
  }

  pid_t pid = 0x7FFF'FFFE;  // of the thread that asks: none that lives
  uid_t uid = 0;

  // The requests, as the kernel sends them.
  Unique init(std::uint32_t flags = 0) {
    fuse_init_in in{};
    in.major = FUSE_KERNEL_VERSION;
    in.minor = 31;  // Linux 5.4: the oldest that knows all we ask for
    in.max_readahead = 128 * 1024;
    in.flags = flags;
    return send(FUSE_INIT, 0, in);
  }
  Unique lookup(std::uint64_t parent, std::string_view name) {
    return send(FUSE_LOOKUP, parent, None{}, name);
  }
  Unique getattr(std::uint64_t node) { return send(FUSE_GETATTR, node, fuse_getattr_in{}); }
  Unique setattr(std::uint64_t node, const fuse_setattr_in& in) { return send(FUSE_SETATTR, node, in); }
  Unique open(std::uint64_t node, int flags) {
    fuse_open_in in{};
    in.flags = static_cast<std::uint32_t>(flags);
    return send(FUSE_OPEN, node, in);
  }
  Unique create(std::uint64_t parent, std::string_view name, int flags, mode_t mode) {
    fuse_create_in in{};
    in.flags = static_cast<std::uint32_t>(flags);
    in.mode = mode;
    return send(FUSE_CREATE, parent, in, name);
  }
  Unique mknod(std::uint64_t parent, std::string_view name, mode_t mode) {
    fuse_mknod_in in{};
    in.mode = mode;
    return send(FUSE_MKNOD, parent, in, name);
  }
  Unique mkdir(std::uint64_t parent, std::string_view name, mode_t mode) {
    fuse_mkdir_in in{};
    in.mode = mode;
    return send(FUSE_MKDIR, parent, in, name);
  }
  Unique unlink(std::uint64_t parent, std::string_view name) {
    return send(FUSE_UNLINK, parent, None{}, name);
  }
  Unique rmdir(std::uint64_t parent, std::string_view name) { return send(FUSE_RMDIR, parent, None{}, name); }
  Unique rename(std::uint64_t parent, std::string_view name, std::uint64_t new_parent,
                std::string_view new_name, std::uint32_t flags = 0) {
    fuse_rename2_in in{};
    in.newdir = new_parent;
    in.flags = flags;
    return send(FUSE_RENAME2, parent, in, name, new_name);
  }
  Unique symlink(std::uint64_t parent, std::string_view name, std::string_view target) {
    return send(FUSE_SYMLINK, parent, None{}, name, target);
  }
  Unique link(std::uint64_t node, std::uint64_t new_parent, std::string_view new_name) {
    fuse_link_in in{};
    in.oldnodeid = node;
    return send(FUSE_LINK, new_parent, in, new_name);
  }
  Unique read(std::uint64_t node, std::uint64_t handle, std::uint64_t offset, std::uint32_t size) {
    return send(FUSE_READ, node, read_in(handle, offset, size));
  }
  Unique write(std::uint64_t node, std::uint64_t handle, std::uint64_t offset, std::string_view data,
               std::uint32_t write_flags = 0) {
    fuse_write_in in{};
    in.write_flags = write_flags;
    in.fh = handle;
    in.offset = offset;
    in.size = static_cast<std::uint32_t>(data.size());
    return submit(FUSE_WRITE, node, {bytes_of(in), std::string(data)}, true);
  }
  Unique flush(std::uint64_t node, std::uint64_t handle) {
    fuse_flush_in in{};
    in.fh = handle;
    return send(FUSE_FLUSH, node, in);
  }
  Unique release(std::uint64_t node, std::uint64_t handle) {
    return send(FUSE_RELEASE, node, release_in(handle));
  }
  Unique opendir(std::uint64_t node, int flags = 0) {
    fuse_open_in in{};
    in.flags = static_cast<std::uint32_t>(flags);
    return send(FUSE_OPENDIR, node, in);
  }
  Unique ioctl(std::uint64_t node, std::uint64_t handle, unsigned command, const std::string& packet,
               std::uint32_t room) {
    fuse_ioctl_in in{};
    in.fh = handle;
    in.flags = FUSE_IOCTL_DIR;
    in.cmd = command;
    in.in_size = static_cast<std::uint32_t>(packet.size());
    in.out_size = room;
    return submit(FUSE_IOCTL, node, {bytes_of(in), packet}, true);
  }
  Unique readdir(std::uint64_t node, std::uint64_t handle, std::uint64_t cookie, std::uint32_t size) {
    return send(FUSE_READDIR, node, read_in(handle, cookie, size));
  }
  Unique readdirplus(std::uint64_t node, std::uint64_t handle, std::uint64_t cookie, std::uint32_t size) {
    return send(FUSE_READDIRPLUS, node, read_in(handle, cookie, size));
  }
  Unique releasedir(std::uint64_t node, std::uint64_t handle) {
    return send(FUSE_RELEASEDIR, node, release_in(handle));
  }
  Unique readlink(std::uint64_t node) { return send(FUSE_READLINK, node, None{}); }
  Unique fsync(std::uint64_t node, std::uint64_t handle) { return send(FUSE_FSYNC, node, fsync_in(handle)); }
  Unique fsyncdir(std::uint64_t node, std::uint64_t handle) {
    return send(FUSE_FSYNCDIR, node, fsync_in(handle));
  }
  Unique statfs() { return send(FUSE_STATFS, FUSE_ROOT_ID, None{}); }
  Unique access(std::uint64_t node, std::uint32_t mask) {
    fuse_access_in in{};
    in.mask = mask;
    return send(FUSE_ACCESS, node, in);
  }
  Unique getxattr(std::uint64_t node, std::string_view name) {
    return send(FUSE_GETXATTR, node, fuse_getxattr_in{}, name);
  }

  // Without an answer of their own.
  void forget(std::uint64_t node, std::uint64_t count) {
    fuse_forget_in in{};
    in.nlookup = count;
    submit(FUSE_FORGET, node, {bytes_of(in)}, false);
  }
  void interrupt(Unique request) {
    fuse_interrupt_in in{};
    in.unique = request;
    interrupts_.insert(submit(FUSE_INTERRUPT, 0, {bytes_of(in)}, false));
  }
  Unique next_unique() const noexcept { return next_; }  // of the next request: an interrupt can overtake it

  // The answers.
  bool answered(Unique request) {
    receive();
    return answers_.contains(request);
  }
  const Answer& answer(Unique request) const { return answers_.at(request); }
  std::size_t unanswered() {
    receive();
    return waiting_.size();
  }

  static std::vector<DirectoryEntry> entries(const Answer& answer, bool plus) {
    const std::size_t skip = plus ? offsetof(fuse_direntplus, dirent) : 0;
    std::vector<DirectoryEntry> entries;
    for (std::size_t at = 0; at + skip + FUSE_NAME_OFFSET <= answer.body.size();) {
      fuse_entry_out entry{};
      if (plus) std::memcpy(&entry, answer.body.data() + at, sizeof entry);
      fuse_dirent head;
      std::memcpy(&head, answer.body.data() + at + skip, sizeof head);
      entries.push_back(
          {answer.body.substr(at + skip + FUSE_NAME_OFFSET, head.namelen), entry.nodeid, head.off});
      at += FUSE_DIRENT_ALIGN(skip + FUSE_NAME_OFFSET + head.namelen);
    }
    return entries;
  }

 private:
  struct None {};

  template <class T>
  static std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string bytes_of(None) { return {}; }

  static fuse_read_in read_in(std::uint64_t handle, std::uint64_t offset, std::uint32_t size) {
    fuse_read_in in{};
    in.fh = handle;
    in.offset = offset;
    in.size = size;
    return in;
  }
  static fuse_release_in release_in(std::uint64_t handle) {
    fuse_release_in in{};
    in.fh = handle;
    return in;
  }

  static fuse_fsync_in fsync_in(std::uint64_t handle) {
    fuse_fsync_in in{};
    in.fh = handle;
    return in;
  }

  template <class In, class... Names>
  Unique send(std::uint32_t operation, std::uint64_t node, const In& in, Names... names) {
    return submit(operation, node, {bytes_of(in), (std::string(names) + '\0')...}, true);
  }

  Unique submit(std::uint32_t operation, std::uint64_t node, std::initializer_list<std::string> parts,
                bool wants_answer) {
    std::string packet(sizeof(fuse_in_header), '\0');
    for (const std::string& part : parts) packet += part;
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(packet.size());
    header.opcode = operation;
    header.unique = next_;
    header.nodeid = node;
    header.pid = static_cast<std::uint32_t>(pid);
    header.uid = uid;
    std::memcpy(packet.data(), &header, sizeof header);
    if (::send(kernel_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) {
      throw std::system_error(errno, std::generic_category(), "fake kernel: send");
    }
    if (wants_answer) waiting_.insert(next_);
    next_ += 2;  // odd ones belong to interrupts, as in Linux
    return next_ - 2;
  }

  void receive() {
    for (;;) {
      const ssize_t size = ::recv(kernel_.get(), packet_.data(), packet_.size(), 0);
      if (size <= 0) return;
      fuse_out_header header;
      std::memcpy(&header, packet_.data(), sizeof header);
      // "Not seen that request yet": Linux would send the interrupt again.
      if (header.error == -EAGAIN && interrupts_.erase(header.unique) == 1) continue;
      if (static_cast<std::size_t>(size) != header.len || waiting_.erase(header.unique) != 1) {
        throw std::runtime_error("fake kernel: an answer that nobody asked for");
      }
      answers_[header.unique] = {-header.error, packet_.substr(sizeof header, header.len - sizeof header)};
    }
  }

  UniqueFd kernel_;
  UniqueFd daemon_;
  std::string packet_ = std::string(256 * 1024, '\0');
  Unique next_ = 2;
  std::set<Unique> waiting_;
  std::set<Unique> interrupts_;
  std::map<Unique, Answer> answers_;
};

}  // namespace ftpfs::test
