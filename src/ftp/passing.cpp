// SPDX-License-Identifier: MIT
#include "passing.hpp"

#include <ftpfs/proto/fault.hpp>

namespace ftpfs::ftp {

namespace {

constexpr int most_tries = 3;  // besides the first
constexpr std::chrono::milliseconds first_try_after{200};
constexpr std::chrono::milliseconds last_try_after{500};

}  // namespace

Patience::Patience(SessionContext& context)
    : context_(context), backoff_(context, first_try_after, last_try_after), tries_left_(most_tries) {}

awaitable<bool> Patience::lasts(proto::Verb verb, proto::Reply refusal, std::stop_token stop) {
  if (tries_left_ == 0 || !proto::is_passing(verb, refusal)) co_return false;
  --tries_left_;
  const Clock::time_point again = context_.clock.now() + backoff_.next();
  co_await context_.clock.sleep_until(again, stop);
  co_return true;
}

awaitable<proto::Reply> command_patiently(std::shared_ptr<Session> session, proto::Verb verb,
                                          std::string argument, std::stop_token stop) {
  Patience patience(session->context());
  for (;;) {
    const proto::Reply reply = co_await session->command(verb, argument, stop);
    if (reply.completion() || reply.intermediate()) co_return reply;
    const bool again = co_await patience.lasts(verb, reply, stop);
    if (!again) co_return reply;
  }
}

awaitable<std::unique_ptr<Transfer>> begin_patiently(std::shared_ptr<Session> session, proto::Verb verb,
                                                     std::string path, std::uint64_t offset,
                                                     std::stop_token stop, std::vector<Command> before) {
  Patience patience(session->context());
  constexpr auto until = Transfer::Until::accepted;
  for (;;) {
    std::unique_ptr<Transfer> transfer =
        co_await Transfer::begin(session, verb, path, offset, stop, until, before);
    if (!transfer->refusal()) co_return transfer;
    const proto::Reply refusal = *transfer->refusal();
    const bool again = co_await patience.lasts(verb, refusal, stop);
    if (!again) co_return transfer;
  }
}

}  // namespace ftpfs::ftp
