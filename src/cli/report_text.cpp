// SPDX-License-Identifier: MIT
#include <cstdlib>

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
  if (report.entries)
    page.line("Listing",
              fmt::format("{}, {} entries in {}", report.by_mlsd ? "MLSD" : "LIST", *report.entries,
                          escaped(report.root)),
              report.by_mlsd ? "exact times and sizes from one listing"
                             : "times to the minute or the day; MDTM tells more when a file is opened");
  const bool hidden = report.dot_files == Support::no;
  page.line("Dot files", hidden ? "not in listings" : yes_or_no(report.dot_files),
            hidden ? "files whose names begin with a dot can be opened, not listed" : "");
}

void write_restart(Page& page, Support restart) {
  page.line("REST", yes_or_no(restart),
            restart == Support::yes  ? "reading begins anywhere in a file"
            : restart == Support::no ? "reading from the middle fetches all that lies before"
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

std::string_view mtime_name(ftp::MtimeCommand command) {
  switch (command) {
    case ftp::MtimeCommand::mfmt:
      return "MFMT";
    case ftp::MtimeCommand::mff:
      return "MFF";
    case ftp::MtimeCommand::site_utime:
    case ftp::MtimeCommand::site_utime_utc:
      return "SITE UTIME";
    case ftp::MtimeCommand::mdtm:
      return "MDTM";
    case ftp::MtimeCommand::none:
      return "no";
    case ftp::MtimeCommand::untested:
      break;
  }
  return "not tried";
}

std::string_view mode_name(ftp::ModeCommand command) {
  switch (command) {
    case ftp::ModeCommand::mff:
      return "MFF";
    case ftp::ModeCommand::site_chmod:
      return "SITE CHMOD";
    case ftp::ModeCommand::none:
      return "no";
    case ftp::ModeCommand::untested:
      break;
  }
  return "not tried";
}

void write_changes(Page& page, const ftp::ServerReport& report) {
  if (!report.writable) {
    page.line("Writing", "not tried (read-only)");
    return;
  }
  page.line("Writing", *report.writable ? "yes" : "refused");
  write_overwrite(page, report);
  page.line("Set times", mtime_name(report.mtime),
            report.mtime == ftp::MtimeCommand::none ? "touch -d and rsync -t have no effect" : "");
  page.line("chmod", mode_name(report.mode),
            report.mode == ftp::ModeCommand::none ? "chmod has no effect" : "");
  if (!report.clock_ahead) return;
  const auto seconds = report.clock_ahead->count();
  constexpr long tolerable = 2;
  page.line("Clock", std::abs(seconds) <= tolerable
                         ? "agrees with ours"
                         : fmt::format("{} s {}", std::abs(seconds), seconds > 0 ? "ahead" : "behind"));
}

void write_connections(Page& page, const ftp::ServerReport& report) {
  if (report.round_trip)
    page.line("Round trip", fmt::format("{:.3f} ms", static_cast<double>(report.round_trip->count()) / 1000));
  if (!report.connections) return;
  const ftp::ConnectionCount& count = *report.connections;
  if (!count.refused)
    page.line("Connections", fmt::format("{} at least", count.open));
  else
    page.line("Connections", fmt::format("{}, then: {}", count.open, escaped(count.server_said)),
              "ftpfs notices and gets along with what it is given");
}

}  // namespace

std::string report_text(const ftp::ServerReport& report) {
  Page page;
  page.line("Server", fmt::format("{} ({})", escaped(report.host), report.address));
  page.line("Greeting", escaped(report.greeting.substr(0, report.greeting.find('\n'))));
  if (!report.system.empty()) page.line("System", escaped(report.system));
  write_tls(page, report);
  page.line("Log-in", fmt::format("{}, in {}", escaped(report.user), escaped(report.home)));
  page.line("FEAT", report.features.empty() ? "nothing"
                                            : escaped(fmt::format("{}", fmt::join(report.features, ", "))));
  write_listing(page, report);
  page.line("Data connection", report.data_command ? proto::verb_text(*report.data_command) : "not tried");
  write_restart(page, report.restart);
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
