// SPDX-License-Identifier: MIT
// The daemon's side of a Conversation: what one open directory has asked, and the answer until it is fetched.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include <ftpfs/fuse/question.hpp>

namespace ftpfs::fuse {

struct Dialogue {
  ~Dialogue() { stop.request_stop(); }

  std::stop_source stop;  // fired when nobody waits for the answer
  std::uint32_t state = Piece::not_yet;
  std::int32_t code = 0;
  std::string text;
};

class Dialogues {
 public:
  // A number for a directory that is opened to ask: none that the vfs gives out.
  std::uint64_t open() noexcept { return first_ | ++opened_; }
  void close(std::uint64_t handle) noexcept { all_.erase(handle); }
  void close_all() noexcept { all_.clear(); }

  // Has `answerer` answer it, in the background; an earlier question of this handle is given up.
  void ask(std::uint64_t handle, std::string question, const Answerer& answerer, const Executor& executor);
  // Of the last one; throws Error(EINVAL) where nothing was asked.
  void fill(std::uint64_t handle, Piece& piece) const;

 private:
  static constexpr std::uint64_t first_ = std::uint64_t{1} << 63;

  std::uint64_t opened_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<Dialogue>> all_;
};

}  // namespace ftpfs::fuse
