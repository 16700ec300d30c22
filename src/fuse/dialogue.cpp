// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/dialogue.hpp>
#include <ftpfs/fuse/failure.hpp>

namespace ftpfs::fuse {
namespace {

// Whoever asked may go away meanwhile, and the mount, too.
awaitable<void> run(std::weak_ptr<Dialogue> asked, awaitable<std::string> work) {
  std::string text;
  std::exception_ptr failure;
  try {
    text = co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::shared_ptr<Dialogue> dialogue = asked.lock();
  if (!dialogue) co_return;
  dialogue->state = failure ? Piece::failed : Piece::answered;
  dialogue->code = failure ? errno_of(failure) : 0;
  dialogue->text = failure ? describe(failure) : std::move(text);
}

}  // namespace

void Dialogues::ask(std::uint64_t handle, std::string question, const Answerer& answerer,
                    const Executor& executor) {
  if (!answerer || (handle & first_) == 0) throw Error(ENOTTY, "nobody answers questions here");
  const auto dialogue = std::make_shared<Dialogue>();
  all_[handle] = dialogue;
  awaitable<std::string> work = answerer(std::move(question), dialogue->stop.get_token());
  asio::co_spawn(executor, run(dialogue, std::move(work)), asio::detached);
}

void Dialogues::fill(std::uint64_t handle, Piece& piece) const {
  const auto found = all_.find(handle);
  if (found == all_.end()) throw Error(EINVAL, "nothing was asked");
  const Dialogue& dialogue = *found->second;
  const std::size_t from = std::min<std::size_t>(piece.offset, dialogue.text.size());
  piece.total = dialogue.text.size();
  piece.state = dialogue.state;
  piece.code = dialogue.code;
  piece.size = static_cast<std::uint32_t>(dialogue.text.copy(piece.text, Piece::longest, from));
}

}  // namespace ftpfs::fuse
