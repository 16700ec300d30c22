// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>

#include <ftpfs/ftp/ftp_remote.hpp>

#include "listing.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

class FtpRemote::Impl {
 public:
  explicit Impl(std::shared_ptr<SessionContext> context)
      : server(std::make_shared<Server>(std::move(context))) {}

  ServerPtr server;
};

namespace {

awaitable<void> enter_root(Lease& lease, ServerPtr server, std::stop_token stop) {
  server->find_root();
  const std::string root = server->path(Path());
  const proto::Reply reply = co_await lease->command(proto::Verb::cwd, root, stop);
  if (reply.completion()) co_return;
  const Error why = co_await explain_refusal(lease.session(), proto::Verb::cwd, root, reply, Wants::directory,
                                             EACCES, stop);
  throw why;
}

awaitable<std::optional<Attributes>> nothing() {
  co_return std::nullopt;
}

awaitable<void> done() {
  co_return;
}

awaitable<std::vector<Entry>> list_local(ServerPtr server, std::shared_ptr<Session> session, std::string path,
                                         std::stop_token stop) {
  std::vector<Entry> entries = co_await list_directory(session, path, stop);
  for (Entry& entry : entries) entry.link_target = target_from(server->root, path, entry.link_target);
  co_return server->local(std::move(entries));
}

using ChangeOfOne = awaitable<void> (*)(ServerPtr server, std::string path, std::stop_token wanted);

awaitable<void> changing(ServerPtr server, ChangeOfOne change, std::string path, std::stop_token stop) {
  const auto work = [change, path = std::move(path)](ServerPtr shared, std::stop_token wanted) {
    return change(std::move(shared), path, std::move(wanted));
  };
  return to_the_end(std::move(server), work, std::move(stop));
}

}  // namespace

FtpRemote::FtpRemote(Executor executor, net::Connector& connector, Clock& clock, Logger logger,
                     FtpConfig config)
    : impl_(std::make_unique<Impl>(std::make_shared<SessionContext>(std::move(executor), connector, clock,
                                                                    std::move(logger), std::move(config)))) {}

FtpRemote::~FtpRemote() {
  impl_->server->pool.abort();
  impl_->server->context->tasks.request_stop();
}

void FtpRemote::leave_chance_to(std::function<std::uint64_t()> random) {
  impl_->server->context->random = std::move(random);
}

awaitable<void> FtpRemote::connect(std::stop_token stop) {
  SessionContext& context = *impl_->server->context;
  // What cannot be read or understood is no secret until later. Without anything of the user's, a server
  // without TLS is spared OpenSSL: 3 ms of 28, and 3 of 11 MiB.
  const bool may_be_wrong = context.config.tls_policy != net::TlsPolicy{};
  if (context.config.tls != TlsMode::off && may_be_wrong) context.tls();
  const auto work = [server = impl_->server, stop](Lease& lease) { return enter_root(lease, server, stop); };
  return retrying<void>(impl_->server, Lane::metadata, work, stop);
}

awaitable<void> FtpRemote::close() {
  const ServerPtr server = impl_->server;
  co_await server->pool.close();
  server->context->tasks.request_stop();
}

awaitable<ServerReport> FtpRemote::examine(bool may_write, std::stop_token stop) {
  return ftp::examine(impl_->server, may_write, stop);
}

RemoteStatus FtpRemote::status() const {
  return status_of(*impl_->server);
}

std::optional<std::string> FtpRemote::path_on_server(const Path& path) const {
  const Server& server = *impl_->server;
  if (!server.context->profile.greeted || !server.names.path_to_server(path.str())) return std::nullopt;
  return server.path(path);
}

awaitable<std::optional<Attributes>> FtpRemote::stat(Path path, std::stop_token stop) {
  if (!impl_->server->names.path_to_server(path.str())) return nothing();
  const auto work = [where = impl_->server->path(path), stop](Lease& lease) {
    return look(lease.session(), where, stop);
  };
  return retrying<std::optional<Attributes>>(impl_->server, Lane::metadata, work, stop);
}

awaitable<bool> FtpRemote::has_file(Path path, std::stop_token stop) {
  const auto work = [where = impl_->server->new_path(path), stop](Lease& lease) {
    return ftp::has_file(lease.session(), where, stop);
  };
  return retrying<bool>(impl_->server, Lane::metadata, work, stop);
}

awaitable<std::vector<Entry>> FtpRemote::list(Path directory, std::stop_token stop) {
  const ServerPtr server = impl_->server;
  const auto work = [server, where = server->path(directory), stop](Lease& lease) {
    return list_local(server, lease.session(), where, stop);
  };
  return retrying<std::vector<Entry>>(impl_->server, Lane::metadata, work, stop);
}

awaitable<std::unique_ptr<Source>> FtpRemote::open_source(Path path, std::uint64_t offset,
                                                          std::stop_token stop) {
  return ftp::open_source(impl_->server, impl_->server->path(path), offset, stop);
}

awaitable<std::optional<WholeFile>> FtpRemote::fetch_whole(Path path, std::uint64_t at_most,
                                                           std::stop_token stop) {
  return ftp::fetch_whole(impl_->server, impl_->server->path(path), at_most, stop);
}

awaitable<std::unique_ptr<Sink>> FtpRemote::open_sink(Path path, SinkRequest request, std::stop_token stop) {
  return ftp::open_sink(impl_->server, impl_->server->new_path(path), request, stop);
}

awaitable<void> FtpRemote::make_directory(Path path, std::stop_token stop) {
  return changing(impl_->server, ftp::make_directory, impl_->server->new_path(path), stop);
}

awaitable<void> FtpRemote::remove_file(Path path, std::stop_token stop) {
  return changing(impl_->server, ftp::remove_file, impl_->server->path(path), stop);
}

awaitable<void> FtpRemote::remove_directory(Path path, std::stop_token stop) {
  return changing(impl_->server, ftp::remove_directory, impl_->server->path(path), stop);
}

awaitable<void> FtpRemote::rename(Path from, Path to, std::stop_token stop) {
  const auto work = [old_name = impl_->server->path(from), new_name = impl_->server->new_path(to)](
                        ServerPtr server, std::stop_token wanted) {
    return ftp::rename(std::move(server), old_name, new_name, std::move(wanted));
  };
  return to_the_end(impl_->server, work, stop);
}

awaitable<void> FtpRemote::set_mtime(Path path, std::int64_t seconds, std::stop_token stop) {
  const auto work = [where = impl_->server->path(path), seconds, stop](Lease& lease) {
    return ftp::set_mtime(lease.session(), where, seconds, stop);
  };
  return retrying<void>(impl_->server, Lane::metadata, work, stop);
}

awaitable<std::uint16_t> FtpRemote::set_mode(Path path, std::uint16_t mode, std::stop_token stop) {
  const auto work = [where = impl_->server->path(path), mode, stop](Lease& lease) {
    return ftp::set_mode(lease.session(), where, mode, stop);
  };
  return retrying<std::uint16_t>(impl_->server, Lane::metadata, work, stop);
}

awaitable<void> FtpRemote::make_symlink(std::string target, Path path, std::stop_token stop) {
  const auto work = [argument = link_argument(*impl_->server, target, path),
                     link = impl_->server->new_path(path)](ServerPtr server, std::stop_token wanted) {
    return ftp::make_symlink(std::move(server), argument, link, std::move(wanted));
  };
  return to_the_end(impl_->server, work, stop);
}

awaitable<std::optional<Space>> FtpRemote::space(std::stop_token stop) {
  const auto work = [where = impl_->server->path(Path()), stop](Lease& lease) {
    return ask_space(lease.session(), where, stop);
  };
  return retrying<std::optional<Space>>(impl_->server, Lane::metadata, work, stop);
}

void FtpRemote::beware_of_late_commands() noexcept {
  impl_->server->context->late.lost();
}

awaitable<void> FtpRemote::settle(std::stop_token stop) {
  if (!impl_->server->context->late.feared(impl_->server->context->clock.now())) return done();
  const auto work = [stop](Lease& lease) { return ftp::settle(lease.session(), stop); };
  return retrying<void>(impl_->server, Lane::metadata, work, stop);
}

Capabilities FtpRemote::capabilities() const noexcept {
  const SessionContext& context = *impl_->server->context;
  const ServerProfile& profile = context.profile;
  Capabilities result;
  result.cheap_stat = may_have_mlst(profile) && profile.greeted;
  result.tells_mode = result.cheap_stat && profile.features.has_fact("unix.mode");
  result.set_mtime = profile.mtime != MtimeCommand::none;
  result.set_mode = profile.mode != ModeCommand::none;
  result.make_symlink = profile.features.site_symlink;
  result.tells_space = may_tell_space(profile);
  result.near = !context.is_far().value_or(true);
  return result;
}

const std::optional<Outage>& FtpRemote::outage() const noexcept {
  return impl_->server->pool.outage();
}

void FtpRemote::expect(std::size_t operations) {
  impl_->server->pool.expect(operations);
}

std::size_t FtpRemote::spare() const noexcept {
  return impl_->server->pool.spare();
}

bool FtpRemote::upload_in_doubt(const Path& path) const {
  const Server& server = *impl_->server;
  try {
    return server.context->late_uploads.doubtful(server.path(path));
  } catch (const Error&) {
    return false;  // the server can have nothing of that name
  }
}

std::size_t FtpRemote::sessions() const noexcept {
  return impl_->server->pool.limit();
}

}  // namespace ftpfs::ftp
