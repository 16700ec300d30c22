// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/ioctl.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/question.hpp>

namespace ftpfs::fuse {

Conversation::Conversation(const std::string& mountpoint)
    : where_(escaped(mountpoint)), piece_(std::make_unique<Piece>()) {
  const auto mount = topmost_mount(mountpoint);
  if (!mount || mount->type != "fuse.ftpfs") throw Error(ENOTTY, where_ + ": no ftpfs is mounted there");
  directory_.reset(::open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_SYNC | O_CLOEXEC));
  if (directory_) return;
  const int code = errno;
  throw Error(code, where_ + ": " + (code == ENOTCONN ? "its daemon has died" : std::strerror(code)));
}

void Conversation::ask(std::string_view question) {
  const auto packed = std::make_unique<Question>();
  if (question.size() > Question::longest) throw Error(ENAMETOOLONG, "the question is too long");
  packed->size = static_cast<std::uint32_t>(question.size());
  question.copy(packed->text, question.size());
  if (::ioctl(directory_.get(), question_request, packed.get()) == 0) return;
  const int code = errno;
  const char* const why = code == ENOTTY   ? "the daemon is of an older version and cannot be asked"
                          : code == EACCES ? "the mount belongs to somebody else"
                                           : std::strerror(code);
  throw Error(code, where_ + ": " + why);
}

const Piece& Conversation::fetch(std::uint64_t offset) {
  piece_->offset = offset;
  if (::ioctl(directory_.get(), piece_request, piece_.get()) != 0)
    throw Error(errno, where_ + ": " + std::strerror(errno));
  return *piece_;
}

std::optional<std::string> Conversation::answer() {
  std::string text;
  for (;;) {
    const Piece& piece = fetch(text.size());
    if (piece.state == Piece::not_yet) return std::nullopt;
    text.append(piece.text, std::min<std::size_t>(piece.size, Piece::longest));
    if (text.size() > longest_answer) throw Error(EMSGSIZE, where_ + ": the answer does not end");
    if (text.size() < piece.total && piece.size > 0) continue;
    if (piece.state == Piece::failed) throw Error(piece.code, text);
    return text;
  }
}

std::string Conversation::wait() {
  std::chrono::milliseconds pause{1};
  for (;;) {
    if (std::optional<std::string> text = answer()) return *text;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(100));
  }
}

}  // namespace ftpfs::fuse
