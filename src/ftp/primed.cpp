// SPDX-License-Identifier: MIT
#include "primed.hpp"

#include <cerrno>
#include <utility>

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// Once one of them has led somewhere. In active mode there is nothing to connect to; PRET wants to know first
// what the port is for.
std::optional<Verb> passive_command(Session& session) noexcept {
  const ServerProfile& profile = session.profile();
  const FtpConfig& config = session.config();
  if (!config.prime || config.active.on || profile.priming == Support::no || profile.features.pret)
    return std::nullopt;
  const bool passive = profile.data_command == Verb::epsv || profile.data_command == Verb::pasv;
  return passive ? profile.data_command : std::nullopt;
}

awaitable<void> ask(Session& session, Primed& primed) {
  const Reply reply = co_await session.ask_behind(primed.port.agreed_by, "");
  if (agreed(session, reply, primed.port))
    primed.port.early = std::make_shared<EarlyConnection>();
  else
    forget_priming(session);
}

// A session that dies of it is found dead by whoever takes it.
awaitable<void> run(std::shared_ptr<Session> session, std::shared_ptr<Primed> primed) {
  const bool still_wanted = session->primed() == primed && session->may_ask_behind();
  try {
    if (still_wanted) co_await ask(*session, *primed);
  } catch (const ConnectionLost& error) {
    if (error.code() == ETIMEDOUT) forget_priming(*session);  // whoever came next had to wait for it
    session->abort();
  }
  primed->asking = false;
  primed->answered.wake_all();
  const std::shared_ptr<EarlyConnection> early = primed->port.early;
  if (!early) {
    if (session->primed() == primed) session->primed().reset();
    co_return;
  }
  session->context().tasks.spawn(connect_early(session, primed->port.where, early));
  if (session->primed() == primed) session->primed_deadline().set_in(primed_for);
}

}  // namespace

void prime(const std::shared_ptr<Session>& session, Need need) {
  SessionContext& context = session->context();
  if (session->primed() || !session->may_ask_behind()) return;
  const std::optional<Verb> verb = passive_command(*session);
  if (!verb || (need == Need::likely && !context.rhythm.fast(context.clock.now()))) return;
  const auto primed = std::make_shared<Primed>(*verb);
  session->primed() = primed;
  context.tasks.spawn(run(session, primed));
}

awaitable<std::optional<DataPort>> take_primed(std::shared_ptr<Session> session, std::stop_token stop) {
  const std::shared_ptr<Primed> primed = session->primed();
  if (!primed) co_return std::nullopt;
  while (primed->asking) co_await primed->answered.wait(stop);
  if (session->primed() != primed) co_return std::nullopt;
  const std::shared_ptr<EarlyConnection> early = primed->port.early;
  const bool refused = early->failure != nullptr;
  const bool closed = early->stream && early->stream->readable();
  if (refused || closed) {
    drop_primed(*session);
    if (refused) forget_priming(*session);
    co_return std::nullopt;
  }
  session->primed().reset();
  session->primed_deadline().clear();
  co_return std::move(primed->port);
}

bool is_primed(Session& session) noexcept {
  const std::shared_ptr<Primed>& primed = session.primed();
  return primed && primed->port.early && primed->port.early->stream;
}

void drop_primed(Session& session) noexcept {
  const std::shared_ptr<Primed> primed = std::move(session.primed());
  if (!primed) return;
  session.primed_deadline().clear();
  if (const std::shared_ptr<EarlyConnection> early = primed->port.early) {
    early->unwanted.request_stop();
    early->stream.reset();
  }
}

void forget_priming(Session& session) noexcept {
  if (session.profile().priming == Support::no) return;
  session.profile().priming = Support::no;
  session.context().logger->info("no data connections ahead of their use: the server does not like them");
}

}  // namespace ftpfs::ftp
