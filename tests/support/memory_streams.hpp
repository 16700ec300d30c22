// SPDX-License-Identifier: MIT
// Sessions and streams of MemoryRemote; for memory_remote.cpp alone.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include <ftpfs/base/error.hpp>

#include "support/memory_remote.hpp"

namespace ftpfs::test {

// How many may be in use; streams keep theirs while they live.
class MemoryRemote::Sessions {
 public:
  std::size_t limit = 0;
  std::size_t used = 0;
  std::size_t asking = 0;  // calls that have begun and have no session yet
  std::size_t most = 0;    // of both at once
  WaitList wanted;

  bool free() const noexcept { return limit == 0 || used < limit; }
};

class MemoryRemote::Session {
 public:
  Session() = default;
  explicit Session(std::shared_ptr<Sessions> sessions) : sessions_(std::move(sessions)) { ++sessions_->used; }
  Session(Session&& other) noexcept = default;
  Session& operator=(Session&& other) noexcept {
    give_back();
    sessions_ = std::move(other.sessions_);
    return *this;
  }
  ~Session() { give_back(); }

  void give_back() noexcept {
    if (!sessions_) return;
    --sessions_->used;
    sessions_->wanted.wake_one();
    sessions_.reset();
  }

 private:
  std::shared_ptr<Sessions> sessions_;
};

// A call from its beginning until it has a session.
class MemoryRemote::Asking {
 public:
  explicit Asking(std::shared_ptr<Sessions> sessions) : sessions_(std::move(sessions)) {
    ++sessions_->asking;
    sessions_->most = std::max(sessions_->most, sessions_->used + sessions_->asking);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() { done(); }

  void done() noexcept {
    if (sessions_) --sessions_->asking;
    sessions_.reset();
  }

 private:
  std::shared_ptr<Sessions> sessions_;
};

// Shared by a Source or Sink and its calls in progress, which may outlive it.
struct MemoryRemote::Stream {
  MemoryRemote* remote = nullptr;  // null once the remote is gone
  Path path;
  MemoryTree::NodePtr node;
  Session session;
  std::optional<Fault> fault;
  std::optional<Error> refusal;  // is heard at the end
  std::uint64_t position = 0;    // in the file
  std::uint64_t carried = 0;     // bytes over the wire
  bool is_sink = false;
  bool yields = true;
  bool busy = false;
  bool revoked = false;
  bool dead = false;
  std::stop_source gone;

  bool revocable() const noexcept { return yields && !busy && !revoked && !dead; }
  void revoke() noexcept {
    revoked = true;
    session.give_back();
  }
  void end() noexcept {
    dead = true;
    gone.request_stop();  // a call that is held or on its way fails soon
    session.give_back();
  }

  // How much of `wanted` may still travel; throws the failure that is due, sets `quiet_end` for an early end.
  std::size_t allowance(std::size_t wanted, bool& quiet_end) {
    quiet_end = false;
    if (!fault) return wanted;
    if (carried < fault->after) return std::min<std::uint64_t>(wanted, fault->after - carried);
    if (fault->failure) std::rethrow_exception(fault->failure);
    quiet_end = true;
    return 0;
  }

  // One call on a stream: nobody may take its session meanwhile, and a call that throws leaves it dead.
  class Use {
   public:
    explicit Use(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {
      if (stream_->revoked) throw Revoked();
      check_alive();
      stream_->busy = true;
    }
    ~Use() {
      stream_->busy = false;
      if (!done_) stream_->end();
      if (stream_->remote) stream_->remote->sessions_->wanted.wake_one();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    void check_alive() const {
      if (stream_->dead || !stream_->remote) throw ConnectionLost(EIO, "dead stream: " + stream_->path.str());
    }
    void done() noexcept { done_ = true; }

   private:
    std::shared_ptr<Stream> stream_;
    bool done_ = false;
  };
};

class MemoryRemote::MemorySource final : public Source {
 public:
  MemorySource(std::shared_ptr<Stream> stream, std::optional<Attributes> shown)
      : stream_(std::move(stream)), shown_(std::move(shown)) {}
  ~MemorySource() override { stream_->end(); }
  awaitable<std::size_t> read_some(MutableBytes into) override { return read(stream_, into); }
  std::optional<Attributes> shown() const override { return shown_; }

 private:
  static awaitable<std::size_t> read(std::shared_ptr<Stream> stream, MutableBytes into) {
    Stream::Use use(stream);
    CallControl& control = stream->remote->on(Op::read);
    const std::stop_token gone = stream->gone.get_token();
    co_await control.start(gone);
    use.check_alive();
    const std::string& content = stream->node->content;
    const std::uint64_t left = content.size() - std::min<std::uint64_t>(content.size(), stream->position);
    bool quiet_end = false;
    const std::size_t wanted = std::min({into.size(), std::size_t(left), stream->remote->piece_});
    const std::size_t size = stream->allowance(wanted, quiet_end);
    std::memcpy(into.data(), content.data() + (size == 0 ? 0 : stream->position), size);
    stream->position += size;
    stream->carried += size;
    *stream->remote->bytes_read_ += size;
    co_await control.finish(gone);
    use.check_alive();
    use.done();
    if (size == 0) stream->end();
    co_return size;
  }

  std::shared_ptr<Stream> stream_;
  std::optional<Attributes> shown_;
};

class MemoryRemote::MemorySink final : public Sink {
 public:
  explicit MemorySink(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~MemorySink() override { stream_->end(); }
  awaitable<std::size_t> write(int file, std::uint64_t offset, std::size_t size) override {
    return store(stream_, file, offset, size);
  }
  awaitable<Attributes> commit() override { return confirm(stream_); }
  Answer answer() const noexcept override { return stream_->refusal ? Answer::no : Answer::yes; }

 private:
  static awaitable<std::size_t> store(std::shared_ptr<Stream> stream, int file, std::uint64_t offset,
                                      std::size_t wanted) {
    Stream::Use use(stream);
    CallControl& control = stream->remote->on(Op::write);
    const std::stop_token gone = stream->gone.get_token();
    co_await control.start(gone);
    use.check_alive();
    Buffer piece(wanted);
    const ssize_t got = ::pread(file, piece.data(), wanted, static_cast<off_t>(offset));
    if (got < 0) throw Error(errno, "cannot read what is to be sent");
    Bytes bytes = std::as_const(piece).bytes().first(static_cast<std::size_t>(got));
    while (!bytes.empty()) {
      bool quiet_end = false;
      const std::size_t size = stream->allowance(bytes.size(), quiet_end);
      stream->node->content.append(reinterpret_cast<const char*>(bytes.data()), size);
      stream->node->mtime = stream->remote->tree_.now();
      stream->carried += size;
      *stream->remote->bytes_written_ += size;
      bytes = bytes.subspan(size);
    }
    co_await control.finish(gone);
    use.done();
    co_return static_cast<std::size_t>(got);
  }

  static awaitable<Attributes> confirm(std::shared_ptr<Stream> stream) {
    Stream::Use use(stream);
    MemoryRemote& remote = *stream->remote;
    CallControl& control = remote.on(Op::commit);
    const std::stop_token gone = stream->gone.get_token();
    co_await control.start(gone);
    co_await control.finish(gone);
    use.check_alive();
    if (stream->refusal) throw Error(*stream->refusal);
    const MemoryTree::NodePtr node = remote.tree_.find(stream->path);
    if (node != stream->node) throw Error(EIO, "server shows another file: " + stream->path.str());
    if (node->content.size() != stream->position + stream->carried) {
      throw Error(EIO, "server shows another size: " + stream->path.str());
    }
    use.done();
    stream->end();
    co_return remote.attributes(*node, remote.stat_precision_);
  }

  std::shared_ptr<Stream> stream_;
};

}  // namespace ftpfs::test
