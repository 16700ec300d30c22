// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/fd.hpp>
#include <ftpfs/fuse/channel.hpp>
#include <ftpfs/fuse/libfuse_log.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/mountpoint.hpp>
#include <ftpfs/fuse/session.hpp>

namespace ftpfs::fuse {
namespace {

// So many requests are read in a row before sockets and timers get their turn.
constexpr int pump_budget = 32;

// libfuse allocates its memory on first use and leaves freeing it to us.
struct ReceiveBuffer : fuse_buf {
  ReceiveBuffer() : fuse_buf{} {}
  ~ReceiveBuffer() { std::free(mem); }
  ReceiveBuffer(const ReceiveBuffer&) = delete;
  ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;
};

}  // namespace

class Channel::Impl {
 public:
  Impl(Executor executor, vfs::Vfs& vfs, Logger logger, MountConfig config)
      : context_(std::make_shared<Context>(executor, vfs, std::move(logger), std::move(config))),
        device_(executor) {
    send_libfuse_log_to(context_->logger);
  }

  void mount();
  void attach(int fd);
  void unmount() noexcept;
  void shut_down() noexcept;
  Context& context() const noexcept { return *context_; }

  // Static and sharing ownership: they may be resumed, to end, after the Channel has gone.
  static awaitable<void> run(std::shared_ptr<Impl> self);

 private:
  enum class Received { nothing, request, end };

  static awaitable<void> pump(std::shared_ptr<Impl> self);
  Received receive_some();
  Received receive_one();
  void tune_once();
  bool on_top() const;
  void take_away();
  void open_device();
  bool sever() noexcept;

  std::shared_ptr<Context> context_;
  SessionPtr session_;
  asio::posix::stream_descriptor device_;  // watches the session's descriptor; libfuse owns and closes it
  ReceiveBuffer buffer_;
  std::string mountpoint_;    // canonical; empty when attached to a fake kernel
  std::string mount_device_;  // MAJOR:MINOR
  bool tuned_ = false;
  bool unmounted_ = false;
};

void Channel::Impl::mount() {
  std::string mountpoint = prepare_mountpoint(context_->config, context_->logger);
  SessionPtr session = make_session(*context_);
  connect_to_mount(*session, mountpoint);
  session_ = std::move(session);  // from here on it is ours to unmount
  mountpoint_ = std::move(mountpoint);
  if (const auto mount = topmost_mount(mountpoint_)) mount_device_ = mount->device;
  open_device();
}

void Channel::Impl::attach(int fd) {
  session_ = make_session(*context_);
  connect_to_socket(*session_, fd);
  open_device();
}

void Channel::Impl::open_device() {
  boost::system::error_code failure;
  device_.assign(fuse_session_fd(session_.get()), failure);
  if (!failure) device_.non_blocking(true, failure);
  if (failure) throw Error(failure.value(), "cannot wait for the kernel: " + failure.message());
}

awaitable<void> Channel::Impl::run(std::shared_ptr<Impl> self) {
  co_await pump(self);
  self->context_->dialogues.close_all();
  // Nobody reads the answers any more; who merely waits may go. Uploads belong to the vfs and go on.
  for (Request& request : self->context_->live) request.request_stop();
  const std::shared_ptr<Context> context = self->context_;
  while (!context->live.empty()) co_await context->all_answered.wait(std::stop_token());
}

awaitable<void> Channel::Impl::pump(std::shared_ptr<Impl> self) {
  for (;;) {
    boost::system::error_code failure;
    co_await self->device_.async_wait(asio::posix::stream_descriptor::wait_read,
                                      asio::redirect_error(use_awaitable, failure));
    if (failure || !self->device_.is_open()) co_return;  // unmount() took the descriptor away
    Received received = self->receive_some();
    while (received == Received::request) {
      co_await asio::post(use_awaitable);
      if (!self->device_.is_open()) co_return;
      received = self->receive_some();
    }
    if (received == Received::end) co_return;
  }
}

// Until nothing is there or the budget is spent.
Channel::Impl::Received Channel::Impl::receive_some() {
  Received received = Received::request;
  for (int left = pump_budget; left > 0 && received == Received::request; --left) received = receive_one();
  return received;
}

Channel::Impl::Received Channel::Impl::receive_one() {
  const int size = fuse_session_receive_buf(session_.get(), &buffer_);
  if (size > 0) {
    fuse_session_process_buf(session_.get(), &buffer_);
    tune_once();
    return fuse_session_exited(session_.get()) ? Received::end : Received::request;
  }
  if (size == -EAGAIN) return Received::nothing;
  if (size == -EINTR) return Received::request;
  if (size < 0) context_->logger->error("reading from the kernel failed: {}", std::strerror(-size));
  return Received::end;
}

// Not before FUSE_INIT was answered: that answer lowers the kernel's own value.
void Channel::Impl::tune_once() {
  if (tuned_ || context_->init != InitState::answered) return;
  tuned_ = true;
  if (!mount_device_.empty()) raise_readahead(mount_device_, context_->config.kernel_readahead);
}

// After `umount -l` the session lives on while something else may be mounted on the same path. (As long as it
// lives, its device number is nobody else's.)
bool Channel::Impl::on_top() const {
  const auto mount = topmost_mount(mountpoint_);
  return mount && mount->device == mount_device_;
}

// Cuts the session off from its mount, wherever that went. libfuse's unmount goes by path unless poll() says
// that the descriptor is dead, so it gets one that is: the writing end of a pipe that nobody reads.
bool Channel::Impl::sever() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  return ::dup3(writer.get(), fuse_session_fd(session_.get()), O_CLOEXEC) >= 0;
}

void Channel::Impl::unmount() noexcept {
  if (!session_ || std::exchange(unmounted_, true)) return;
  if (device_.is_open()) device_.release();  // ends the pump's wait; the descriptor stays libfuse's
  fuse_session_exit(session_.get());
  if (mountpoint_.empty()) {
    ::shutdown(fuse_session_fd(session_.get()), SHUT_RDWR);
    return;
  }
  try {
    take_away();
  } catch (const std::bad_alloc&) {  // the kernel ends the connection when the descriptor closes
  }
}

void Channel::Impl::take_away() {
  if (!on_top() && !sever()) return;
  fuse_session_unmount(session_.get());
  if (is_dead_mount(mountpoint_)) detach_mount(mountpoint_);  // libfuse leaves an aborted one where it is
}

void Channel::Impl::shut_down() noexcept {
  unmount();
  context_->answerer = nullptr;
  context_->dialogues.close_all();
  while (!context_->live.empty()) {
    Request& request = context_->live.front();
    request.request_stop();
    request.error(EIO);
  }
  session_.reset();
}

Channel::Channel(Executor executor, vfs::Vfs& vfs, Logger logger, MountConfig config)
    : impl_(std::make_shared<Impl>(std::move(executor), vfs, std::move(logger), std::move(config))) {}

Channel::~Channel() {
  impl_->shut_down();
}

void Channel::mount() {
  impl_->mount();
}

void Channel::attach(int fd) {
  impl_->attach(fd);
}

awaitable<void> Channel::run() {
  return Impl::run(impl_);
}

void Channel::unmount() noexcept {
  impl_->unmount();
}

void Channel::answer_with(Answerer answerer) {
  impl_->context().answerer = std::move(answerer);
}

std::size_t Channel::live_requests() const noexcept {
  return impl_->context().live.size();
}

const Counters& Channel::counters() const noexcept {
  return impl_->context().counters;
}

}  // namespace ftpfs::fuse
