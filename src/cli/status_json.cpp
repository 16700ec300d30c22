// SPDX-License-Identifier: MIT
#include <cctype>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ftpfs/cli/mount_status.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string name_of(int code) {
  const char* const name = ::strerrorname_np(code);
  return name ? name : std::to_string(code);
}

json of(const vfs::Fault& fault) {
  return {{"errno", name_of(fault.code)},
          {"what", fault.what},
          {"server_said", fault.server_said.empty() ? json() : json(fault.server_said)}};
}

json of(const std::optional<vfs::Fault>& fault) {
  return fault ? of(*fault) : json();
}

json of(const vfs::Unsaved& file) {
  constexpr const char* states[] = {"open", "waiting", "sending"};
  return {{"path", file.path},         {"state", states[static_cast<std::size_t>(file.state)]},
          {"size", file.size},         {"sent", file.sent},
          {"attempts", file.attempts}, {"error", of(file.fault)}};
}

json of(const vfs::CacheStatus& cache) {
  return {{"entries", cache.entries},
          {"bytes", cache.bytes},
          {"capacity", cache.capacity},
          {"hits", cache.uses.hits},
          {"misses", cache.uses.misses}};
}

json ahead_of(const vfs::AheadCounts& counts) {
  return {{"asked", counts.asked}, {"used", counts.won}, {"wasted", counts.wasted}};
}

json of(const ftp::Movement& moved) {
  return {{"bytes", moved.bytes}, {"per_second", std::llround(moved.per_second)}};
}

json of(const ftp::SessionCounts& sessions) {
  return {{"in_use", sessions.in_use}, {"transfers", sessions.transfers},
          {"idle", sessions.idle},     {"waiting", sessions.waiting},
          {"limit", sessions.limit},   {"max_conns", sessions.max_conns}};
}

const char* name_of(ftp::TlsMode mode) {
  constexpr const char* names[] = {"off", "auto", "require", "implicit"};
  return names[static_cast<std::size_t>(mode)];
}

json of(const std::optional<ftp::Away>& away) {
  if (!away) return nullptr;
  return {{"seconds", away->since.count()},
          {"next_attempt", away->next_attempt.count()},
          {"attempts", away->attempts},
          {"what", away->why},
          {"server_said", away->server_said}};
}

json server_of(const ftp::RemoteStatus& remote) {
  json tls;
  if (remote.tls) tls = {{"version", remote.tls->version}, {"cipher", remote.tls->cipher}};
  return {{"host", remote.host},
          {"port", remote.port},
          {"user", remote.user},
          {"root", remote.root.empty() ? json() : json(remote.root)},
          {"greeting", remote.greeting},
          {"tls_mode", name_of(remote.tls_mode)},
          {"tls", tls},
          {"away", of(remote.away)},
          {"log_in_refused", remote.refusal ? json(*remote.refusal) : json()}};
}

// Nothing, where nothing moves.
json seconds_left(std::uint64_t bytes, double per_second) {
  if (bytes == 0 || per_second < 1) return nullptr;
  return std::llround(std::ceil(static_cast<double>(bytes) / per_second));
}

json queue_of(const vfs::Status& files, double per_second) {
  json items = json::array();
  std::uint64_t bytes = 0, sent = 0;
  for (const vfs::Unsaved& file : files.unsaved) {
    items.push_back(of(file));
    bytes += file.size;
    sent += file.sent;
  }
  return {{"files", files.unsaved.size()},
          {"bytes", bytes},
          {"sent", sent},
          {"seconds_left", seconds_left(bytes - sent, per_second)},
          {"items", items}};
}

json errors_of(const vfs::Status& files) {
  json errors = json::array();
  for (const vfs::Refused& each : files.refused) {
    json error = of(each.fault);
    error["path"] = each.path;
    error["kept"] = each.kept.empty() ? json() : json(each.kept);
    error["when"] = each.when;
    errors.push_back(std::move(error));
  }
  return errors;
}

json spool_of(const vfs::Status& files) {
  json kept = json::array();
  for (const vfs::Kept& each : files.kept)
    kept.push_back({{"file", each.file}, {"size", each.size}, {"mtime", each.mtime}});
  return {{"folder", files.spool.empty() ? json() : json(files.spool)}, {"kept", kept}};
}

json caches_of(const vfs::Status& files) {
  json caches = {{"listings", of(files.listings)}, {"blocks", of(files.blocks)}};
  if (files.disk) {
    caches["disk"] = of(*files.disk);
    caches["disk"]["folder"] = files.cache;
  }
  return caches;
}

json facts_of(const MountFacts& facts) {
  return {{"mountpoint", facts.mountpoint},
          {"source", facts.source},
          {"url", facts.url},
          {"since", facts.since},
          {"version", FTPFS_VERSION}};
}

}  // namespace

std::string status_json(const MountFacts& facts, const ftp::RemoteStatus& remote, const vfs::Status& files) {
  json result = facts_of(facts);
  result["state"] = files.ending ? "ending" : "mounted";
  result["read_only"] = files.read_only;
  result["writeback_s"] = static_cast<double>(files.writeback.count()) / 1000;
  result["server"] = server_of(remote);
  result["sessions"] = of(remote.sessions);
  result["received"] = of(remote.received);
  result["sent"] = of(remote.sent);
  result["queue"] = queue_of(files, remote.sent.per_second);
  result["errors"] = errors_of(files);
  result["spool"] = spool_of(files);
  result["caches"] = caches_of(files);
  return text_of(result);
}

std::string stats_json(const MountFacts& facts, const ftp::RemoteStatus& remote, const vfs::Status& files,
                       const fuse::Counters& counters) {
  json requests = json::object();
  for (const auto& [operation, count] : counters.operations()) requests[operation] = count;
  json errors = json::object();
  for (const auto& [code, count] : counters.errors()) errors[name_of(code)] = count;
  json result = facts_of(facts);
  result["requests"] = requests;
  result["errors"] = errors;
  result["ftp"] = {{"connections", remote.connections}, {"lost", remote.lost}, {"commands", remote.commands}};
  result["bytes"] = {{"received", remote.received.bytes}, {"sent", remote.sent.bytes}};
  result["uploads"] = {{"begun", files.uploads.begun},
                       {"saved", files.uploads.saved},
                       {"failed", files.uploads.failed},
                       {"refused", files.refused.size()}};
  result["caches"] = caches_of(files);
  result["ahead"] = {{"directories", ahead_of(files.ahead.listings)},
                     {"files", ahead_of(files.ahead.files)},
                     {"segments", ahead_of(files.ahead.segments)}};
  result["open"] = {{"files", files.open_files},
                    {"directories", files.open_directories},
                    {"known_names", files.known_names}};
  return text_of(result);
}

std::string file_json(const Path& path, const std::string& url, const std::optional<vfs::FileStatus>& file) {
  json result{{"path", path.str()}, {"url", url}, {"known", file.has_value()}};
  if (!file) return text_of(result);
  constexpr const char* kinds[] = {"file", "directory", "symlink"};
  result["kind"] = kinds[static_cast<std::size_t>(file->kind)];
  result["size"] = file->attributes.size_known ? json(file->attributes.size) : json();
  result["mtime"] = file->attributes.mtime ? json(file->attributes.mtime->seconds) : json();
  result["known_for_s"] = file->age ? json(static_cast<double>(file->age->count()) / 1000) : json();
  result["on_server"] = file->on_server;
  result["handles"] = file->handles;
  result["writers"] = file->writers;
  result["in_memory"] = file->in_memory;
  result["on_disk"] = file->on_disk ? json(*file->on_disk) : json();
  result["unsent"] = file->unsaved ? of(*file->unsaved) : json();
  result["error"] = of(file->unheard);
  result["entries"] = file->entries ? json(*file->entries) : json();
  result["target"] = file->link_target.empty() ? json() : json(file->link_target);
  return text_of(result);
}

std::string progress_json(const vfs::Unsent& unsent, const ftp::Movement& sent) {
  const json result{{"files", unsent.files},
                    {"bytes", unsent.bytes},
                    {"sent", unsent.sent},
                    {"moved", sent.bytes},
                    {"per_second", std::llround(sent.per_second)},
                    {"seconds_left", seconds_left(unsent.bytes - unsent.sent, sent.per_second)}};
  return text_of(result);
}

std::string report_json(const vfs::SendReport& report) {
  json failed = json::array();
  for (const auto& each : report.failed) {
    json one = of(each.fault);
    one["path"] = each.path;
    failed.push_back(std::move(one));
  }
  const json result{{"saved", report.saved}, {"failed", failed}, {"open", report.open}};
  return text_of(result);
}

namespace {

std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos;
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

}  // namespace

std::string url_of(const ftp::RemoteStatus& remote, std::string_view path) {
  const bool implicit = remote.tls_mode == ftp::TlsMode::implicit;
  const bool forced = remote.tls_mode == ftp::TlsMode::require;
  std::string url = implicit ? "ftps://" : forced ? "ftpes://" : "ftp://";
  if (remote.user != "anonymous") url += encoded(remote.user) + "@";
  const bool is_v6 = remote.host.find(':') != std::string::npos;
  url += is_v6 ? "[" + remote.host + "]" : remote.host;
  if (remote.port != (implicit ? 990 : 21)) url += fmt::format(":{}", remote.port);
  return url + "/" + encoded(path);
}

}  // namespace ftpfs::cli
