// SPDX-License-Identifier: MIT
// A connection whose other end is a function call away. No time passes in it but by pass(), so that even a
// peer that says nothing costs nothing.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/net/stream.hpp>

namespace ftpfs::fuzz {

enum class End { none, clean, reset };

// Shared by both ends and by the reads that are suspended in it.
class Wire {
 public:
  explicit Wire(Clock::duration inactivity) : inactivity_(inactivity) {}

  // The server's end.
  std::function<void(std::string_view)> heard;  // what the client has written
  std::function<void(bool whole)> left;         // the client has ended it, or torn it
  void send(std::string_view bytes) {
    unread_ += bytes;
    readers_.wake_all();
  }
  void end(End how) {
    if (how == End::none || end_ != End::none) return;
    end_ = how;
    readers_.wake_all();
  }

  // The client's.
  static awaitable<std::size_t> read_some(std::shared_ptr<Wire> self, MutableBytes into) {
    const std::stop_token never;
    self->silence_ = {};
    for (;;) {
      if (const auto size = self->try_read(into)) co_return *size;
      if (self->silence_ >= self->inactivity_) throw ConnectionLost(ETIMEDOUT, "no progress");
      ++self->reading_;
      co_await self->readers_.wait(never);
      --self->reading_;
    }
  }
  std::optional<std::size_t> try_read(MutableBytes into) {
    require_alive();
    if (unread_.empty()) return end_ == End::clean ? std::optional<std::size_t>(0) : std::nullopt;
    const std::size_t size = std::min(unread_.size(), into.size());
    std::memcpy(into.data(), unread_.data(), size);
    unread_.erase(0, size);
    return size;
  }
  void write(std::string_view bytes) {
    require_alive();
    if (heard && end_ == End::none) heard(bytes);
  }
  void finish() {
    require_alive();
    if (const auto tell = std::exchange(left, nullptr)) tell(true);
  }
  void abort() noexcept {
    aborted_ = true;
    readers_.wake_all();
    if (const auto tell = std::exchange(left, nullptr)) tell(false);
  }
  bool readable() const noexcept { return aborted_ || !unread_.empty() || end_ != End::none; }

  void pass(Clock::duration step) {
    if (reading_ == 0) return;
    silence_ += step;
    if (silence_ >= inactivity_) readers_.wake_all();
  }

 private:
  void require_alive() const {
    if (aborted_) throw ConnectionLost(EIO, "aborted");
    if (end_ == End::reset && unread_.empty()) throw ConnectionLost(EIO, "reset by the peer");
  }

  Clock::duration inactivity_;
  Clock::duration silence_{};
  int reading_ = 0;
  std::string unread_;
  End end_ = End::none;
  bool aborted_ = false;
  WaitList readers_;
};

class WireStream final : public net::Stream {
 public:
  WireStream(std::shared_ptr<Wire> wire, net::HostPort peer)
      : wire_(std::move(wire)), peer_(std::move(peer)) {}
  ~WireStream() override { wire_->abort(); }

  awaitable<std::size_t> read_some(MutableBytes into) override { return Wire::read_some(wire_, into); }
  std::optional<std::size_t> try_read(MutableBytes into) override { return wire_->try_read(into); }
  awaitable<void> write(Bytes bytes) override {
    wire_->write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    co_return;
  }
  awaitable<void> finish() override {
    wire_->finish();
    co_return;
  }
  void abort() noexcept override { wire_->abort(); }
  bool readable() noexcept override { return wire_->readable(); }
  net::HostPort peer() const override { return peer_; }
  asio::ip::tcp::endpoint local() const override { return {asio::ip::make_address("192.0.2.9"), 40000}; }

 private:
  std::shared_ptr<Wire> wire_;
  net::HostPort peer_;
};

}  // namespace ftpfs::fuzz
