// SPDX-License-Identifier: MIT
// Looks a server over: does what a mount would do, one thing after the other, and notes what happened. A step
// that fails is a finding; only a server that cannot be logged in to ends it.
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/ftp/report.hpp>
#include <ftpfs/ftp/transfer.hpp>

#include "kept_names.hpp"
#include "listing.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "own_names.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

constexpr int round_trips = 5;
constexpr std::size_t most_connections = 10;  // enough to know; more would look like an attack
constexpr std::size_t sample_size = 100'000;
constexpr std::uint64_t sample_offset = 40'000;
constexpr std::chrono::seconds tidy_limit{5};
constexpr std::int64_t sample_time = 1'234'567'890;  // 2009-02-13 23:31:30 UTC

awaitable<void> remove_own(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  const Reply reply = co_await session->command(Verb::dele, path, stop);
  if (reply.completion()) co_return;
  const std::optional<Attributes> found = co_await look(session, path, stop);
  if (found) throw Error(EIO, "DELE refused", reply.last_line());  // else renamed, or never made
}

// One examination. Lives in the frame of examine().
class Examiner {
 public:
  Examiner(ServerPtr server, std::stop_token stop) : server_(std::move(server)), stop_(std::move(stop)) {
    SessionContext& context = *server_->context;
    const std::uint64_t number = context.random();
    file_.path = child_path(server_->path(Path()), own_name(context, "check"));
    other_.path = child_path(server_->path(Path()), own_name(context, "check"));
    for (std::size_t i = 0; i < sample_size; ++i) sample_ += static_cast<char>(i * number >> 7);
  }

  awaitable<ServerReport> run(bool may_write);

 private:
  using Step = awaitable<void> (Examiner::*)(Lease& lease);
  struct OwnFile {
    std::string path;
    bool touched = false;  // a STOR has gone out: it may be there
  };

  awaitable<void> look_over(bool may_write);
  awaitable<void> attempt(const char* name, Step step);
  awaitable<void> meet(Lease& lease);
  awaitable<void> list(Lease& lease);
  awaitable<void> upload(Lease& lease);
  awaitable<void> read_back(Lease& lease);
  awaitable<void> read_clock(Lease& lease);
  awaitable<void> find_dot_file(Lease& lease);
  awaitable<void> learn_names(Lease& lease);
  awaitable<void> set_time(Lease& lease);
  awaitable<void> set_permissions(Lease& lease);
  awaitable<void> overwrite(Lease& lease);
  awaitable<void> clean_up();
  awaitable<void> remove(OwnFile file);
  awaitable<void> count_connections();
  awaitable<void> store(Lease& lease, OwnFile& file, std::size_t size);
  void tell_what_is_known();
  void note(const char* step, const Error& error);

  ServerPtr server_;
  std::stop_token stop_;
  OwnFile file_;
  OwnFile other_;
  std::string sample_;
  ServerReport report_;
};

// Whatever happens, what was written is removed.
awaitable<ServerReport> Examiner::run(bool may_write) {
  std::exception_ptr failure;
  try {
    co_await look_over(may_write);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await clean_up();
  if (failure) std::rethrow_exception(failure);
  co_await count_connections();
  tell_what_is_known();
  co_return std::move(report_);
}

awaitable<void> Examiner::look_over(bool may_write) {
  co_await attempt("log in", &Examiner::meet);
  co_await attempt("list", &Examiner::list);
  if (may_write) co_await attempt("upload", &Examiner::upload);
  if (report_.writable != true) co_return;
  co_await attempt("read from an offset", &Examiner::read_back);
  co_await attempt("clock", &Examiner::read_clock);
  co_await attempt("dot files", &Examiner::find_dot_file);
  co_await attempt("names", &Examiner::learn_names);
  co_await attempt("set times", &Examiner::set_time);
  co_await attempt("chmod", &Examiner::set_permissions);
  co_await attempt("overwrite by rename", &Examiner::overwrite);
}

void Examiner::tell_what_is_known() {
  const SessionContext& context = *server_->context;
  const ServerProfile& known = context.profile;
  report_.restart = known.rest;
  report_.pipelining = known.pipelining;
  report_.data_command = known.data_command;
  report_.mtime = known.mtime;
  report_.mode = known.mode;
  report_.zones.told = known.clock.told();
  for (const std::int32_t offset : known.clock.list_offsets()) report_.zones.list.emplace_back(offset);
  report_.zones.mdtm = std::chrono::seconds(known.clock.mdtm_offset());
  report_.names.charset = charset_of(context.config, known);
  report_.names.kept = in_words(known.kept_traits);
  report_.names.changed = in_words(known.lost_traits);
}

void Examiner::note(const char* step, const Error& error) {
  report_.troubles.push_back(Trouble{step, error.what(), error.server_said()});
}

awaitable<void> Examiner::attempt(const char* name, Step step) {
  Lease lease = co_await server_->pool.acquire(Lane::metadata, stop_);
  const std::stop_callback on_stop(stop_, Abort(*lease));
  try {
    co_await (this->*step)(lease);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    if (stop_.stop_requested()) throw Cancelled();
    note(name, error);
  }
}

awaitable<void> Examiner::meet(Lease& lease) {
  Session& session = *lease;
  const SessionContext& context = session.context();
  const ServerProfile& known = session.profile();
  report_.host = context.config.host;
  report_.address = fmt::format("{} port {}", session.peer().host, session.peer().port);
  report_.greeting = known.greeting;
  report_.user = context.config.user;
  report_.home = known.home;
  report_.root = server_->path(Path());
  report_.relative = known.relative;
  report_.features = known.features.lines;
  if (session.tls() != nullptr) report_.tls = session.tls()->facts();
  for (int i = 0; i < round_trips; ++i) {
    const Clock::time_point asked = context.clock.now();
    co_await session.command(Verb::noop, "", stop_);
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(context.clock.now() - asked);
    report_.round_trip = std::min(report_.round_trip.value_or(passed), passed);
  }
  const Reply system = co_await session.command(Verb::syst, "", stop_);
  if (system.completion()) report_.system = system.text;
}

awaitable<void> Examiner::list(Lease& lease) {
  ServerProfile& known = lease->profile();
  const Support status = std::exchange(known.status, Support::no);  // a data connection is to be seen as well
  const std::vector<Entry> entries = co_await list_directory(lease.session(), report_.root, stop_);
  known.status = status;
  report_.entries = entries.size();
  if (known.status == Support::yes) report_.listed_by = proto::Verb::stat;
  if (known.mlsd == Support::yes) report_.listed_by = proto::Verb::mlsd;
  if (std::ranges::any_of(entries, [](const Entry& entry) { return entry.name.starts_with('.'); }))
    report_.dot_files = Support::yes;
  if (lease->tls() != nullptr && !server_->context->config.tls_data_clear)
    report_.tls_resumed = known.tls_data_resumed;
}

awaitable<void> Examiner::store(Lease& lease, OwnFile& file, std::size_t size) {
  file.touched = true;
  const std::unique_ptr<Transfer> transfer =
      co_await Transfer::begin(lease.session(), Verb::stor, file.path, 0, stop_);
  const std::stop_callback on_stop(stop_, Abort(*transfer));
  if (const std::optional<Reply>& refused = transfer->refusal())
    throw Error(EACCES, "STOR refused", refused->last_line());
  const Bytes bytes = as_bytes(std::string_view(sample_).substr(0, size));
  co_await transfer->write(bytes);
  co_await transfer->finish();
}

awaitable<void> Examiner::upload(Lease& lease) {
  report_.writable = false;
  co_await store(lease, file_, sample_.size());
  report_.writable = true;
}

awaitable<void> Examiner::read_back(Lease& lease) {
  const std::unique_ptr<Transfer> transfer =
      co_await Transfer::begin(lease.session(), Verb::retr, file_.path, sample_offset, stop_);
  const std::stop_callback on_stop(stop_, Abort(*transfer));
  if (const std::optional<Reply>& refused = transfer->refusal())
    throw Error(EIO, "RETR refused", refused->last_line());
  std::string content;
  Buffer chunk(64 * 1024);
  for (;;) {
    const std::size_t size = co_await transfer->read_some(chunk.bytes());
    if (size == 0) break;
    content.append(reinterpret_cast<const char*>(chunk.data()), size);
  }
  if (content != sample_.substr(sample_offset)) throw Error(EIO, "the file came back changed");
}

awaitable<void> Examiner::read_clock(Lease& lease) {
  const std::optional<Attributes> found = co_await look(lease.session(), file_.path, stop_);
  if (!found || !found->mtime || found->mtime->precision != Precision::second) co_return;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(server_->context->clock.wall().time_since_epoch());
  report_.clock_ahead = std::chrono::seconds(found->mtime->seconds) - now;
}

awaitable<void> Examiner::find_dot_file(Lease& lease) {
  const std::vector<Entry> entries = co_await list_directory(lease.session(), report_.root, stop_);
  const std::string_view name = name_of(file_.path);
  const bool shown = std::ranges::any_of(entries, [&](const Entry& entry) { return entry.name == name; });
  report_.dot_files = shown ? Support::yes : Support::no;
}

awaitable<void> Examiner::learn_names(Lease& lease) {
  const std::string directory = server_->path(Path());
  std::string capitals = file_.path.substr(file_.path.rfind('/') + 1);
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string other_case = child_path(directory, capitals);
  const bool found = co_await shows_file(*lease, other_case, stop_);
  const ServerProfile& known = lease->profile();
  const bool may_tell = known.size == Support::yes || known.mlst == Support::yes;
  if (may_tell && other_case != file_.path) report_.names.folds_case = found;
  const std::string foreign = server_->names.to_server("\xC3\xA4").value_or("");
  co_await learn_traits(lease.session(), directory, foreign);
}

awaitable<void> Examiner::set_time(Lease& lease) {
  co_await ftp::set_mtime(lease.session(), file_.path, sample_time, stop_);
  const std::optional<Attributes> found = co_await look(lease.session(), file_.path, stop_);
  if (!found || !found->mtime || !consistent(*found->mtime, Timestamp{sample_time, Precision::second}))
    throw Error(EIO, "the server said yes, and shows another time");
}

awaitable<void> Examiner::set_permissions(Lease& lease) {
  constexpr std::uint16_t wanted = 0640;
  co_await ftp::set_mode(lease.session(), file_.path, wanted, stop_);
}

// By hand: what rename() does on a server that refuses is not the question here.
awaitable<void> Examiner::overwrite(Lease& lease) {
  const std::size_t new_size = sample_.size() / 2;
  co_await store(lease, other_, new_size);
  const Reply from = co_await lease->command(Verb::rnfr, other_.path, stop_);
  if (!from.intermediate()) throw Error(EIO, "RNFR refused", from.last_line());
  const Reply to = co_await lease->command(Verb::rnto, file_.path, stop_);
  if (!to.completion()) {
    report_.overwrite = Overwrite::refuses;
    co_return;
  }
  const std::optional<std::uint64_t> size = co_await ask_size(*lease, file_.path, stop_);
  const bool replaced = !size || *size == new_size;
  report_.overwrite = replaced ? Overwrite::replaces : Overwrite::pretends;
}

// Also after Ctrl-C and on a server that has hung up, therefore with a stop and a limit of its own.
awaitable<void> Examiner::clean_up() {
  co_await remove(other_);
  co_await remove(file_);
}

awaitable<void> Examiner::remove(OwnFile file) {
  if (!file.touched) co_return;
  std::stop_source late;
  Deadline limit(*server_->context, [&late] { late.request_stop(); });
  limit.set_in(tidy_limit);
  const std::stop_token stop = late.get_token();
  const auto work = [path = file.path, stop](Lease& lease) {
    return remove_own(lease.session(), path, stop);
  };
  try {
    co_await retrying<void>(server_, Lane::metadata, work, stop);
  } catch (const Error& error) {
    const std::string what = fmt::format("{} may be left over: {}", file.path, error.what());
    note("clean up", Error(error.code(), what, error.server_said()));
    server_->context->logger->warn("{}", escaped(what));
  }
}

awaitable<void> Examiner::count_connections() {
  ConnectionCount count;
  std::vector<std::shared_ptr<Session>> sessions;
  count.open = server_->pool.open_sessions();
  while (count.open < most_connections) {
    try {
      std::shared_ptr<Session> session = co_await Session::open(server_->context, stop_);
      sessions.push_back(std::move(session));
      ++count.open;
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      count.refused = true;
      count.server_said = error.server_said().empty() ? error.what() : error.server_said();
    }
    if (count.refused) break;
  }
  for (const std::shared_ptr<Session>& session : sessions) co_await session->quit();
  report_.connections = std::move(count);
}

}  // namespace

awaitable<ServerReport> examine(ServerPtr server, bool may_write, std::stop_token stop) {
  Examiner examiner(std::move(server), stop);
  co_return co_await examiner.run(may_write);
}

}  // namespace ftpfs::ftp
