// SPDX-License-Identifier: MIT
// From a session to an upload that runs: how much is there before an append, STOR or APPE, and what a refusal
// means.
#include <ftpfs/base/stop.hpp>
#include <ftpfs/proto/fault.hpp>

#include "kept_names.hpp"
#include "look.hpp"
#include "passing.hpp"
#include "primed.hpp"
#include "refusal.hpp"
#include "upload.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

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
  if (transfer->refusal() && proto::is_passing(Verb::appe, *transfer->refusal())) co_return nullptr;
  upload.before.reset();
  if (until == Transfer::Until::sent) co_return transfer;
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
  const bool may_be_unheard = session->profile().keeps_early_data && !session->profile().relative;
  const bool unheard = request.unheard && session->config().pipelining && may_be_unheard;
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

}  // namespace

// A refusal for the moment, or of the data connection, may come when vsftpd has made and emptied the file.
Sink::Answer answer_to(const Transfer& transfer) {
  if (transfer.accepted()) return Sink::Answer::yes;
  const std::optional<Reply>& refusal = transfer.refusal();
  const bool nothing_is_there = refusal && refusal->permanent() && refusal->code != 552;
  return nothing_is_there ? Sink::Answer::no : Sink::Answer::none;
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
  const Sink::Answer answer = answer_to(*transfer);
  upload->held = std::make_shared<HeldTransfer>(std::move(lease), std::move(transfer));
  upload->answer = answer;
  if (request.yields) upload->held->offer(HeldTransfer::Yields::when_idle);
  co_return upload;
}

}  // namespace ftpfs::ftp
