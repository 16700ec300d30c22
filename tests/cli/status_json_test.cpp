// SPDX-License-Identifier: MIT
// What a mount tells about itself, as JSON and as text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ftpfs/cli/mount_status.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

ftp::RemoteStatus remote() {
  ftp::RemoteStatus made;
  made.host = "nas";
  made.port = 2121;
  made.user = "joe";
  made.root = "/srv/my files";
  made.tls = ftp::TlsInUse{"TLSv1.3", "TLS_AES"};
  made.sessions = {.in_use = 2, .transfers = 1, .idle = 1, .waiting = 0, .limit = 4, .max_conns = 4};
  made.received = {2048, 0};
  made.sent = {4096, 1024};
  made.commands = 17;
  return made;
}

vfs::Status files() {
  vfs::Status made;
  made.spool = "/spool";
  made.unsaved.push_back({"/a", vfs::Unsaved::State::sending, 4096, 1024, 1, {}});
  made.unsaved.push_back({"/b\x1b[2J", vfs::Unsaved::State::waiting, 10, 0, 2,
                          vfs::Fault{ENOSPC, "STOR failed", "452 Full.\x1b"}});
  made.refused.push_back({"/c", {EACCES, "STOR failed", "553 No."}, "/spool/c", 1'700'000'000});
  made.kept.push_back({"/spool/c", 5, 1'700'000'000});
  made.listings = {3, 300, 1000, {9, 1}};
  made.disk = vfs::CacheStatus{7, 2048, 4096, {30, 10}};
  made.cache = "/cache/joe";
  return made;
}

const MountFacts facts{"/mnt/nas", "joe@nas:", "ftp://joe@nas/", 1'700'000'000};

TEST(StatusJson, HasEverything) {
  const json status = json::parse(status_json(facts, remote(), files()));
  EXPECT_EQ(status["mountpoint"], "/mnt/nas");
  EXPECT_EQ(status["server"]["tls"]["version"], "TLSv1.3");
  EXPECT_EQ(status["sessions"]["limit"], 4);
  EXPECT_EQ(status["queue"]["files"], 2);
  EXPECT_EQ(status["queue"]["bytes"], 4106);
  EXPECT_EQ(status["queue"]["sent"], 1024);
  EXPECT_EQ(status["queue"]["seconds_left"], 4);  // 3082 bytes at 1024 a second
  EXPECT_EQ(status["queue"]["items"][1]["error"]["errno"], "ENOSPC");
  EXPECT_EQ(status["queue"]["items"][1]["error"]["server_said"], "452 Full.\x1b");
  EXPECT_EQ(status["errors"][0]["kept"], "/spool/c");
  EXPECT_EQ(status["caches"]["listings"]["hits"], 9);
  EXPECT_EQ(status["caches"]["disk"]["folder"], "/cache/joe");
  EXPECT_EQ(status["caches"]["disk"]["misses"], 10);
}

TEST(StatusJson, BytesThatAreNoTextDoNoHarm) {
  vfs::Status odd = files();
  odd.unsaved[0].path = "/\xFF\xFE";
  EXPECT_NO_THROW(json::parse(status_json(facts, remote(), odd)));
}

TEST(StatusText, TellsThatTheServerIsAway) {
  ftp::RemoteStatus away = remote();
  away.away =
      ftp::Away{std::chrono::seconds(75), std::chrono::seconds(3), 4, "cannot connect to nas:2121", ""};
  const json status = json::parse(status_json(facts, away, files()));
  EXPECT_EQ(status["server"]["away"]["attempts"], 4);
  EXPECT_THAT(
      status_text(status, Paint()),
      HasSubstr("Away        for 1 min 15 s: cannot connect to nas:2121; the next attempt is in 3 s\n"));
  EXPECT_TRUE(json::parse(status_json(facts, remote(), files()))["server"]["away"].is_null());
}

TEST(StatusText, IsForPeople) {
  const test::Variable zone("TZ", "UTC");
  ::tzset();
  const std::string text = status_text(json::parse(status_json(facts, remote(), files())), Paint());
  EXPECT_THAT(text, HasSubstr("/mnt/nas  joe@nas:\n"));
  EXPECT_THAT(text, HasSubstr("Server      nas:2121, as joe, in /srv/my files\n"));
  EXPECT_THAT(text, HasSubstr("TLS         TLSv1.3 TLS_AES\n"));
  EXPECT_THAT(text, HasSubstr("Sessions    2 in use, 1 idle, 4 at most\n"));
  EXPECT_THAT(text,
              HasSubstr("To be sent  2 files, 4.0 KiB, 1.0 KiB of that are sent, 1.0 KiB/s, 4 s left\n"));
  EXPECT_THAT(text, HasSubstr("            sending  /a  4.0 KiB, 25 %\n"));
  EXPECT_THAT(text, HasSubstr("STOR failed (server said: 452 Full.\\x1B)\n"));
  EXPECT_THAT(text, HasSubstr("ERROR       /c could not be sent: STOR failed (server said: 553 No.)\n"));
  EXPECT_THAT(text, HasSubstr("2023-11-14 22:13:20; its content is in /spool/c\n"));
  EXPECT_THAT(
      text, HasSubstr("Cache       7 files, 2.0 KiB of 4.0 KiB, 75 % of 40 hits\n            /cache/joe\n"));
  EXPECT_THAT(text, HasSubstr("Listings    3 directories, 300 B of 1000 B, 90 % of 10 hits\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "no colours, and no tricks of file names";
}

TEST(StatusText, SaysWhereNothingIsKnown) {
  ftp::RemoteStatus unknown = remote();
  unknown.root.clear();
  unknown.tls.reset();
  unknown.refusal = "530 Wrong.";
  unknown.sessions.limit = 2;
  const std::string text = status_text(json::parse(status_json(facts, unknown, {})), Paint());
  EXPECT_THAT(text, HasSubstr("not logged in yet"));
  EXPECT_THAT(text, HasSubstr("refused (server said: 530 Wrong.)"));
  EXPECT_THAT(text, HasSubstr("2 at most (the server takes no more; max_conns=4)"));
  EXPECT_THAT(text, HasSubstr("To be sent  nothing\n"));
}

// A daemon goes on running when the program is replaced by a newer one.
TEST(StatusText, GetsAlongWithAnswersOfOtherVersions) {
  EXPECT_NO_THROW(status_text(json::object(), Paint()));
  EXPECT_NO_THROW(file_text(json::object(), Paint()));
  EXPECT_NO_THROW(
      status_text(json::parse(R"({"queue": {"files": 3}, "errors": null, "server": []})"), Paint()));
}

TEST(FileText, TellsWhatIsHere) {
  vfs::FileStatus file;
  file.attributes.size = 4096;
  file.age = std::chrono::seconds(3);
  file.in_memory = 2048;
  file.on_disk = 1024;
  file.writers = file.handles = 1;
  file.unsaved = vfs::Unsaved{"/a b", vfs::Unsaved::State::open, 4096, 0, 0, {}};
  const std::string text =
      file_text(json::parse(file_json(Path("/a b"), "ftp://joe@nas//srv/a%20b", file)), Paint());
  EXPECT_THAT(text, HasSubstr("/a b\nURL         ftp://joe@nas//srv/a%20b\n"));
  EXPECT_THAT(text, HasSubstr("Kind        file, 4.0 KiB\n"));
  EXPECT_THAT(text, HasSubstr("In memory   2.0 KiB\n"));
  EXPECT_THAT(text, HasSubstr("On disk     1.0 KiB, in the spool\n"));
  EXPECT_THAT(text, HasSubstr("Open        1 time, 1 for writing\n"));
  EXPECT_THAT(text, HasSubstr("open     /a b  4.0 KiB, being written\n"));
  EXPECT_THAT(file_text(json::parse(file_json(Path("/x"), "ftp://h//x", {})), Paint()),
              HasSubstr("nothing is known of it here"));
}

TEST(StatsText, HasALineForEachCounter) {
  fuse::Counters counters;
  counters.asked("lookup");
  counters.failed(ENOENT);
  const std::string stats = stats_json(facts, remote(), files(), counters);
  const std::string text = stats_text(json::parse(stats));
  EXPECT_THAT(text, HasSubstr("requests.lookup                 1\n"));
  EXPECT_THAT(text, HasSubstr("errors.ENOENT                   1\n"));
  EXPECT_THAT(text, HasSubstr("ftp.commands                    17\n"));
  EXPECT_THAT(text, HasSubstr("bytes.sent                      4096\n"));
}

TEST(Url, IsWhatCurlAndWeTake) {
  ftp::RemoteStatus server = remote();
  EXPECT_EQ(url_of(server, "/srv/a b%#?\xC3\xA4"), "ftp://joe@nas:2121//srv/a%20b%25%23%3F%C3%A4");
  server.port = 21;
  server.user = "joe@work";
  EXPECT_EQ(url_of(server, "/"), "ftp://joe%40work@nas//");
  server.user = "anonymous";
  server.host = "2001:db8::1";
  EXPECT_EQ(url_of(server, "/x"), "ftp://[2001:db8::1]//x");
  server.tls_mode = ftp::TlsMode::implicit;
  server.port = 990;
  EXPECT_EQ(url_of(server, "/x"), "ftps://[2001:db8::1]//x");
  server.tls_mode = ftp::TlsMode::require;
  server.port = 21;
  EXPECT_EQ(url_of(server, "/x"), "ftpes://[2001:db8::1]//x");
}

TEST(Colours, AreForTerminalsOnly) {
  EXPECT_EQ(Paint().bad("x"), "x");
  EXPECT_EQ(Paint(-1).bad("x"), "x");
}

}  // namespace
}  // namespace ftpfs::cli
