// SPDX-License-Identifier: MIT
// A network that plays scripts: what the client must write, what it gets to read, and how the connection
// ends.
//
//   ScriptedNetwork network;
//   network.connection().send("220 hi\r\n").expect("USER joe\r\n").send("331 ?\r\n") ...;   // first
//   connect() network.connection().send("file content").end();                                       //
//   second one
//
// Wrong bytes and writes while something is still unread are test failures. No time passes in here: a
// time-out is a step of the script, silence lasts until the client aborts.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/net/connector.hpp>

namespace ftpfs::test {

// How a scripted connection stops working.
enum class Ending {
  closed,     // FIN: reads return 0, writes vanish
  reset,      // RST: everything throws ConnectionLost(EIO)
  timed_out,  // the inactivity limit passes: reads throw ConnectionLost(ETIMEDOUT)
  silence     // nothing comes any more
};

// Lets one connection wait for another: a 226 comes after the end of the data.
class Signal {
 public:
  void raise() {
    raised_ = true;
    for (const auto& wake : std::exchange(waiting_, {})) wake();
  }
  bool raised() const { return raised_; }
  void on_raise(std::function<void()> wake) { waiting_.push_back(std::move(wake)); }

 private:
  bool raised_ = false;
  std::vector<std::function<void()>> waiting_;
};

class Script {
 public:
  Script& expect(std::string bytes) { return add({Step::Kind::expect, std::move(bytes)}); }
  Script& expect_finish() { return add({Step::Kind::expect_finish}); }
  Script& send(std::string bytes) { return add({Step::Kind::send, std::move(bytes)}); }
  Script& ending(Ending how) { return add({Step::Kind::ending, {}, how}); }
  Script& raise(std::shared_ptr<Signal> signal) {
    return add({Step::Kind::raise, {}, {}, std::move(signal)});
  }
  Script& await(std::shared_ptr<Signal> signal) {
    return add({Step::Kind::await, {}, {}, std::move(signal)});
  }
  Script& end() { return ending(Ending::closed); }
  // Reads deliver at most so many bytes.
  Script& chop(std::size_t bytes) {
    chop_ = bytes;
    return *this;
  }
  // Step number `step` (from 0) and all after it are replaced by that ending.
  Script& fail_at(std::size_t step, Ending how) {
    steps_.resize(step);
    return ending(how);
  }
  Script& refuse(int code) {
    refused_ = code;
    return *this;
  }

  std::size_t size() const { return steps_.size(); }

 private:
  friend class ScriptedNetwork;
  friend class Conversation;
  struct Step {
    enum class Kind { expect, expect_finish, send, ending, raise, await } kind = Kind::send;
    std::string bytes = {};
    Ending how = Ending::closed;
    std::shared_ptr<Signal> signal = {};
  };
  Script& add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  std::deque<Step> steps_;
  std::size_t chop_ = std::string::npos;
  std::optional<int> refused_;
};

// One connection playing its script. Shared by the stream and its suspended reads.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(Script script, net::HostPort peer) : script_(std::move(script)), peer_(std::move(peer)) {}

  // Plays the server's part up to the next thing that the client must do.
  void advance() {
    while (!ended_ && !script_.steps_.empty()) {
      const Script::Step step = script_.steps_.front();
      if (!play(step)) return;
      script_.steps_.pop_front();
      if (step.kind == Script::Step::Kind::raise) step.signal->raise();
    }
  }

  static awaitable<std::size_t> read_some(std::shared_ptr<Conversation> self, MutableBytes into) {
    const std::stop_token never;
    for (;;) {
      if (const auto size = self->try_read(into)) co_return *size;
      co_await self->readers_.wait(never);
    }
  }

  std::optional<std::size_t> try_read(MutableBytes into) {
    require_alive();
    if (!unread_.empty()) return deliver(into);
    if (ended_ == Ending::closed) return 0;
    if (ended_ == Ending::timed_out) throw ConnectionLost(ETIMEDOUT, "script: time-out");
    return std::nullopt;
  }

  static awaitable<void> write(std::shared_ptr<Conversation> self, Bytes bytes) {
    self->require_alive();
    self->take(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    co_return;
  }

  static awaitable<void> finish(std::shared_ptr<Conversation> self) {
    self->require_alive();
    if (self->ended_) co_return;
    if (self->next_is(Script::Step::Kind::expect_finish)) {
      self->script_.steps_.pop_front();
    } else {
      ADD_FAILURE() << "script: the client finished too early; " << self->left();
    }
    self->advance();
  }

  void abort() noexcept {
    aborted_ = true;
    readers_.wake_all();
  }
  bool aborted() const { return aborted_; }
  bool readable() const { return aborted_ || !unread_.empty() || (ended_ && ended_ != Ending::silence); }
  const net::HostPort& peer() const { return peer_; }
  // Everything expected has come and everything sent was read.
  bool finished() const { return script_.steps_.empty() && unread_.empty(); }
  std::string left() const {
    if (!unread_.empty()) return "not read: \"" + escaped(unread_) + '"';
    if (script_.steps_.empty()) return "the script is at its end";
    if (next_is(Script::Step::Kind::await)) return "waits for another connection";
    if (next_is(Script::Step::Kind::expect_finish)) return "expected: the end";
    return "expected: \"" + escaped(script_.steps_.front().bytes) + '"';
  }

 private:
  bool next_is(Script::Step::Kind kind) const {
    return !script_.steps_.empty() && script_.steps_.front().kind == kind;
  }

  // False: it is the client's turn, or another connection's.
  bool play(const Script::Step& step) {
    using Kind = Script::Step::Kind;
    if (step.kind == Kind::expect || step.kind == Kind::expect_finish) return false;
    if (step.kind == Kind::await && !step.signal->raised()) {
      step.signal->on_raise([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->advance();
      });
      return false;
    }
    if (step.kind == Kind::send) unread_ += step.bytes;
    if (step.kind == Kind::ending) ended_ = step.how;
    readers_.wake_all();
    return true;
  }

  void take(std::string_view bytes) {
    if (ended_) return;  // into the void
    if (!unread_.empty())
      ADD_FAILURE() << "script: \"" << escaped(bytes) << "\" was written while \"" << escaped(unread_)
                    << "\" was not read yet";
    while (!bytes.empty() && next_is(Script::Step::Kind::expect)) {
      std::string& expected = script_.steps_.front().bytes;
      const std::size_t size = std::min(expected.size(), bytes.size());
      if (expected.compare(0, size, bytes.substr(0, size)) != 0) break;
      expected.erase(0, size);
      bytes.remove_prefix(size);
      if (!expected.empty()) break;  // the rest comes with the next write
      script_.steps_.pop_front();
      advance();
    }
    if (!bytes.empty() && !ended_)
      ADD_FAILURE() << "script: the client wrote \"" << escaped(bytes) << "\"; " << left();
  }

  std::size_t deliver(MutableBytes into) {
    const std::size_t size = std::min({unread_.size(), into.size(), script_.chop_});
    std::memcpy(into.data(), unread_.data(), size);
    unread_.erase(0, size);
    return size;
  }

  void require_alive() const {
    if (aborted_) throw ConnectionLost(EIO, "script: aborted");
    if (ended_ == Ending::reset && unread_.empty()) throw ConnectionLost(EIO, "script: reset");
  }

  Script script_;
  net::HostPort peer_;
  std::string unread_;
  std::optional<Ending> ended_;
  bool aborted_ = false;
  WaitList readers_;
};

class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream(std::shared_ptr<Conversation> conversation, asio::ip::tcp::endpoint local)
      : conversation_(std::move(conversation)), local_(std::move(local)) {}
  ~ScriptedStream() override { conversation_->abort(); }

  awaitable<std::size_t> read_some(MutableBytes into) override {
    return Conversation::read_some(conversation_, into);
  }
  awaitable<void> write(Bytes bytes) override { return Conversation::write(conversation_, bytes); }
  awaitable<void> finish() override { return Conversation::finish(conversation_); }
  void abort() noexcept override { conversation_->abort(); }
  std::optional<std::size_t> try_read(MutableBytes into) override { return conversation_->try_read(into); }
  bool readable() noexcept override { return conversation_->readable(); }
  net::HostPort peer() const override { return conversation_->peer(); }
  asio::ip::tcp::endpoint local() const override { return local_; }

 private:
  std::shared_ptr<Conversation> conversation_;
  asio::ip::tcp::endpoint local_;
};

// Connections that come to us, in order: who it is, and what it says.
struct Visitor {
  std::string host;
  Script script;
};

// What a listener and its network share.
struct Doorstep {
  std::deque<Visitor> visitors;
  bool open = true;
  WaitList changed;
};

class ScriptedListener final : public net::Listener {
 public:
  using Admit = std::function<std::unique_ptr<net::Stream>(Visitor)>;
  ScriptedListener(asio::ip::tcp::endpoint local, std::shared_ptr<Doorstep> step, Admit admit)
      : local_(std::move(local)), step_(std::move(step)), admit_(std::move(admit)) {}
  ~ScriptedListener() override { close(); }

  asio::ip::tcp::endpoint local() const override { return local_; }
  awaitable<std::unique_ptr<net::Stream>> accept(net::StreamLimits, std::stop_token stop) override {
    return accept(step_, admit_, std::move(stop));
  }
  void close() noexcept override {
    step_->open = false;
    step_->changed.wake_all();
  }

 private:
  static awaitable<std::unique_ptr<net::Stream>> accept(std::shared_ptr<Doorstep> step, Admit admit,
                                                        std::stop_token stop) {
    while (step->open && step->visitors.empty()) co_await step->changed.wait(stop);
    if (!step->open) throw ConnectionLost(EIO, "script: the listener is closed");
    Visitor visitor = std::move(step->visitors.front());
    step->visitors.pop_front();
    co_return admit(std::move(visitor));
  }

  asio::ip::tcp::endpoint local_;
  std::shared_ptr<Doorstep> step_;
  Admit admit_;
};

class ScriptedNetwork final : public net::Connector {
 public:
  // The script of the next connection that has none yet.
  Script& connection() { return scripts_.emplace_back(); }
  // The script of the next connection that somebody makes with the next listener.
  Script& visitor(std::string host) { return visitors_.emplace_back(Visitor{std::move(host), {}}).script; }
  // What the other end of the connections is, whatever the client calls the host.
  void set_peer(std::string host) { peer_ = std::move(host); }
  void set_local(std::string address) { local_ = asio::ip::make_address(address); }

  awaitable<std::unique_ptr<net::Stream>> connect(net::HostPort where, net::StreamLimits,
                                                  std::stop_token stop) override {
    if (stop.stop_requested()) throw Cancelled();
    connects_.push_back(where);
    if (scripts_.empty()) {
      ADD_FAILURE() << "script: unexpected connection to " << where.host << " port " << where.port;
      throw ConnectionLost(ECONNREFUSED, "script: no more connections");
    }
    Script script = std::move(scripts_.front());
    scripts_.pop_front();
    net::HostPort peer{peer_, where.port};
    co_return begin(std::move(script), std::move(peer));
  }

  std::unique_ptr<net::Listener> listen(const Executor&, const net::ListenRequest& request) override {
    listens_.push_back(request);
    doorstep_ = std::make_shared<Doorstep>();
    doorstep_->visitors = std::exchange(visitors_, {});
    const asio::ip::tcp::endpoint local(request.address, 40001);
    return std::make_unique<ScriptedListener>(local, doorstep_, [this](Visitor visitor) {
      net::HostPort peer{std::move(visitor.host), 20};
      return begin(std::move(visitor.script), std::move(peer));
    });
  }

  // Scripts that no connection has taken.
  void forget_connections() { scripts_.clear(); }

  const std::vector<net::HostPort>& connects() const { return connects_; }
  const std::vector<net::ListenRequest>& listens() const { return listens_; }
  bool listening() const { return doorstep_ && doorstep_->open; }
  const Conversation& conversation(std::size_t number) const { return *conversations_.at(number); }

  // "" when every script was played to its end; else what is missing.
  std::string missing() const {
    std::string text;
    for (std::size_t i = 0; i < conversations_.size(); ++i)
      if (!conversations_[i]->finished())
        text += "connection " + std::to_string(i) + ": " + conversations_[i]->left() + "\n";
    if (!scripts_.empty()) text += std::to_string(scripts_.size()) + " connections were not made\n";
    if (!visitors_.empty()) text += std::to_string(visitors_.size()) + " visitors found no listener\n";
    return text;
  }

 private:
  std::unique_ptr<net::Stream> begin(Script script, net::HostPort peer) {
    if (script.refused_) throw ConnectionLost(*script.refused_, "script: refused");
    conversations_.push_back(std::make_shared<Conversation>(std::move(script), std::move(peer)));
    conversations_.back()->advance();
    const asio::ip::tcp::endpoint local(local_, 50000);
    return std::make_unique<ScriptedStream>(conversations_.back(), local);
  }

  std::deque<Script> scripts_;  // deques: connection() and visitor() hand out references
  std::deque<Visitor> visitors_;
  std::shared_ptr<Doorstep> doorstep_;  // of the last listener
  std::vector<net::ListenRequest> listens_;
  std::vector<net::HostPort> connects_;
  std::vector<std::shared_ptr<Conversation>> conversations_;
  std::string peer_ = "127.0.0.1";
  asio::ip::address local_ = asio::ip::address_v4::loopback();
};

}  // namespace ftpfs::test
