// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fmt/format.h>

#include "held_transfer.hpp"
#include "kept_names.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "primed.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

class FtpSource final : public Source {
 public:
  // null: the file ends before the offset that was asked for.
  FtpSource(std::shared_ptr<HeldTransfer> held, std::optional<Attributes> shown)
      : held_(std::move(held)), shown_(std::move(shown)) {}
  ~FtpSource() override {
    if (held_) held_->drop();
  }

  awaitable<std::size_t> read_some(MutableBytes into) override { return read(held_, into); }
  std::optional<Attributes> shown() const override { return shown_; }

 private:
  // Not a member: the Source may be destroyed while a read is pending.
  static awaitable<std::size_t> read(std::shared_ptr<HeldTransfer> held, MutableBytes into) {
    if (!held || held->completed()) co_return 0;
    const std::shared_ptr<Transfer> transfer = held->begin();
    std::size_t size = 0;
    std::exception_ptr failure;
    try {
      size = co_await transfer->read_some(into);
    } catch (...) {
      failure = std::current_exception();
    }
    held->end(size);
    if (failure) held->fail(failure);
    if (size == 0) held->complete();
    co_return size;
  }

  std::shared_ptr<HeldTransfer> held_;
  std::optional<Attributes> shown_;
};

// The transfer, or null where the file ends before `offset`.
struct Opened {
  std::shared_ptr<HeldTransfer> held;
  std::optional<Attributes> shown;
};

// A look that goes out together with RETR, so that nothing fits between the two; none where a trip would lie
// between them: the data port is asked for in front, and REST has to be known to work.
std::vector<Command> look_before(const std::shared_ptr<Session>& session, const std::string& path,
                                 std::uint64_t offset) {
  if (offset == 0 || session->profile().rest != Support::yes) return {};
  std::vector<Command> commands = look_ahead_commands(session->profile(), path);
  if (!commands.empty()) prime(session, Need::surely);
  if (!session->primed()) commands.clear();
  return commands;
}

awaitable<Opened> begin_download(Lease& lease, std::string path, std::uint64_t offset, std::stop_token stop) {
  if (known_lost(lease->profile(), path))
    throw Error(EINVAL, fmt::format("{}: the server takes another name for it", escaped(path)));
  const std::shared_ptr<Session> session = lease.session();
  const Clock& clock = session->context().clock;
  const Clock::time_point asked = clock.now();
  const std::vector<Command> before = look_before(session, path, offset);
  std::unique_ptr<Transfer> transfer =
      co_await begin_patiently(session, Verb::retr, path, offset, stop, before);
  // The look was refused before RETR was sent: let that say what is wrong, or do without.
  if (!transfer->begun() && !before.empty())
    transfer = co_await begin_patiently(session, Verb::retr, path, offset, stop);
  Opened opened;
  // Not one that a second attempt has asked in front: it would be older than the stream by a trip.
  if (transfer->in_a_row() && transfer->answers().size() == before.size())
    opened.shown = looked_ahead(*session, transfer->answers());
  if (!transfer->refusal()) {
    opened.held = std::make_shared<HeldTransfer>(std::move(lease), std::move(transfer));
    opened.held->offer(HeldTransfer::Yields::also_when_busy, clock.now() - asked);
    co_return opened;
  }
  const Reply reply = *transfer->refusal();
  if (reply.code == 554 && offset > 0) co_return opened;  // proftpd, pure-ftpd, pyftpdlib: beyond the end
  const Error why = co_await explain_refusal(session, Verb::retr, path, reply, Wants::file, EIO, stop);
  throw why;
}

}  // namespace

awaitable<std::unique_ptr<Source>> open_source(ServerPtr server, std::string path, std::uint64_t offset,
                                               std::stop_token stop) {
  const auto work = [path, offset, stop](Lease& lease) { return begin_download(lease, path, offset, stop); };
  Opened opened = co_await retrying<Opened>(server, Lane::bulk, work, stop);
  co_return std::make_unique<FtpSource>(std::move(opened.held), std::move(opened.shown));
}

}  // namespace ftpfs::ftp
