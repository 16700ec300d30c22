// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include <ftpfs/cli/check.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json of(ftp::Support support) {
  return support == ftp::Support::unknown ? json() : json(support == ftp::Support::yes);
}

json of(const net::TlsFacts& tls) {
  json result{
      {"version", tls.version}, {"cipher", tls.cipher}, {"trusted", tls.trusted}, {"certificate", nullptr}};
  if (!tls.certificate) return result;
  const net::Certificate& one = *tls.certificate;
  result["certificate"] = {{"subject", one.subject},     {"issuer", one.issuer},
                           {"names", one.names},         {"not_before", one.not_before},
                           {"not_after", one.not_after}, {"sha256", net::to_hex(one.fingerprint)}};
  return result;
}

json of(const std::optional<proto::Verb>& command) {
  return command ? json(proto::verb_text(*command)) : json();
}

template <class Command>
json command(Command command) {
  if (command == Command::untested) return nullptr;
  return command == Command::none ? "none" : json(ftp::command_name(command));
}

json of(const ftp::Zones& zones) {
  json ahead = json::array();
  for (const std::chrono::seconds offset : zones.list) ahead.push_back(offset.count());
  return {{"told", zones.told}, {"list_ahead_s", ahead}, {"mdtm_ahead_s", zones.mdtm.count()}};
}

json of(const ftp::NameReport& names) {
  return {{"charset", names.charset.empty() ? json() : json(names.charset)},
          {"kept", names.kept},
          {"changed", names.changed},
          {"folds_case", or_null(names.folds_case)}};
}

json of(const std::optional<ftp::Overwrite>& overwrite) {
  if (!overwrite) return nullptr;
  constexpr const char* names[] = {"replaces", "refuses", "pretends"};
  return names[static_cast<std::size_t>(*overwrite)];
}

json of(const std::optional<ftp::ConnectionCount>& count) {
  if (!count) return nullptr;
  return {{"open", count->open}, {"refused", count->refused}, {"server_said", count->server_said}};
}

}  // namespace

std::string report_json(const ftp::ServerReport& report) {
  json troubles = json::array();
  for (const ftp::Trouble& one : report.troubles)
    troubles.push_back({{"step", one.step}, {"what", one.what}, {"server_said", one.server_said}});
  const json result{
      {"host", report.host},
      {"address", report.address},
      {"greeting", report.greeting},
      {"system", report.system},
      {"tls", report.tls ? of(*report.tls) : json()},
      {"user", report.user},
      {"home", report.home},
      {"root", report.root},
      {"relative", report.relative},
      {"features", report.features},
      {"round_trip_us", report.round_trip ? json(report.round_trip->count()) : json()},
      {"entries", or_null(report.entries)},
      {"listing", report.entries ? json(proto::verb_text(report.listed_by)) : json()},
      {"dot_files", of(report.dot_files)},
      {"data_connection", of(report.data_command)},
      {"tls_resumed", or_null(report.tls_resumed)},
      {"rest", of(report.restart)},
      {"pipelining", of(report.pipelining)},
      {"writable", or_null(report.writable)},
      {"rename_over", of(report.overwrite)},
      {"set_mtime", command(report.mtime)},
      {"chmod", command(report.mode)},
      {"clock_ahead_s", report.clock_ahead ? json(report.clock_ahead->count()) : json()},
      {"zones", of(report.zones)},
      {"names", of(report.names)},
      {"connections", of(report.connections)},
      {"troubles", troubles},
  };
  return result.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace ftpfs::cli
