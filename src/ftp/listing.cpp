// SPDX-License-Identifier: MIT
#include "listing.hpp"

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>
#include <ftpfs/base/text_hash.hpp>
#include <ftpfs/ftp/transfer.hpp>
#include <ftpfs/proto/fault.hpp>

#include "kept_names.hpp"
#include "list_by_status.hpp"
#include "look.hpp"
#include "own_names.hpp"
#include "passing.hpp"
#include "primed.hpp"
#include "refusal.hpp"
#include "server_times.hpp"

namespace ftpfs::ftp {

using proto::ListingFormat;
using proto::Reply;
using proto::Verb;

namespace {

constexpr std::size_t chunk_size = 64 * 1024;
constexpr std::size_t most_questions = 200;  // about single entries of one listing

enum class GoTo : bool { is_there, path };

// Characters that some server's MLSD or LIST reads as an option, a pattern, a home directory or an end of the
// name.
bool misread(std::string_view path) {
  return path.find_first_of(" *?[]{}\\~'\"") != path.npos || path.find("/-") != path.npos;
}

// A 2xx that takes back what it says. 0: a whole listing.
int qualified(const std::optional<Reply>& final_reply) {
  if (!final_reply) return 0;
  const std::string& text = final_reply->text;
  if (text.find("truncated") != text.npos) return EIO;  // pure-ftpd after 10000 entries
  if (text.find("failed to open directory") != text.npos)
    return EACCES;  // vsftpd: may be entered, but not read
  return 0;
}

// To the end.
awaitable<void> receive(Transfer& transfer, ListingIntake& lines) {
  Buffer chunk(chunk_size);
  std::size_t size = 0;
  do {
    size = co_await transfer.read_some(chunk.bytes());
    lines.take(std::string_view(reinterpret_cast<const char*>(chunk.data()), size));
  } while (size > 0);
}

// CWD proves that the directory exists, and spares the server a path that it may misread.
awaitable<void> go_to(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  if (session->profile().pipelining == Support::yes) prime(session, Need::surely);
  const Reply reply = co_await command_patiently(session, Verb::cwd, path, stop);
  if (reply.completion()) co_return;
  const Error why = co_await explain_refusal(session, Verb::cwd, path, reply, Wants::directory, EACCES, stop);
  throw why;
}

// `argument` of the listing command; `path` for messages and for servers that print whole paths.
// By way of `GoTo::path`, of the directory that CWD leads to.
awaitable<Listed> fetch(std::shared_ptr<Session> session, Verb verb, std::string argument, std::string path,
                        std::stop_token stop, GoTo way = GoTo::is_there) {
  Listed listed;
  SessionContext& context = session->context();
  std::vector<Command> before;
  if (way == GoTo::path) before.push_back({Verb::cwd, path});
  constexpr auto until = Transfer::Until::accepted;
  auto transfer = co_await Transfer::begin(session, verb, argument, 0, stop, until, std::move(before));
  if (!transfer->answers().empty() && !transfer->answers()[0].completion()) {
    const Reply reply = transfer->answers()[0];
    co_await transfer->settle();  // a listing of where we still are
    if (proto::is_passing(Verb::cwd, reply)) {
      transfer.reset();
      co_await go_to(session, path, stop);
      co_return co_await fetch(session, verb, std::move(argument), path, stop);
    }
    const Error why =
        co_await explain_refusal(session, Verb::cwd, path, reply, Wants::directory, EACCES, stop);
    throw why;
  }
  listed.refusal = transfer->refusal();
  if (listed.refusal) co_return listed;
  const std::stop_callback on_stop(stop, Abort(*session));
  const std::stop_callback on_stop_data(stop, Abort(*transfer));
  ListingIntake lines(*session, verb, path);
  try {
    co_await receive(*transfer, lines);
  } catch (const Error&) {
    if (stop.stop_requested()) throw Cancelled();
    throw;
  }
  if (!transfer->end_confirmed() && !context.config.lenient_eof) {
    throw ConnectionLost(EIO,
                         fmt::format("{} {}: the end came without TLS close_notify, lines may be missing "
                                     "(lenient_eof would believe it)",
                                     proto::verb_text(verb), escaped(path)));
  }
  listed = lines.finish();
  if (const int code = qualified(transfer->final_reply())) {
    throw Error(code, fmt::format("{} {}: not the whole directory", proto::verb_text(verb), escaped(path)),
                transfer->final_reply()->last_line());
  }
  co_return listed;
}

bool may_have_mlsd(const FtpConfig& config, const ServerProfile& profile) noexcept {
  if (config.list == ListMode::list) return false;
  if (config.list == ListMode::mlsd) return profile.mlsd != Support::no;
  if (profile.mlsd != Support::unknown) return profile.mlsd == Support::yes;
  const bool sizes = profile.features.mlst_facts.empty() || profile.features.has_fact("size");
  if (!sizes) return false;  // LIST tells more
  return profile.features.mlsd || profile.features.mlst || !profile.features.known;
}

bool no_mlsd(ServerProfile& profile, const Listed& listed) {
  if (!listed.refusal || !proto::is_unimplemented(Verb::mlsd, *listed.refusal)) return false;
  profile.mlsd = Support::no;
  return true;
}

// nullopt: try LIST instead.
awaitable<std::optional<Listed>> list_by_mlsd(std::shared_ptr<Session> session, std::string path,
                                              std::stop_token stop) {
  ServerProfile& profile = session->profile();
  Listed listed;
  const bool with_path = profile.mlsd_paths && !misread(path);
  if (with_path) {
    listed = co_await fetch(session, Verb::mlsd, path, path, stop);
    if (no_mlsd(profile, listed)) co_return std::nullopt;
    if (listed.lines > 0) profile.mlsd = Support::yes;
    if (listed.lines > 0) co_return listed;
  }
  co_await go_to(session, path, stop);  // an empty answer may also stand for a directory that is missing
  if (with_path && !listed.refusal) co_return listed;
  listed = co_await fetch(session, Verb::mlsd, "", path, stop);
  if (no_mlsd(profile, listed)) co_return std::nullopt;
  if (listed.refusal && profile.mlsd == Support::unknown) co_return std::nullopt;
  if (listed.lines > 0) profile.mlsd = Support::yes;
  if (listed.lines > 0 && with_path) profile.mlsd_paths = false;
  co_return listed;
}

// Is -a an option here, or a file name? The option shows everything that the plain listing shows.
void learn_list_all(Support& list_all, const Listed& all, const Listed& plain) {
  if (!all.refusal && all.lines == 0 && plain.lines == 0) return;  // nothing to learn from
  std::unordered_set<std::string_view, HashOfText> names;
  for (const Entry& entry : all.entries) names.insert(entry.name);
  const bool superset = std::all_of(plain.entries.begin(), plain.entries.end(),
                                    [&](const Entry& entry) { return names.contains(entry.name); });
  list_all = !all.refusal && all.lines > 0 && superset ? Support::yes : Support::no;
}

// What LIST shows without -a too, where the option shows as much.
awaitable<Listed> probe_list_all(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  Support& list_all = session->profile().list_all;
  Listed plain = co_await fetch(session, Verb::list, "", path, stop);
  if (list_all == Support::no || plain.refusal) co_return plain;
  Listed all = co_await fetch(session, Verb::list, "-a", path, stop);
  learn_list_all(list_all, all, plain);
  if (list_all == Support::yes) co_return all;
  co_return plain;
}

awaitable<Listed> list_by_list(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  const std::optional<std::string>& options = session->context().config.list_options;
  if (options) {
    co_await go_to(session, path, stop);
    co_return co_await fetch(session, Verb::list, *options, path, stop);
  }
  ServerProfile& profile = session->profile();
  if (may_list_by_status(*session)) {
    std::optional<Listed> listed = co_await list_by_status(session, path, stop);
    if (listed) profile.list_all = Support::yes;
    if (listed) co_return std::move(*listed);
  }
  const bool in_a_trip = !profile.relative;
  if (profile.list_all == Support::yes && in_a_trip)
    co_return co_await fetch(session, Verb::list, "-a", path, stop, GoTo::path);
  if (profile.list_all == Support::unknown && profile.is_vsftpd && in_a_trip) {
    Listed all = co_await fetch(session, Verb::list, "-a", path, stop, GoTo::path);
    if (all.shows_self) profile.list_all = Support::yes;
    if (all.shows_self) co_return all;
    co_return co_await probe_list_all(session, path, stop);
  }
  co_await go_to(session, path, stop);
  if (profile.list_all == Support::yes) co_return co_await fetch(session, Verb::list, "-a", path, stop);
  co_return co_await probe_list_all(session, path, stop);
}

bool is_blind_link(const Entry& entry) noexcept {
  return entry.attributes.kind == Kind::symlink && entry.link_target.empty();
}

bool lacks_size(const Entry& entry) noexcept {
  return !entry.attributes.size_known;
}

// Too many to ask about each, or nobody to ask.
bool leaves_questions(const ServerProfile& profile, const std::vector<Entry>& entries) {
  const auto open = [](const Entry& entry) { return is_blind_link(entry) || lacks_size(entry); };
  if (profile.size == Support::no && std::ranges::any_of(entries, lacks_size)) return true;
  return std::cmp_greater(std::ranges::count_if(entries, open), most_questions);
}

// proftpd's MLSD shows symlinks without their target, its LIST shows it.
awaitable<void> find_targets(std::shared_ptr<Session> session, std::string path, std::vector<Entry>* entries,
                             std::stop_token stop) {
  if (std::none_of(entries->begin(), entries->end(), is_blind_link)) co_return;
  const Listed listed = co_await list_by_list(session, path, stop);
  std::unordered_map<std::string_view, std::string_view, HashOfText> targets;
  for (const Entry& entry : listed.entries) targets.emplace(entry.name, entry.link_target);
  for (Entry& entry : *entries) {
    const auto found = targets.find(entry.name);
    if (is_blind_link(entry) && found != targets.end()) entry.link_target = found->second;
  }
}

// What a listing does not tell about single entries. So many questions and no more: whoever lists a directory
// waits for them, and a server may make up any number of entries that need one.
class Questions {
 public:
  explicit Questions(std::string directory) : directory_(std::move(directory)) {}

  // A link is worth nothing without its target (FileZilla Server): shown is what it leads to.
  awaitable<void> follow(Session& session, Entry& entry, std::stop_token stop) {
    const std::string link = child_path(directory_, entry.name);
    entry.link_target.clear();
    entry.attributes.kind = Kind::file;
    entry.attributes.size_known = false;
    co_await measure(session, entry, stop);
    if (entry.attributes.size_known || !may_ask(link)) co_return;
    const bool directory = co_await enter(session, link, stop);
    if (!directory) co_return;
    entry.attributes.kind = Kind::directory;
    entry.attributes.size_known = true;
  }

  awaitable<void> measure(Session& session, Entry& entry, std::stop_token stop) {
    const std::string path = child_path(directory_, entry.name);
    if (session.profile().size == Support::no || !may_ask(path)) co_return;
    entry.attributes = co_await with_size(session, path, entry.attributes, stop);
  }

  bool left_out() const noexcept { return left_out_; }

 private:
  bool may_ask(const std::string& path) {
    if (path.find('\r') != path.npos) return false;  // cannot be sent
    left_out_ = left_out_ || left_ == 0;
    if (left_ > 0) --left_;
    return !left_out_;
  }

  std::string directory_;
  std::size_t left_ = most_questions;
  bool left_out_ = false;
};

awaitable<void> complete(std::shared_ptr<Session> session, std::string path, std::vector<Entry>* entries,
                         std::stop_token stop) {
  Questions questions(path);
  const bool follow_all = session->context().config.follow_symlinks;
  for (Entry& entry : *entries) {
    const bool link = entry.attributes.kind == Kind::symlink;
    if (link && (follow_all || entry.link_target.empty())) {
      co_await questions.follow(*session, entry, stop);
    } else if (!entry.attributes.size_known) {
      co_await questions.measure(*session, entry, stop);
    }
  }
  if (questions.left_out())
    session->context().logger->warn(
        "{}: more than {} links or files whose size the listing does not tell; the rest is looked at when it "
        "is "
        "used",
        escaped(path), most_questions);
}

}  // namespace

awaitable<std::vector<Entry>> list_directory(std::shared_ptr<Session> session, std::string path,
                                             std::stop_token stop) {
  std::optional<Listed> listed;
  if (may_have_mlsd(session->context().config, session->profile()))
    listed = co_await list_by_mlsd(session, path, stop);
  bool local_times = !listed;
  if (!listed) {
    listed = co_await list_by_list(session, path, stop);
  } else if (leaves_questions(session->profile(), listed->entries)) {
    Listed other = co_await list_by_list(session, path, stop);
    local_times = other.lines > 0;
    if (local_times) listed = std::move(other);
  }
  if (listed->refusal && !proto::says_empty(*listed->refusal)) {  // CWD said that the directory is there
    const int code = proto::errno_for(Verb::dele, *listed->refusal);
    throw refusal(Verb::list, path, *listed->refusal, code == ENOENT ? EIO : code);
  }
  if (local_times) co_await move_to_utc(session, path, &listed->entries, stop);
  const bool follow_all = session->context().config.follow_symlinks;
  if (!local_times && !follow_all) co_await find_targets(session, path, &listed->entries, stop);
  co_await complete(session, path, &listed->entries, stop);
  learn_from(session->profile(), listed->entries);
  co_return std::move(listed->entries);
}

awaitable<std::vector<Entry>> list_if_readable(std::shared_ptr<Session> session, std::string path,
                                               std::stop_token stop) {
  std::vector<Entry> entries;
  try {
    entries = co_await list_directory(session, path, stop);
  } catch (const ConnectionLost&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error&) {
    // Nothing is known, then.
  }
  co_return entries;
}

}  // namespace ftpfs::ftp
