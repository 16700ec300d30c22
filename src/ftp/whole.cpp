// SPDX-License-Identifier: MIT
// A small file in one go, for those who fetch ahead: the look and the content on one session.
#include <array>

#include "held_transfer.hpp"
#include "kept_names.hpp"
#include "look.hpp"
#include "operations.hpp"

namespace ftpfs::ftp {

using proto::Verb;

namespace {

// A transfer that ends with its scope: given up, unless it was read to its end.
class Receiving {
 public:
  Receiving(Lease lease, std::unique_ptr<Transfer> transfer, std::stop_token stop)
      : held_(std::make_shared<HeldTransfer>(std::move(lease), std::move(transfer))),
        on_stop_(std::move(stop), Drop{held_}) {}
  ~Receiving() { held_->drop(); }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  HeldTransfer& held() const noexcept { return *held_; }

 private:
  struct Drop {
    std::shared_ptr<HeldTransfer> held;
    void operator()() const noexcept { held->drop(); }
  };
  std::shared_ptr<HeldTransfer> held_;
  std::stop_callback<Drop> on_stop_;
};

awaitable<std::size_t> receive(HeldTransfer& held, MutableBytes into, std::stop_token stop) {
  const std::shared_ptr<Transfer> transfer = held.begin();
  std::size_t size = 0;
  std::exception_ptr failure;
  try {
    size = co_await transfer->read_some(into);
  } catch (...) {
    failure = std::current_exception();
  }
  if (stop.stop_requested()) throw Cancelled();
  held.end(size);
  if (failure) held.fail(failure);
  if (size == 0) held.complete();
  co_return size;
}

// Exactly as much as was shown and not a byte more; nothing where it is another file by now.
awaitable<std::optional<Buffer>> receive_all(HeldTransfer& held, std::size_t expected, std::stop_token stop) {
  Buffer content(expected);
  std::size_t filled = 0;
  while (filled < expected) {
    const MutableBytes room = content.bytes().subspan(filled);
    const std::size_t size = co_await receive(held, room, stop);
    if (size == 0) co_return std::nullopt;
    filled += size;
  }
  std::array<std::byte, 1> beyond;
  const MutableBytes rest(beyond);
  const std::size_t more = co_await receive(held, rest, stop);
  if (more > 0) co_return std::nullopt;
  co_return std::move(content);
}

// All that it asks of the server: the look, then RETR.
awaitable<std::optional<WholeFile>> fetch(Lease& lease, std::string path, std::uint64_t at_most,
                                          std::stop_token stop) {
  if (known_lost(lease->profile(), path)) co_return std::nullopt;
  const std::shared_ptr<Session> session = lease.session();
  const std::vector<Command> before = look_ahead_commands(lease->profile(), path);
  std::optional<Attributes> shown;
  if (before.empty()) shown = co_await look(session, path, stop);
  const auto fits = [&] {
    return shown && shown->kind == Kind::file && shown->size_known && shown->size <= at_most;
  };
  if (before.empty() && !fits()) co_return std::nullopt;
  if (before.empty() && shown->size == 0) co_return WholeFile{*shown, Buffer()};
  constexpr auto until = Transfer::Until::accepted;
  std::unique_ptr<Transfer> transfer =
      co_await Transfer::begin(session, Verb::retr, path, 0, stop, until, before);
  if (!before.empty() && transfer->answers().size() == before.size())
    shown = looked_ahead(*session, transfer->answers());
  if (!transfer->begun() || !fits() || transfer->refusal()) {  // whoever opens it hears why
    co_await transfer->settle();
    co_return std::nullopt;
  }
  WholeFile whole;
  whole.attributes = *shown;
  const Receiving receiving(std::move(lease), std::move(transfer), stop);
  HeldTransfer& held = receiving.held();
  std::optional<Buffer> content = co_await receive_all(held, shown->size, stop);
  if (!content) co_return std::nullopt;
  whole.content = std::move(*content);
  co_return std::move(whole);
}

}  // namespace

// On the lane of listings: it is as short as one, and transfers leave a session alone that would be idle
// then.
awaitable<std::optional<WholeFile>> fetch_whole(ServerPtr server, std::string path, std::uint64_t at_most,
                                                std::stop_token stop) {
  if (server->pool.spare() == 0) co_return std::nullopt;
  const auto work = [path, at_most, stop](Lease& lease) { return fetch(lease, path, at_most, stop); };
  co_return co_await retrying<std::optional<WholeFile>>(server, Lane::metadata, work, stop);
}

}  // namespace ftpfs::ftp
