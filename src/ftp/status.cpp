// SPDX-License-Identifier: MIT
#include "operations.hpp"

namespace ftpfs::ftp {
namespace {

Movement of(const RateMeter& meter) {
  return {meter.total(), meter.per_second()};
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
  now.refusal = server.pool.refusal();
  now.received = of(context.traffic.received);
  now.sent = of(context.traffic.sent);
  now.commands = context.traffic.commands;
  now.connections = context.sessions;
  now.lost = context.traffic.lost;
  return now;
}

}  // namespace ftpfs::ftp
