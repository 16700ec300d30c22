// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>

#include "held_transfer.hpp"
#include "kept_names.hpp"
#include "listing.hpp"
#include "look.hpp"
#include "operations.hpp"
#include "passing.hpp"
#include "primed.hpp"
#include "refusal.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// What an upload needs to know from its begin to its end. Shared with the operation in flight.
struct Upload {
  ServerPtr server;
  std::string path;
  Verb verb = Verb::stor;
  std::uint64_t before = 0;  // bytes that were there before APPE
  std::uint64_t sent = 0;
  Sink::Answer answer = Sink::Answer::none;
  std::shared_ptr<HeldTransfer> held;

  std::uint64_t expected() const noexcept { return before + sent; }
};

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
awaitable<void> require_stored(std::shared_ptr<Session> session, std::string path) {
  const ServerProfile& profile = session->profile();
  // z/OS makes capitals of all names.
  const bool may_tell = profile.size != Support::no || may_have_mlst(profile) || profile.relative;
  if (!may_tell) co_return;
  const std::stop_token never;
  const std::optional<Attributes> found = co_await look(session, path, never);
  if (found) co_return;
  const bool missing = co_await lists_others_only(session, path);
  if (missing) throw Error(EINVAL, fmt::format("{}: the server stored it under another name", escaped(path)));
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
    co_await require_stored(shared, upload.path);
    session.context().logger->debug("{}: the server does not tell the size", name_of(upload));
    attributes.size = upload.expected();
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

void check_size(const Upload& upload, const Attributes& found) {
  if (found.size == upload.expected()) return;
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
  if (!found && !confirmed) throw ConnectionLost(EIO, name_of(*upload) + ": no word whether it was stored");
  if (found) check_size(*upload, *found);
  co_return found.value_or(file_of(upload->expected()));
}

// A refusal for the moment, or of the data connection, may come when vsftpd has made and emptied the file.
Sink::Answer answer_to(const Transfer& transfer) {
  if (transfer.accepted()) return Sink::Answer::yes;
  const std::optional<Reply>& refusal = transfer.refusal();
  const bool nothing_is_there = refusal && refusal->permanent() && refusal->code != 552;
  return nothing_is_there ? Sink::Answer::no : Sink::Answer::none;
}

// What ended an upload. A refusal that comes when the data have gone out is to be as clear as one that
// open_sink() hears, and no error of the data connection may stand for it.
awaitable<std::exception_ptr> explained(std::shared_ptr<Upload> upload, std::shared_ptr<Transfer> transfer,
                                        std::exception_ptr failure) {
  const bool is_refused = transfer->refusal() && !transfer->accepted();
  if (!is_refused || !upload->held->running()) co_return failure;
  const std::shared_ptr<Session> session = upload->held->session();
  const Reply reply = *transfer->refusal();
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
      if (!held->running()) throw ConnectionLost(EIO, name_of(*upload) + ": given up");
      attributes = co_await read_back(session, *upload, asked);
    } catch (const ConnectionLost&) {
      failure = std::current_exception();
      line_died = transfer->sent_whole() && !transfer->refusal() && held->running();
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

// Reads the file to its end: all that is left where the server tells no sizes (z/OS, OpenVMS).
awaitable<std::uint64_t> count_bytes(std::shared_ptr<Session> session, std::string path,
                                     std::stop_token stop) {
  const std::unique_ptr<Transfer> transfer = co_await begin_patiently(session, Verb::retr, path, 0, stop);
  if (transfer->refusal()) throw refusal(Verb::retr, path, *transfer->refusal(), EOPNOTSUPP);
  const std::stop_callback on_stop(stop, Abort(*transfer));
  Buffer chunk(64 * 1024);
  std::uint64_t count = 0;
  std::size_t size = 0;
  do {
    size = co_await transfer->read_some(chunk.bytes());
    count += size;
  } while (size > 0);
  co_return count;
}

// How many bytes are there before an append.
awaitable<std::uint64_t> size_before(std::shared_ptr<Session> session, std::string path,
                                     std::stop_token stop) {
  const std::optional<std::uint64_t> size = co_await ask_size(*session, path, stop);
  if (size) co_return *size;
  const std::optional<Attributes> found = co_await look(session, path, stop);
  if (found && !found->size_known) co_return co_await count_bytes(session, path, stop);
  co_return found ? found->size : 0;
}

// An append in one trip with the question how much is there before; nullptr: not possible now.
awaitable<std::unique_ptr<Transfer>> append_in_a_row(std::shared_ptr<Session> session, Upload& upload,
                                                     Transfer::Until until, std::stop_token stop) {
  const ServerProfile& profile = session->profile();
  const bool tells = profile.size == Support::yes && !profile.relative;
  if (profile.pipelining != Support::yes || !tells || !session->primed()) co_return nullptr;
  const std::vector<Command> before{{Verb::size, upload.path}};
  std::unique_ptr<Transfer> transfer =
      co_await Transfer::begin(session, Verb::appe, upload.path, 0, stop, until, before);
  if (!transfer->begun()) co_return nullptr;
  const std::optional<std::uint64_t> size = size_in(session->profile(), transfer->answers()[0]);
  if (size) {
    upload.before = *size;
    co_return transfer;
  }
  co_await transfer->settle();  // there may be a file that SIZE does not tell: nothing was sent to it yet
  co_return nullptr;
}

awaitable<std::unique_ptr<Transfer>> begin_transfer(std::shared_ptr<Session> session, Upload& upload,
                                                    SinkRequest request, std::stop_token stop) {
  // z/OS and OpenVMS have rules of their own for each name.
  const bool unheard = request.unheard && session->config().pipelining && !session->profile().relative;
  const auto until = unheard ? Transfer::Until::sent : Transfer::Until::accepted;
  if (request.mode == SinkRequest::Mode::append) {
    upload.verb = Verb::appe;
    std::unique_ptr<Transfer> transfer = co_await append_in_a_row(session, upload, until, stop);
    if (transfer) co_return transfer;
    if (session->profile().pipelining == Support::yes) prime(session, Need::surely);
    upload.before = co_await size_before(session, upload.path, stop);
  }
  if (!unheard) co_return co_await begin_patiently(session, upload.verb, upload.path, 0, stop);
  co_return co_await Transfer::begin(session, upload.verb, upload.path, 0, stop, until);
}

// Returns when no earlier upload of that name is being given up. The caller may have thought that such a one
// would be answered; where it was not, another name is for him to choose.
awaitable<void> others_ended(ServerPtr server, std::string path, std::stop_token stop) {
  LateUploads& uploads = server->context->late_uploads;
  const bool known = uploads.doubtful(path);
  co_await uploads.none_ending(path, stop);
  if (known || !uploads.doubtful(path)) co_return;
  ConnectionLost lost(EIO, escaped(path) + ": an earlier upload of that name was never answered");
  lost.may_be_late = true;
  throw lost;
}

awaitable<std::shared_ptr<Upload>> begin_upload(Lease& lease, ServerPtr server, std::string path,
                                                SinkRequest request, std::stop_token stop) {
  const auto upload = std::make_shared<Upload>();
  upload->server = server;
  upload->path = path;
  co_await require_kept(lease.session(), path);
  const std::shared_ptr<Session> session = lease.session();
  co_await others_ended(server, path, stop);
  co_await settle(session, stop);
  std::unique_ptr<Transfer> transfer;
  try {
    transfer = co_await begin_transfer(session, *upload, request, stop);
  } catch (ConnectionLost& lost) {
    lost.may_be_late = server->context->late_uploads.doubtful(path);
    throw;
  }
  if (transfer->refusal()) {
    const Reply reply = *transfer->refusal();
    const Error why =
        co_await explain_creation(lease.session(), upload->verb, path, reply, Wants::file, stop);
    throw why;
  }
  upload->held = std::make_shared<HeldTransfer>(std::move(lease), std::move(transfer));
  if (request.yields) upload->held->offer(HeldTransfer::Yields::when_idle);
  co_return upload;
}

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
