// SPDX-License-Identifier: MIT
#include <cerrno>
#include <span>

#include <linux/fuse.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/libfuse_log.hpp>
#include <ftpfs/fuse/mountpoint.hpp>
#include <ftpfs/fuse/operations.hpp>
#include <ftpfs/fuse/session.hpp>

namespace ftpfs::fuse {
namespace {

// libfuse before 3.17 forgets to pass FUSE_PARALLEL_DIROPS on (libfuse PR 861). Without it the kernel holds a
// lock of the directory during each lookup, and whoever waits behind it cannot even be killed. So the answer
// to FUSE_INIT, which follows our init callback at once, gets the flag on its way out.
void complete_init_answer(std::span<const iovec> parts, Context& context) noexcept {
  if (context.init != InitState::answering) return;
  context.init = InitState::answered;
  constexpr std::size_t flags_end = offsetof(fuse_init_out, flags) + sizeof(fuse_init_out::flags);
  if (parts.size() < 2 || parts[1].iov_len < flags_end || !context.parallel_directories) return;
  static_cast<fuse_init_out*>(parts[1].iov_base)->flags |= FUSE_PARALLEL_DIROPS;
}

ssize_t read_device(int fd, void* buffer, std::size_t size, void*) {
  return ::read(fd, buffer, size);
}

ssize_t write_device(int fd, iovec* parts, int count, void* context) {
  complete_init_answer({parts, static_cast<std::size_t>(count)}, *static_cast<Context*>(context));
  return ::writev(fd, parts, count);
}

// A socket's end is what ENODEV is on the device.
ssize_t read_socket(int fd, void* buffer, std::size_t size, void*) {
  const ssize_t got = ::read(fd, buffer, size);
  if (got != 0) return got;
  errno = ENODEV;
  return -1;
}

ssize_t write_socket(int fd, iovec* parts, int count, void* context) {
  complete_init_answer({parts, static_cast<std::size_t>(count)}, *static_cast<Context*>(context));
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

template <class Read, class Write>
void use(fuse_session& session, int fd, Read read, Write write) {
  fuse_custom_io io{};
  io.read = read;
  io.writev = write;
  if (const int failure = fuse_session_custom_io(&session, &io, fd); failure != 0) {
    throw Error(-failure, "libfuse refuses its descriptor");
  }
}

}  // namespace

SessionPtr make_session(Context& context) {
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "ftpfs");
  fuse_opt_add_arg(&arguments, ("-o" + mount_options(context.config)).c_str());
  if (context.config.debug) fuse_opt_add_arg(&arguments, "-d");
  const LibfuseComplaints complaints;
  SessionPtr session(fuse_session_new(&arguments, &operations(), sizeof(fuse_lowlevel_ops), &context));
  fuse_opt_free_args(&arguments);
  if (!session) throw Error(EINVAL, "libfuse refuses to start: " + complaints.text());
  return session;
}

void connect_to_mount(fuse_session& session, const std::string& mountpoint) {
  const LibfuseComplaints complaints;
  errno = 0;
  if (fuse_session_mount(&session, mountpoint.c_str()) != 0) {
    const int code = errno != 0 ? errno : EPERM;
    const std::string said = complaints.text();  // fusermount3 says it on standard error itself
    const std::string why = said.empty() ? "fusermount3 refuses, for the reason above" : said;
    throw Error(code, "cannot mount on " + escaped(mountpoint) + ": " + why);
  }
  try {
    use(session, fuse_session_fd(&session), read_device, write_device);
  } catch (const Error&) {
    fuse_session_unmount(&session);
    throw;
  }
}

void connect_to_socket(fuse_session& session, int fd) {
  use(session, fd, read_socket, write_socket);
}

}  // namespace ftpfs::fuse
