// SPDX-License-Identifier: MIT
// From nothing to a session that can work: connect, greeting, log-in, set-up.
#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <iterator>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/ftp/session.hpp>
#include <ftpfs/proto/fault.hpp>
#include <ftpfs/proto/path_name.hpp>

#include "list_by_status.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// Silence is normal on a control connection while data flows; the session has its own deadline for each
// reply.
constexpr std::chrono::milliseconds no_inactivity_limit = std::chrono::hours(24);

constexpr const char* wanted_facts[] = {"type", "size", "modify", "unix.mode"};

// Facts that we need and the server would not send without being asked (pyftpdlib: unix.mode); empty: none.
std::string facts_to_enable(const proto::Features& features) {
  std::string list;
  bool missing = false;
  for (const char* name : wanted_facts) {
    const auto fact = std::find_if(features.mlst_facts.begin(), features.mlst_facts.end(),
                                   [&](const proto::MlstFact& offered) { return offered.name == name; });
    if (fact == features.mlst_facts.end()) continue;
    missing = missing || !fact->enabled;
    list += fmt::format("{};", name);
  }
  return missing ? "MLST " + list : std::string();
}

bool is_utf8(std::string_view charset) {
  return charset == "UTF-8" || charset == "UTF8" || charset == "utf-8" || charset == "utf8";
}

// A server without FEAT may have UTF-8 all the same. Where the user names another character set, UTF-8 must
// stay off: IIS and others speak their code page until they are asked.
bool may_ask_for_utf8(const FtpConfig& config, const ServerProfile& known) {
  if (!config.ask_for_utf8 || (!config.codepage.empty() && !is_utf8(config.codepage))) return false;
  if (known.features.utf8 || !config.codepage.empty()) return true;
  return !known.features.known && known.utf8 != Support::no;
}

// USER joe@ftp.example.org is what the classic FTP proxies understand.
std::string login_name(const FtpConfig& config) {
  if (!config.proxy) return config.user;
  const bool ipv6 = config.host.find(':') != std::string::npos;
  std::string name = config.user + (ipv6 ? "@[" + config.host + "]" : "@" + config.host);
  if (config.port != 21) name += fmt::format(":{}", config.port);
  return name;
}

bool is_one_of(std::initializer_list<std::string_view> servers, std::string_view greeting) noexcept {
  const auto is_named = [greeting](std::string_view one) { return greeting.find(one) != greeting.npos; };
  return std::ranges::any_of(servers, is_named);
}

// They lose or mangle what comes behind a command in one segment (lftp: ftp:auto-sync-mode).
bool loses_commands(std::string_view greeting) noexcept {
  return is_one_of({"Microsoft FTP Service", "MadGoat", "MikroTik"}, greeting);
}

// Nor may a classic proxy be asked several things at once: ftp-proxy (Proxy-Suite 1.9.2.4) answers PASV by
// itself, before the server's reply to the CWD in front of it.
bool may_row(const FtpConfig& config, std::string_view greeting) noexcept {
  return config.pipelining && !config.proxy && !loses_commands(greeting);
}

// What would need a path from the root.
void leave_out_whole_paths(ServerProfile& known) noexcept {
  known.mlsd_paths = false;
  known.features.avbl = false;
  known.features.site_symlink = false;
}

}  // namespace

// Where the server did not survive several commands at once, or what was to be found out, again without.
awaitable<std::shared_ptr<Session>> Session::open(std::shared_ptr<SessionContext> context,
                                                  std::stop_token stop) {
  const ServerProfile& known = context->profile;
  const Support rows = known.pipelining;
  const Support status = known.status;
  try {
    co_return co_await attempt(context, stop);
  } catch (const ConnectionLost&) {
    const bool by_rows = rows == Support::unknown && known.pipelining == Support::no &&
                         may_row(context->config, known.greeting);
    const bool by_status = status == Support::unknown && known.status == Support::no;
    if (!by_rows && !by_status) throw;
  }
  co_return co_await attempt(context, stop);
}

awaitable<std::shared_ptr<Session>> Session::attempt(std::shared_ptr<SessionContext> context,
                                                     std::stop_token stop) {
  const std::shared_ptr<Session> session(new Session(std::move(context)));
  co_await session->connect(stop);
  const std::stop_callback on_stop(stop, Abort(*session));
  const bool implicit = session->context().config.tls == TlsMode::implicit;
  try {
    if (implicit) co_await session->start_tls();
    co_await session->greeting();
    if (!implicit) co_await session->secure();
    co_await session->log_in();
    co_await session->protect_data();
    co_await session->set_up();
  } catch (const ConnectionLost&) {
    if (stop.stop_requested()) throw Cancelled();
    throw;
  }
  co_return session;
}

awaitable<void> Session::connect(std::stop_token stop) {
  const FtpConfig& config = context_->config;
  net::HostPort where = config.proxy ? config.proxy->where : net::HostPort{config.host, config.port};
  net::StreamLimits limits;
  limits.connect = config.connect_timeout;
  limits.inactivity = no_inactivity_limit;
  stream_ = co_await context_->connector.connect(std::move(where), limits, stop);
  peer_ = stream_->peer();
  profile().round_trip = stream_->round_trip();
}

void Session::refuse(std::string what, const Reply& reply) const {
  if (proto::is_connection_limit(reply))
    throw Error(EUSERS, "server takes no more connections", reply.last_line());
  if (tls_ == nullptr && proto::wants_tls(reply)) {
    const bool by_choice = context_->config.tls == TlsMode::off;
    what += by_choice ? ": the server wants TLS, and tls=off does without" : ": the server wants TLS";
    throw NotAdmitted(std::move(what), reply.last_line());
  }
  // vsftpd: not our credentials, which it may not even have looked at.
  if (reply.permanent() && proto::ends_session(reply))
    throw ConnectionLost(EIO, what + ": the server has broken down", reply.last_line());
  if (reply.code == 430 || reply.permanent()) throw NotAdmitted(std::move(what), reply.last_line());
  if (!reply.transient()) throw Error(EPROTO, std::move(what), reply.last_line());
  throw ConnectionLost(ECONNREFUSED, std::move(what), reply.last_line());
}

awaitable<void> Session::greeting() {
  outstanding_.push_back({"greeting", false});
  const Turn turn = written_ = ++sent_;
  limit_reply(context_->config.greeting_timeout);
  Reply reply = co_await hear(turn);
  while (reply.preliminary()) reply = co_await hear(turn);  // 120: ready in a moment
  if (!reply.completion()) refuse("server refuses the connection", reply);
  ServerProfile& known = profile();
  known.greeting = reply.text;
  known.is_vsftpd = known.one_at_a_time = is_one_of({"vsFTPd"}, known.greeting);
  known.keeps_early_data = is_one_of({"vsFTPd", "ProFTPD", "Pure-FTPd"}, known.greeting);
}

// A proxy that wants to know its users is told first, and then, as if nothing had been, where to go.
awaitable<void> Session::log_in() {
  const FtpConfig& config = context_->config;
  if (config.proxy && !config.proxy->user.empty()) {
    const std::string no_account;
    const Reply reply = co_await identify(config.proxy->user, config.proxy->password, no_account);
    if (!reply.completion())
      refuse(fmt::format("login at the proxy as {} refused", config.proxy->user), reply);
  }
  std::string name = login_name(config);
  const Reply reply = co_await identify(name, config.password, config.account);
  if (!reply.completion()) refuse(fmt::format("login as {} refused", name), reply);
}

// The final reply.
awaitable<Reply> Session::identify(std::string user, std::string password, std::string account) {
  Turn turn = co_await send(Verb::user, user);
  Reply reply = co_await hear(turn);
  if (reply.code == 331) {
    turn = co_await send(Verb::pass, std::move(password));
    reply = co_await hear(turn);
  }
  if (reply.code == 332) {
    if (account.empty())
      throw NotAdmitted(fmt::format("login as {} needs an account (account=)", user), reply.last_line());
    turn = co_await send(Verb::acct, std::move(account));
    reply = co_await hear(turn);
  }
  co_return reply;
}

// FEAT decides what else is to be said, and so it is waited for. Not from vsftpd, where that can be no more
// than one thing.
awaitable<void> Session::set_up() {
  ServerProfile& known = profile();
  std::vector<Command> row;
  const bool beside = !known.greeted && known.is_vsftpd && context_->config.pipelining;
  if (!known.greeted && !beside) {
    const Reply features = co_await ask(Verb::feat, "");
    known.features = proto::parse_features(features);
  }
  if (beside) row.push_back({Verb::feat, ""});
  if (known.features.clnt)
    row.push_back({Verb::clnt, "ftpfs " FTPFS_VERSION});  // G6, RaidenFTPd: in each session, before OPTS UTF8
  const Command utf8_on{Verb::opts, "UTF8 ON"};
  if (!beside && may_ask_for_utf8(context_->config, known)) row.push_back(utf8_on);
  std::string facts = facts_to_enable(known.features);
  if (!facts.empty()) row.push_back({Verb::opts, std::move(facts)});
  std::ranges::move(status_questions(context_->config, known), std::back_inserter(row));
  row.push_back({Verb::type, "I"});
  if (!known.greeted) row.push_back({Verb::pwd, ""});
  const std::vector<Reply> replies = co_await introduce(row);
  for (std::size_t at = 0; at < row.size(); ++at) learn_from_set_up(row[at], replies[at]);
  if (beside && may_ask_for_utf8(context_->config, known)) {
    const Reply reply = co_await ask(utf8_on.verb, utf8_on.argument);
    learn_from_set_up(utf8_on, reply);
  }
  if (known.greeted) co_return;
  known.relative = !proto::is_unix_path(known.home) && !context_->config.directory.starts_with('/');
  if (known.relative) leave_out_whole_paths(known);
  known.greeted = true;
  context_->logger->info("logged in to {} as {}, at {}", escaped(context_->config.host),
                         escaped(context_->config.user), escaped(known.home));
}

void Session::learn_from_set_up(const Command& command, const Reply& reply) {
  ServerProfile& known = profile();
  if (command.verb == Verb::opts && command.argument.starts_with("UTF8")) {
    // pure-ftpd lists UTF8, says 504 here, and is right about UTF-8.
    known.utf8 = reply.completion() || known.features.utf8 ? Support::yes : Support::no;
  }
  if (command.verb == Verb::feat) known.features = proto::parse_features(reply);
  if (command.verb == Verb::rest) {
    learn_status(*this, command, reply);
    if (reply.code == 350 && command.argument != "0") known.rest = Support::yes;
  }
  if (command.verb == Verb::type && !reply.completion())
    throw Error(EPROTO, "server refuses binary transfers", reply.last_line());
  if (command.verb == Verb::pwd && reply.completion())
    known.home = proto::parse_path_name(reply).value_or("/");
}

// The set-up itself tries out whether this server answers several commands in a row: they are wanted anyway,
// and PWD shows that the last one was understood.
awaitable<std::vector<Reply>> Session::introduce(std::vector<Command> row) {
  ServerProfile& known = profile();
  if (!may_row(context_->config, known.greeting)) known.pipelining = Support::no;
  const bool in_doubt = known.pipelining == Support::unknown && row.size() > 1;
  if (in_doubt) known.pipelining = Support::yes;
  std::vector<Reply> replies;
  try {
    replies = co_await ask_all(row);
  } catch (const ConnectionLost&) {
    if (in_doubt) known.pipelining = Support::no;
    throw;
  }
  if (!in_doubt) co_return replies;
  const bool understood = replies.back().completion() && replies[row.size() - 2].completion();
  if (understood) co_return replies;
  known.pipelining = Support::no;
  co_return co_await ask_all(std::move(row));
}

}  // namespace ftpfs::ftp
