// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fmt/format.h>

#include "held_transfer.hpp"
#include "kept_names.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

class FtpSource final : public Source {
 public:
  // null: the file ends before the offset that was asked for.
  explicit FtpSource(std::shared_ptr<HeldTransfer> held) : held_(std::move(held)) {}
  ~FtpSource() override {
    if (held_) held_->drop();
  }

  awaitable<std::size_t> read_some(MutableBytes into) override { return read(held_, into); }

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
};

// The transfer, or null where the file ends before `offset`.
struct Opened {
  std::shared_ptr<HeldTransfer> held;
};

awaitable<Opened> begin_download(Lease& lease, std::string path, std::uint64_t offset, std::stop_token stop) {
  if (known_lost(lease->profile(), path))
    throw Error(EINVAL, fmt::format("{}: the server takes another name for it", escaped(path)));
  std::unique_ptr<Transfer> transfer =
      co_await begin_patiently(lease.session(), Verb::retr, path, offset, stop);
  Opened opened;
  if (!transfer->refusal()) {
    opened.held = std::make_shared<HeldTransfer>(std::move(lease), std::move(transfer));
    opened.held->offer(HeldTransfer::Yields::also_when_busy);
    co_return opened;
  }
  const Reply reply = *transfer->refusal();
  if (reply.code == 554 && offset > 0) co_return opened;  // proftpd, pure-ftpd, pyftpdlib: beyond the end
  const Error why =
      co_await explain_refusal(lease.session(), Verb::retr, path, reply, Wants::file, EIO, stop);
  throw why;
}

}  // namespace

awaitable<std::unique_ptr<Source>> open_source(ServerPtr server, std::string path, std::uint64_t offset,
                                               std::stop_token stop) {
  const auto work = [path, offset, stop](Lease& lease) { return begin_download(lease, path, offset, stop); };
  Opened opened = co_await retrying<Opened>(server, Lane::bulk, work, stop);
  co_return std::make_unique<FtpSource>(std::move(opened.held));
}

}  // namespace ftpfs::ftp
