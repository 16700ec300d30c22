// SPDX-License-Identifier: MIT
// What is asked of the daemon itself, by way of a file of its mount.
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>
#include <ftpfs/fuse/refresh.hpp>
#include <ftpfs/fuse/serving.hpp>

namespace ftpfs::fuse {
namespace {

awaitable<void> do_refresh(RequestPtr request, vfs::Ino ino) {
  co_await request->vfs().refresh(ino, request->stop());
  request->controlled();
}

void tell_serving(const RequestPtr& request) {
  const vfs::Unsent unsent = request->vfs().unsent();
  Serving answer{};
  answer.pid_namespace = own_pid_namespace();
  answer.unsent_bytes = unsent.bytes;
  answer.unsent_files = unsent.files;
  answer.pid = request->context().own_pid;
  answer.read_only = request->vfs().read_only();
  request->controlled(as_bytes({reinterpret_cast<const char*>(&answer), sizeof answer}));
}

// What a packet of the asker's holds; nothing of it is trusted.
template <class Packet>
Packet unpacked(const void* bytes, std::size_t size) {
  Packet packet{};
  if (bytes == nullptr || size < sizeof packet) throw Error(EINVAL, "ioctl: the packet is too short");
  std::memcpy(&packet, bytes, sizeof packet);
  return packet;
}

void require_owner(const Context& context, uid_t asker) {
  if (asker != 0 && asker != ::geteuid() && asker != context.config.owner)
    throw Error(EACCES, "only its owner may ask about a mount");
}

void take_question(Context& context, std::uint64_t directory, const Question& question) {
  if (question.size > Question::longest) throw Error(EINVAL, "ioctl: the question is too long");
  std::string text(question.text, question.size);
  context.dialogues.ask(directory, std::move(text), context.answerer, context.executor);
}

void give_piece(const RequestPtr& request, std::uint64_t directory, Piece piece) {
  request->context().dialogues.fill(directory, piece);
  const std::size_t size = offsetof(Piece, text) + piece.size;
  request->controlled(as_bytes({reinterpret_cast<const char*>(&piece), size}));
}

void ioctl(fuse_req_t handle, fuse_ino_t ino, unsigned command, void*, fuse_file_info* file, unsigned,
           const void* packet, std::size_t size, std::size_t) {
  serve(handle, "ioctl", ino, [&](const RequestPtr& request) {
    switch (command) {
      case refresh_request:
        return start(request, do_refresh, vfs::Ino{ino});
      case serving_request:
        return tell_serving(request);
      case question_request:
        require_owner(request->context(), fuse_req_ctx(handle)->uid);
        take_question(request->context(), file->fh, unpacked<Question>(packet, size));
        return request->controlled();
      case piece_request:
        return give_piece(request, file->fh, unpacked<Piece>(packet, size));
      default:
        return request->error(ENOTTY);
    }
  });
}

}  // namespace

void add_control_operations(fuse_lowlevel_ops& table) {
  table.ioctl = ioctl;
}

}  // namespace ftpfs::fuse
