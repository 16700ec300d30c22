// SPDX-License-Identifier: MIT
#include "server_times.hpp"

#include <algorithm>

#include <ftpfs/ftp/transfer.hpp>

#include "look.hpp"
#include "own_names.hpp"

namespace ftpfs::ftp {
namespace {

// Where LIST shows a clock, and MDTM speaks of the same thing (it follows symlinks, and refuses directories).
bool is_comparable(const Entry& entry) {
  const Attributes& attributes = entry.attributes;
  return attributes.kind == Kind::file && attributes.mtime && attributes.mtime->precision != Precision::day &&
         entry.name.find('\r') == entry.name.npos;
}

std::vector<const Entry*> doubtful(const std::vector<Entry>& entries, const ServerClock& clock) {
  std::vector<const Entry*> result;
  for (const Entry& entry : entries) {
    if (is_comparable(entry) && !clock.knows(entry.attributes.mtime->seconds)) result.push_back(&entry);
  }
  const auto time = [](const Entry* entry) { return entry->attributes.mtime->seconds; };
  std::ranges::stable_sort(result, {}, time);
  return result;
}

// False: the server would not have it, and there is none.
awaitable<bool> make_empty_file(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  const auto transfer = co_await Transfer::begin(session, proto::Verb::stor, path, 0, stop);
  if (transfer->refusal()) co_return false;
  try {
    co_await transfer->finish();
  } catch (const ConnectionLost&) {
    throw;
  } catch (const Error&) {
    // Begun is as good as done: there may be a file.
  }
  co_return true;
}

}  // namespace

awaitable<void> move_to_utc(std::shared_ptr<Session> session, std::string directory,
                            std::vector<Entry>* entries, std::stop_token stop) {
  ServerClock& clock = session->profile().clock;
  std::vector<const Entry*> files = doubtful(*entries, clock);
  std::vector<std::int64_t> times;
  for (const Entry* file : files) times.push_back(file->attributes.mtime->seconds);
  while (const std::optional<std::size_t> next = clock.doubtful(times)) {
    if (session->profile().mdtm == Support::no) break;
    const std::string path = child_path(directory, files[*next]->name);
    const std::optional<Timestamp> told = co_await ask_mdtm(*session, path, stop);
    clock.learn(times[*next], told ? std::optional(told->seconds) : std::nullopt);
    files.erase(files.begin() + static_cast<std::ptrdiff_t>(*next));
    times.erase(times.begin() + static_cast<std::ptrdiff_t>(*next));
  }
  for (Entry& entry : *entries) {
    std::optional<Timestamp>& mtime = entry.attributes.mtime;
    if (mtime) mtime->seconds = clock.from_list(mtime->seconds);
  }
}

awaitable<void> calibrate_clock(std::shared_ptr<Session> session, std::string directory) {
  const std::stop_token stop = session->context().tasks.stop_token();  // what is made is removed
  Probe probe(session->shared_context(), directory);
  const bool made = co_await make_empty_file(session, probe.path(), stop);
  std::optional<Timestamp> told;
  bool gone = !made;
  if (made) {
    told = co_await ask_mdtm(*session, probe.path(), stop);
    const proto::Reply removed = co_await session->command(proto::Verb::dele, probe.path(), stop);
    gone = removed.completion();
  }
  if (gone) probe.gone();
  session->profile().clock.calibrate(told ? std::optional(told->seconds) : std::nullopt,
                                     wall_seconds(*session));
}

}  // namespace ftpfs::ftp
