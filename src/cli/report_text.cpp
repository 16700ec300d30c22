// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/check.hpp>

namespace ftpfs::cli {
namespace {

using ftp::Support;

class Page {
 public:
  void line(std::string_view topic, std::string_view found, std::string_view consequence = {}) {
    text_ += fmt::format("{:<16}{}\n", topic, found);
    if (!consequence.empty()) text_ += fmt::format("{:<16}-> {}\n", "", consequence);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string_view yes_or_no(Support support) {
  if (support == Support::unknown) return "not known";
  return support == Support::yes ? "yes" : "no";
}

void write_tls(Page& page, const ftp::ServerReport& report) {
  if (!report.tls) {
    page.line("TLS", "no", "password and files are sent in clear text");
    return;
  }
  const net::TlsFacts& tls = *report.tls;
  page.line("TLS", fmt::format("{} {}", tls.version, tls.cipher));
  if (tls.certificate) {
    const net::Certificate& one = *tls.certificate;
    page.line("Certificate", fmt::format("{}, issued by {}", one.subject, one.issuer));
    if (!one.names.empty()) page.line("", fmt::format("for {}", fmt::join(one.names, " ")));
    page.line("", fmt::format("valid from {} to {}", one.not_before, one.not_after));
    page.line("", fmt::format("SHA-256 {}", net::to_hex(one.fingerprint)),
              tls.trusted ? "trusted" : "NOT verified, as was asked for");
  }
  if (report.tls_resumed)
    page.line("TLS resumption", *report.tls_resumed ? "yes" : "no",
              *report.tls_resumed ? "data connections take up the control connection's session"
                                  : "each data connection costs a full handshake");
}

void write_listing(Page& page, const ftp::ServerReport& report) {
  const bool exact = report.listed_by == proto::Verb::mlsd;
  if (report.entries)
    page.line("Listing",
              fmt::format("{}, {} entries in {}", proto::verb_text(report.listed_by), *report.entries,
                          escaped(report.root)),
              exact ? "exact times and sizes from one listing"
                    : "times to the minute or the day; MDTM tells more when a file is opened");
  const bool hidden = report.dot_files == Support::no;
  page.line("Dot files", hidden ? "not in listings" : yes_or_no(report.dot_files),
            hidden ? "files whose names begin with a dot can be opened, not listed" : "");
}

std::string offset(std::chrono::seconds ahead) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(ahead).count();
  return fmt::format("UTC{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                     std::abs(minutes) % 60);
}

void write_zones(Page& page, const ftp::ServerReport& report) {
  const ftp::Zones& zones = report.zones;
  if (zones.told) {
    page.line("Time zone", "as server_tz says", "times of listings are moved to UTC");
  } else if (!zones.list.empty()) {
    std::vector<std::string> offsets;
    for (const std::chrono::seconds ahead : zones.list) offsets.push_back(offset(ahead));
    page.line("Time zone", fmt::format("{} in listings", fmt::join(offsets, " and ")),
              "times of listings are moved to UTC");
  } else if (report.entries && report.listed_by != proto::Verb::mlsd) {
    page.line("Time zone", "not known", "times of listings are taken for UTC; server_tz= tells the zone");
  }
  if (zones.mdtm.count() != 0)
    page.line("MDTM", fmt::format("{} instead of UTC", offset(zones.mdtm)),
              "times are moved to UTC, and back");
}

void write_names(Page& page, const ftp::NameReport& names) {
  page.line("File names", names.charset.empty() ? "of an unknown character set" : names.charset,
            names.charset.empty() ? "their bytes pass unchanged; codepage= tells the character set" : "");
  if (names.folds_case)
    page.line("", *names.folds_case ? "upper and lower case are the same" : "upper and lower case differ",
              *names.folds_case ? "names that differ in case only cannot be made" : "");
  if (!names.changed.empty())
    page.line("", fmt::format("changed by the server: {}", fmt::join(names.changed, ", ")),
              "such names are refused");
}

void write_restart(Page& page, Support restart) {
  page.line("REST", yes_or_no(restart),
            restart == Support::yes  ? "reading begins anywhere in a file"
            : restart == Support::no ? "reading from the middle fetches all that lies before"
                                     : "");
}

void write_pipelining(Page& page, Support pipelining) {
  page.line("pipelining", yes_or_no(pipelining),
            pipelining == Support::yes  ? "several commands that change nothing go out in one round trip"
            : pipelining == Support::no ? "each command waits for the answer to the last"
                                        : "");
}

void write_overwrite(Page& page, const ftp::ServerReport& report) {
  if (!report.overwrite) return;
  switch (*report.overwrite) {
    case ftp::Overwrite::replaces:
      page.line("Rename over", "replaces", "a changed file is sent under a temporary name and renamed");
      return;
    case ftp::Overwrite::refuses:
      page.line("Rename over", "refused", "the old file steps aside under a hidden name first");
      return;
    case ftp::Overwrite::pretends:
      page.line("Rename over", "accepted, without effect",
                "the old file steps aside under a hidden name first");
      return;
  }
}

template <class Command>
std::string_view name_of(Command command) {
  if (command == Command::untested) return "not tried";
  return command == Command::none ? "no" : ftp::command_name(command);
}

template <class Command>
std::string_view effect(Command command, std::string_view works, std::string_view does_not) {
  if (command == Command::untested) return {};
  return command == Command::none ? does_not : works;
}

void write_changes(Page& page, const ftp::ServerReport& report) {
  if (!report.writable) {
    page.line("Writing", "not tried (read-only)");
    return;
  }
  page.line("Writing", *report.writable ? "yes" : "refused");
  write_overwrite(page, report);
  page.line("Set times", name_of(report.mtime),
            effect(report.mtime, "touch -d and rsync -t set the server's times",
                   "touch -d and rsync -t have no effect"));
  page.line("chmod", name_of(report.mode),
            effect(report.mode, "chmod changes the server's modes", "chmod has no effect"));
  if (!report.clock_ahead) return;
  const auto seconds = report.clock_ahead->count();
  constexpr long tolerable = 2;
  page.line("Clock",
            std::abs(seconds) <= tolerable
                ? "agrees with ours"
                : fmt::format("{} s {}", std::abs(seconds), seconds > 0 ? "ahead" : "behind"),
            std::abs(seconds) <= tolerable ? "" : "times are shown as the server tells them");
}

void write_connections(Page& page, const ftp::ServerReport& report) {
  if (report.round_trip)
    page.line("Round trip", fmt::format("{:.3f} ms", static_cast<double>(report.round_trip->count()) / 1000));
  if (!report.connections) return;
  const ftp::ConnectionCount& count = *report.connections;
  if (!count.refused)
    page.line("Connections", fmt::format("{} at least", count.open),
              "as many as max_conns allows are used (4, or 8 to a server far away)");
  else
    page.line("Connections", fmt::format("{}, then: {}", count.open, escaped(count.server_said)),
              "ftpfs notices and gets along with what it is given");
}

void write_data_connection(Page& page, std::optional<proto::Verb> command) {
  if (!command) {
    page.line("Data connection", "not tried");
    return;
  }
  const bool active = *command == proto::Verb::eprt || *command == proto::Verb::port;
  page.line("Data connection", proto::verb_text(*command),
            active ? "active: the server connects to us" : "passive: we connect to the server");
}

}  // namespace

std::string report_text(const ftp::ServerReport& report) {
  Page page;
  page.line("Server", fmt::format("{} ({})", escaped(report.host), report.address));
  page.line("Greeting", escaped(report.greeting.substr(0, report.greeting.find('\n'))));
  if (!report.system.empty()) page.line("System", escaped(report.system));
  write_tls(page, report);
  page.line("Log-in", fmt::format("{}, in {}", escaped(report.user), escaped(report.home)));
  if (report.relative)
    page.line("Directories", "no paths of Unix",
              "each is walked to by CWD, one name after the other; renames stay within a directory");
  page.line(
      "FEAT",
      report.features.empty() ? "nothing" : escaped(fmt::format("{}", fmt::join(report.features, ", "))),
      report.features.empty() ? "each command is tried once, and left out where it is refused" : "");
  write_listing(page, report);
  write_zones(page, report);
  write_names(page, report.names);
  write_data_connection(page, report.data_command);
  write_restart(page, report.restart);
  write_pipelining(page, report.pipelining);
  write_changes(page, report);
  write_connections(page, report);
  for (const ftp::Trouble& trouble : report.troubles) {
    page.line("TROUBLE",
              fmt::format(
                  "{}: {}{}", trouble.step, escaped(trouble.what),
                  trouble.server_said.empty() ? "" : " (server said: " + escaped(trouble.server_said) + ")"));
  }
  return page.take();
}

}  // namespace ftpfs::cli
