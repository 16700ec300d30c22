// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/proto/fault.hpp>

#include "listing.hpp"
#include "look.hpp"
#include "primed.hpp"
#include "refusal.hpp"
#include "upload.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

std::string name_of(const Upload& upload) {
  return fmt::format("{} {}", proto::verb_text(upload.verb), escaped(upload.path));
}

// Neither a drop box, which shows nothing that it has taken, nor one of a server that tells no sizes.
awaitable<bool> lists_others_only(std::shared_ptr<Session> session, std::string path) {
  const std::stop_token never;
  std::vector<Entry> entries;
  try {
    entries = co_await list_directory(session, parent_of(path), never);
  } catch (const Error& error) {
    if (error.code() != EACCES) throw;
    co_return false;
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  co_return std::ranges::none_of(entries, [&](const Entry& entry) { return entry.name == name; });
}

// A server that tells sizes, but not this one, may have stored the file under a name of its own.
awaitable<std::optional<Attributes>> require_stored(std::shared_ptr<Session> session, std::string path) {
  const ServerProfile& profile = session->profile();
  // z/OS makes capitals of all names.
  const bool may_tell = profile.size != Support::no || may_have_mlst(profile) || profile.relative;
  if (!may_tell) co_return std::nullopt;
  const std::stop_token never;
  const std::optional<Attributes> found = co_await look(session, path, never);
  if (found) co_return found;
  const bool missing = co_await lists_others_only(session, path);
  if (missing) throw Error(EINVAL, fmt::format("{}: the server stored it under another name", escaped(path)));
  co_return std::nullopt;
}

// The size and time that the server shows now, in one round trip where it has MLST or answers two commands
// in a row, and beside it the next data connection.
// `asked`: the answers to SIZE and MDTM, where they are here already.
awaitable<Attributes> read_back(std::shared_ptr<Session> shared, const Upload& upload,
                                std::optional<Measured> asked) {
  const std::stop_token never;
  Session& session = *shared;
  if (!asked) {
    if (session.profile().pipelining == Support::yes) prime(shared, Need::likely);
    const std::optional<Attributes> facts = co_await ask_facts(session, upload.path, never);
    if (facts && facts->size_known) co_return *facts;
    asked = co_await ask_size_and_mdtm(session, upload.path, never);
  }
  Measured measured = *asked;
  Attributes attributes;
  if (!measured.size) {
    const std::optional<Attributes> listed = co_await require_stored(shared, upload.path);
    session.context().logger->debug("{}: the server does not tell the size", name_of(upload));
    const bool counted = !upload.before && listed && listed->size_known;
    attributes.size = counted ? listed->size : upload.expected();
    measured.mdtm = co_await ask_mdtm(session, upload.path, never);
  } else {
    attributes.size = *measured.size;
  }
  if (const std::optional<Timestamp>& told = measured.mdtm) {
    ServerClock& clock = session.profile().clock;
    clock.calibrate(told->seconds, wall_seconds(session));
    attributes.mtime = Timestamp{clock.from_mdtm(told->seconds), told->precision};
  }
  co_return attributes;
}

// SIZE and MDTM behind the end of the data: where the server keeps them for later, they are answered together
// with the upload itself.
awaitable<std::optional<Measured>> ask_behind_data(std::shared_ptr<Session> session, std::string path) {
  const ServerProfile& profile = session->profile();
  const bool both = profile.size == Support::yes && profile.mdtm == Support::yes;
  const bool kept = profile.one_at_a_time && session->may_follow();
  if (!kept || !both || may_have_mlst(profile)) co_return std::nullopt;
  prime(session, Need::likely);
  const std::stop_token never;
  const Measured measured = co_await ask_size_and_mdtm(*session, path, never);
  co_return measured;
}

// Of an append whose data did not wait for the answer.
void learn_size_before(Upload& upload, Session& session, const Transfer& transfer) {
  if (!upload.before && !transfer.answers().empty())
    upload.before = size_in(session.profile(), transfer.answers().front());
}

// Who may write to a file and not read it is not told its size before an append.
void check_size(const Upload& upload, const Attributes& found) {
  const bool at_least = !upload.before && found.size > upload.sent;
  if (found.size == upload.expected() || at_least) return;
  throw Error(EIO, fmt::format("{}: {} bytes were sent to make {}, the server shows {}", name_of(upload),
                               upload.sent, upload.expected(), found.size));
}

Attributes file_of(std::uint64_t size) {
  Attributes attributes;
  attributes.size = size;
  return attributes;
}

// What the server shows, asked on another session: the one of the upload died after everything had gone out.
// `confirmed`: its 2xx had come before.
awaitable<Attributes> look_again(Lease& lease, std::shared_ptr<Upload> upload, bool confirmed) {
  const std::stop_token never;
  co_await settle(lease.session(), never);
  std::optional<Attributes> found = co_await ask_facts(*lease, upload->path, never);
  if (!found || !found->size_known) {
    found.reset();
    const std::optional<std::uint64_t> size = co_await ask_size(*lease, upload->path, never);
    if (size) found = file_of(*size);
  }
  const bool comparable = found && upload->before;
  if (!comparable && !confirmed)
    throw ConnectionLost(EIO, name_of(*upload) + ": no word whether it was stored");
  if (found) check_size(*upload, *found);
  co_return found.value_or(file_of(upload->expected()));
}

// What ended an upload. A refusal that comes when the data have gone out is to be as clear as one that
// open_sink() hears, and no error of the data connection may stand for it. One for the moment, which
// open_sink() would have waited out, is for the caller to do so: as if the line had died, and heard the next
// time.
awaitable<std::exception_ptr> explained(std::shared_ptr<Upload> upload, std::shared_ptr<Transfer> transfer,
                                        std::exception_ptr failure) {
  const bool is_refused = transfer->refusal() && !transfer->accepted();
  if (!is_refused || !upload->held->running()) co_return failure;
  const std::shared_ptr<Session> session = upload->held->session();
  const Reply reply = *transfer->refusal();
  if (proto::is_passing(upload->verb, reply)) {
    const ConnectionLost for_now(EBUSY, name_of(*upload) + " refused for the moment", reply.last_line());
    co_return std::make_exception_ptr(for_now);
  }
  const std::stop_token never;
  try {
    const Error why =
        co_await explain_creation(session, upload->verb, upload->path, reply, Wants::file, never);
    failure = std::make_exception_ptr(why);
  } catch (const ConnectionLost&) {
    // What the server has said must do.
  }
  co_return failure;
}

class FtpSink final : public Sink {
 public:
  explicit FtpSink(std::shared_ptr<Upload> upload) : upload_(std::move(upload)) {}
  ~FtpSink() override { upload_->held->drop(); }

  awaitable<std::size_t> write(int file, std::uint64_t offset, std::size_t size) override {
    return send(upload_, file, offset, size);
  }
  awaitable<Attributes> commit() override { return end(upload_); }
  Answer answer() const noexcept override { return upload_->answer; }

 private:
  static awaitable<std::size_t> send(std::shared_ptr<Upload> upload, int file, std::uint64_t offset,
                                     std::size_t size) {
    const std::shared_ptr<HeldTransfer> held = upload->held;
    const std::shared_ptr<Transfer> transfer = held->begin();
    std::size_t sent = 0;
    std::exception_ptr failure;
    bool said_no = false;
    try {
      sent = co_await transfer->write_file(file, offset, size);
    } catch (const ConnectionLost&) {
      failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
      said_no = true;
    }
    upload->answer = answer_to(*transfer);
    if (said_no) failure = co_await explained(upload, transfer, failure);
    held->end(sent);
    if (failure) held->fail(failure);
    upload->sent += sent;
    co_return sent;
  }

  static awaitable<Attributes> end(std::shared_ptr<Upload> upload) {
    const std::shared_ptr<HeldTransfer> held = upload->held;
    const std::shared_ptr<Transfer> transfer = held->begin();
    held->keep();
    const std::shared_ptr<Session> session = held->session();
    std::exception_ptr failure;
    bool said_no = false;
    bool line_died = false;
    bool confirmed = false;
    Attributes attributes;
    try {
      co_await transfer->end_data();
      const std::optional<Measured> asked = co_await ask_behind_data(session, upload->path);
      co_await transfer->finish();
      confirmed = true;
      learn_size_before(*upload, *session, *transfer);
      if (!held->running()) throw ConnectionLost(EIO, name_of(*upload) + ": given up");
      attributes = co_await read_back(session, *upload, asked);
    } catch (const ConnectionLost&) {
      failure = std::current_exception();
      learn_size_before(*upload, *session, *transfer);
      // As long as the server has not said a word, what it shows may be the old file, of the same size.
      const bool shows_ours = upload->verb == Verb::appe || transfer->accepted();
      line_died = transfer->sent_whole() && !transfer->refusal() && held->running() && shows_ours;
    } catch (...) {
      failure = std::current_exception();
      said_no = true;
    }
    upload->answer = answer_to(*transfer);
    if (said_no) failure = co_await explained(upload, transfer, failure);
    if (line_died) {
      held->drop();
      const auto again = [upload, confirmed](Lease& lease) { return look_again(lease, upload, confirmed); };
      const std::stop_token never;
      co_return co_await retrying<Attributes>(upload->server, Lane::metadata, again, never);
    }
    held->end(0);
    if (failure) held->fail(failure);
    held->complete();
    check_size(*upload, attributes);
    co_return attributes;
  }

  std::shared_ptr<Upload> upload_;
};

}  // namespace

awaitable<std::unique_ptr<Sink>> open_sink(ServerPtr server, std::string path, SinkRequest request,
                                           std::stop_token stop) {
  const Lane lane = request.brief ? Lane::metadata : Lane::bulk;
  if (request.only_if_free && !server->pool.has_slot(lane)) co_return std::unique_ptr<Sink>();
  // Before STOR or APPE has gone out a lost session is no harm. Afterwards it is: vsftpd may be waiting for
  // the file's lock, for minutes, and empties it once it gets that (ConnectionLost::may_be_late).
  const auto work = [server, path, request, stop](Lease& lease) {
    return begin_upload(lease, server, path, request, stop);
  };
  std::shared_ptr<Upload> upload = co_await retrying<std::shared_ptr<Upload>>(server, lane, work, stop);
  co_return std::make_unique<FtpSink>(std::move(upload));
}

}  // namespace ftpfs::ftp
