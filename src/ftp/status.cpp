// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>

#include "operations.hpp"

namespace ftpfs::ftp {
namespace {

Movement of(const RateMeter& meter) {
  return {meter.total(), meter.per_second()};
}

std::optional<Away> of(const std::optional<Outage>& outage, Clock::time_point now) {
  if (!outage) return std::nullopt;
  using std::chrono::seconds;
  const auto wait = std::max(outage->next_attempt - now, Clock::duration::zero());
  return Away{std::chrono::duration_cast<seconds>(now - outage->since), std::chrono::ceil<seconds>(wait),
              outage->attempts, outage->why, outage->server_said};
}

}  // namespace

RemoteStatus status_of(const Server& server) {
  const SessionContext& context = *server.context;
  const FtpConfig& config = context.config;
  RemoteStatus now;
  now.host = config.host;
  now.port = config.port;
  now.user = config.user;
  const ServerProfile& profile = context.profile;
  if (profile.greeted) now.root = server.path(Path());
  now.greeting = profile.greeting.substr(0, profile.greeting.find('\n'));
  now.tls_mode = config.tls;
  now.tls = context.tls_in_use;
  now.sessions = server.pool.counts();
  now.away = of(server.pool.outage(), context.clock.now());
  now.refusal = server.pool.refusal();
  now.turned_away = server.pool.turned_away();
  now.received = of(context.traffic.received);
  now.sent = of(context.traffic.sent);
  now.commands = context.traffic.commands;
  now.connections = context.sessions;
  now.lost = context.traffic.lost;
  return now;
}

}  // namespace ftpfs::ftp
