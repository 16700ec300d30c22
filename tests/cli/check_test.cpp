// SPDX-License-Identifier: MIT
// What `ftpfs check` says about a report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ftpfs/cli/check.hpp>

namespace ftpfs::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

ftp::ServerReport modest_report() {
  ftp::ServerReport report;
  report.host = "ftp.example.org";
  report.address = "192.0.2.1 port 21";
  report.greeting = "Welcome\nto this server";
  report.user = "joe";
  report.home = "/home/joe";
  report.root = "/home/joe";
  report.features = {"SIZE", "REST STREAM"};
  report.entries = 3;
  report.data_command = proto::Verb::pasv;
  report.restart = ftp::Support::no;
  report.writable = true;
  report.overwrite = ftp::Overwrite::refuses;
  report.mtime = ftp::MtimeCommand::none;
  report.mode = ftp::ModeCommand::site_chmod;
  report.clock_ahead = std::chrono::seconds(-90);
  report.zones.list = {std::chrono::hours(1), std::chrono::hours(2)};
  report.zones.mdtm = -std::chrono::minutes(210);
  report.names.changed = {"capitals", "?"};
  report.names.folds_case = true;
  report.connections = ftp::ConnectionCount{2, true, "421 Too many"};
  report.troubles = {{"set times", "server cannot set the time", "500 \x1b[2J"}};
  return report;
}

TEST(ReportText, TellsWhatFollows) {
  const std::string text = report_text(modest_report());
  EXPECT_THAT(text, HasSubstr("ftp.example.org (192.0.2.1 port 21)"));
  EXPECT_THAT(text, HasSubstr("password and files are sent in clear text"));
  EXPECT_THAT(text, HasSubstr("joe, in /home/joe"));
  EXPECT_THAT(text, HasSubstr("SIZE, REST STREAM"));
  EXPECT_THAT(text, HasSubstr("LIST, 3 entries in /home/joe"));
  EXPECT_THAT(text, HasSubstr("PASV"));
  EXPECT_THAT(text, HasSubstr("-> passive: we connect to the server"));
  EXPECT_THAT(text, HasSubstr("fetches all that lies before"));
  EXPECT_THAT(text, HasSubstr("steps aside"));
  EXPECT_THAT(text, HasSubstr("touch -d and rsync -t have no effect"));
  EXPECT_THAT(text, HasSubstr("SITE CHMOD"));
  EXPECT_THAT(text, HasSubstr("-> chmod changes the server's modes"));
  EXPECT_THAT(text, HasSubstr("90 s behind"));
  EXPECT_THAT(text, HasSubstr("-> times are shown as the server tells them"));
  EXPECT_THAT(text, HasSubstr("2, then: 421 Too many"));
  EXPECT_THAT(text, HasSubstr("UTC+01:00 and UTC+02:00 in listings"));
  EXPECT_THAT(text, HasSubstr("UTC-03:30 instead of UTC"));
  EXPECT_THAT(text, HasSubstr("bytes pass unchanged"));
  EXPECT_THAT(text, HasSubstr("names that differ in case only cannot be made"));
  EXPECT_THAT(text, HasSubstr("changed by the server: capitals, ?"));
}

TEST(ReportText, SaysWhatFtpfsDoesAboutIt) {
  ftp::ServerReport report = modest_report();
  report.features.clear();
  report.data_command = proto::Verb::port;
  report.mtime = ftp::MtimeCommand::mfmt;
  report.mode = ftp::ModeCommand::untested;
  report.clock_ahead = std::chrono::seconds(1);
  report.connections = ftp::ConnectionCount{10, false, ""};
  const std::string text = report_text(report);
  EXPECT_THAT(text, HasSubstr("-> each command is tried once"));
  EXPECT_THAT(text, HasSubstr("-> active: the server connects to us"));
  EXPECT_THAT(text, HasSubstr("-> touch -d and rsync -t set the server's times"));
  EXPECT_THAT(text, HasSubstr("10 at least"));
  EXPECT_THAT(text, HasSubstr("-> as many as max_conns allows"));
  EXPECT_THAT(text, Not(HasSubstr("modes")));
  EXPECT_THAT(text, Not(HasSubstr("as the server tells them")));
}

TEST(ReportText, SaysHowDirectoriesAreReached) {
  ftp::ServerReport report = modest_report();
  EXPECT_THAT(report_text(report), Not(HasSubstr("walked to")));
  report.relative = true;
  EXPECT_THAT(report_text(report), HasSubstr("each is walked to by CWD"));
}

TEST(ReportText, TheServersWordsCannotDriveATerminal) {
  EXPECT_THAT(report_text(modest_report()), Not(HasSubstr("\x1b")));
}

TEST(ReportText, AZoneThatNobodyKnowsIsAskedFor) {
  ftp::ServerReport report = modest_report();
  report.zones.list.clear();
  EXPECT_THAT(report_text(report), HasSubstr("server_tz= tells the zone"));
  report.zones.told = true;
  EXPECT_THAT(report_text(report), HasSubstr("as server_tz says"));
}

TEST(ReportText, SaysWhoseCertificateItIs) {
  ftp::ServerReport report = modest_report();
  report.tls.emplace();
  report.tls->version = "TLSv1.3";
  report.tls->certificate.emplace();
  report.tls->certificate->subject = "CN=ftp.example.org";
  report.tls_resumed = true;
  const std::string text = report_text(report);
  EXPECT_THAT(text, HasSubstr("TLSv1.3"));
  EXPECT_THAT(text, HasSubstr("CN=ftp.example.org"));
  EXPECT_THAT(text, HasSubstr("NOT verified"));
  EXPECT_THAT(text, HasSubstr("take up the control connection's session"));
}

TEST(ReportJson, IsOneObjectWithNullForWhatIsNotKnown) {
  const nlohmann::json report = nlohmann::json::parse(report_json(modest_report()));
  EXPECT_EQ(report["host"], "ftp.example.org");
  EXPECT_EQ(report["tls"], nullptr);
  EXPECT_EQ(report["entries"], 3);
  EXPECT_EQ(report["rest"], false);
  EXPECT_EQ(report["dot_files"], nullptr);
  EXPECT_EQ(report["rename_over"], "refuses");
  EXPECT_EQ(report["set_mtime"], "none");
  EXPECT_EQ(report["chmod"], "SITE CHMOD");
  EXPECT_EQ(report["clock_ahead_s"], -90);
  EXPECT_EQ(report["zones"]["list_ahead_s"], (std::vector<int>{3600, 7200}));
  EXPECT_EQ(report["zones"]["mdtm_ahead_s"], -12600);
  EXPECT_EQ(report["names"]["charset"], nullptr);
  EXPECT_EQ(report["names"]["changed"], (std::vector<std::string>{"capitals", "?"}));
  EXPECT_EQ(report["names"]["folds_case"], true);
  EXPECT_EQ(report["connections"]["open"], 2);
  EXPECT_EQ(report["troubles"][0]["step"], "set times");
}

TEST(ReportJson, NamesThatAreNoUtf8DoNotBreakIt) {
  ftp::ServerReport report = modest_report();
  report.home = "/caf\xe9";
  EXPECT_TRUE(nlohmann::json::accept(report_json(report)));
}

}  // namespace
}  // namespace ftpfs::cli
