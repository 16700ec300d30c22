// SPDX-License-Identifier: MIT
// How much room there is: three commands, none of them a standard.
#include <vector>

#include <ftpfs/proto/space.hpp>

#include "operations.hpp"

namespace ftpfs::ftp {
namespace {

using proto::Reply;
using proto::Verb;

// SITE QUOTA is worth a try wherever SITE may be: proftpd tells it in SITE HELP only.
std::vector<SpaceCommand> commands(const ServerProfile& profile) {
  if (profile.space == SpaceCommand::none) return {};
  if (profile.space != SpaceCommand::untested) return {profile.space};
  std::vector<SpaceCommand> result;
  if (profile.features.avbl) result.push_back(SpaceCommand::avbl);
  if (profile.features.xquota) result.push_back(SpaceCommand::xquota);
  result.push_back(SpaceCommand::site_quota);
  return result;
}

awaitable<std::optional<Space>> ask(Session& session, SpaceCommand command, std::string path,
                                    std::stop_token stop) {
  if (command == SpaceCommand::avbl) {
    const Reply reply = co_await session.command(Verb::avbl, std::move(path), stop);
    co_return proto::parse_avbl(reply);
  }
  if (command == SpaceCommand::xquota) {
    const Reply reply = co_await session.command(Verb::xquota, "", stop);
    co_return proto::parse_xquota(reply);
  }
  const Reply reply = co_await session.command(Verb::site, "QUOTA", stop);
  co_return proto::parse_site_quota(reply);
}

}  // namespace

bool may_tell_space(const ServerProfile& profile) noexcept {
  return profile.space != SpaceCommand::none;
}

awaitable<std::optional<Space>> ask_space(std::shared_ptr<Session> session, std::string path,
                                          std::stop_token stop) {
  ServerProfile& profile = session->profile();
  const std::vector<SpaceCommand> candidates = commands(profile);
  for (const SpaceCommand command : candidates) {
    const std::optional<Space> space = co_await ask(*session, command, path, stop);
    if (space) profile.space = command;
    if (space) co_return space;
  }
  profile.space = SpaceCommand::none;
  co_return std::nullopt;
}

}  // namespace ftpfs::ftp
