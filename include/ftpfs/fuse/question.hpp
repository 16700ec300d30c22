// SPDX-License-Identifier: MIT
// Questions to the daemon that serves a mount, and its answers, as text of any length: over the mount itself,
// by ioctl(2) on its root directory, so that there is no socket to secure. (An ioctl takes 16 KiB at most
// through FUSE: the answer is fetched in pieces.) None of these calls waits for a server: a question is taken
// at once, and its answer is fetched when it is there.
//
// The daemon's own user, the user whom its files seem to belong to, and root may ask: EACCES for the others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <linux/ioctl.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/fd.hpp>

namespace ftpfs::fuse {

struct Question {
  static constexpr std::size_t longest = 8188;  // a path of 4095 bytes and more

  std::uint32_t size;
  char text[longest];
};

struct Piece {
  static constexpr std::size_t longest = 8160;
  enum : std::uint32_t { not_yet, answered, failed };

  std::uint64_t offset;  // asked for; all that follows is the answer
  std::uint64_t total;   // bytes of the whole text
  std::uint32_t state;
  std::int32_t code;   // an errno, where it failed: the text says why
  std::uint32_t size;  // of this piece
  std::uint32_t reserved;
  char text[longest];
};

inline constexpr unsigned question_request = _IOW(0xF7, 3, Question);
inline constexpr unsigned piece_request = _IOWR(0xF7, 4, Piece);

// The daemon's side: what answers. `stop` fires when nobody waits any more. Throws Error for what cannot be
// answered; EINVAL for what it does not understand.
using Answerer = std::function<awaitable<std::string>(std::string question, std::stop_token stop)>;

// The other side: one question at a time.
class Conversation {
 public:
  // Bytes of an answer. No daemon says as much (100,000 unsent files are some 10 MiB); what only calls itself
  // fuse.ftpfs shall not fill the asker's memory.
  static constexpr std::size_t longest_answer = 64 << 20;

  // Throws Error: ENOTTY where no ftpfs is mounted at `mountpoint` or none that can be asked (an older one),
  // ENOTCONN where its daemon has died, EACCES where it is somebody else's. Waits as long as the daemon does
  // not answer.
  explicit Conversation(const std::string& mountpoint);

  void ask(std::string_view question);
  std::optional<std::string> answer();  // nullopt: not yet. Throws what the answer failed with; EMSGSIZE
  std::string wait();                   // for the answer

 private:
  const Piece& fetch(std::uint64_t offset);

  std::string where_;  // for messages
  UniqueFd directory_;
  std::unique_ptr<Piece> piece_;
};

}  // namespace ftpfs::fuse
