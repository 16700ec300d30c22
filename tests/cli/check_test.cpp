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
  EXPECT_THAT(text, HasSubstr("fetches all that lies before"));
  EXPECT_THAT(text, HasSubstr("steps aside"));
  EXPECT_THAT(text, HasSubstr("touch -d and rsync -t have no effect"));
  EXPECT_THAT(text, HasSubstr("SITE CHMOD"));
  EXPECT_THAT(text, HasSubstr("90 s behind"));
  EXPECT_THAT(text, HasSubstr("2, then: 421 Too many"));
}

TEST(ReportText, TheServersWordsCannotDriveATerminal) {
  EXPECT_THAT(report_text(modest_report()), Not(HasSubstr("\x1b")));
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
