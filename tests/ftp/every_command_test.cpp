// SPDX-License-Identifier: MIT
// F3 at each command that looks, reads or tidies up.
#include "every_command_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_P(EveryCommand, OfLooking) {
  const auto pasv = [](Behaviour& server) { server.epsv = false; };
  const auto port = [](Behaviour& server) { server.eprt = false; };
  const auto pret = [](Behaviour& server) { server.pret = true; };
  const auto look = [&] { EXPECT_EQ(stat("/a").value().size, 7u); };
  const auto list = [&] { EXPECT_THAT(names("/d"), testing::ElementsAre("inner")); };
  const auto begin = [&] { run(io_, remote_->open_source(Path("/a"), 3, {})); };
  std::vector<Step> steps{{"MLST", look},
                          {.verb = "SIZE", .call = look, .server = old},
                          {.verb = "MDTM", .call = look, .server = old},
                          {.verb = "CWD", .call = list, .server = old},
                          {"EPSV", list},
                          {.verb = "PASV", .call = list, .server = pasv},
                          {.verb = "EPRT", .call = list, .active = true},
                          {.verb = "PORT", .call = list, .server = port, .active = true},
                          {.verb = "PRET", .call = list, .server = pret},
                          {"MLSD", list},
                          {.verb = "LIST", .call = list, .server = old},
                          {.verb = "CWD", .call = list, .server = vsftpd_without_status},
                          {.verb = "LIST", .call = list, .server = vsftpd_without_status},
                          {"REST", begin}};
  if (in_rows()) {
    for (const char* verb : {"CWD", "STAT", "REST"})
      steps.push_back({.verb = verb, .call = list, .server = vsftpd});
    steps.push_back({.verb = "REST", .call = begin, .server = vsftpd});
  }
  expect_unnoticed(steps, all_moments_);
  expect_unnoticed({{"RETR", [&] { EXPECT_EQ(read("/a"), "content"); }}}, {Moment::received});
  if (GetParam().tls) expect_unnoticed({{"DATA TLS", list}, {"DATA TLS", begin}}, {Moment::received});
}

TEST_P(EveryCommand, OfFetchingWholeFiles) {
  const auto fetch = [&] {
    const auto whole = run(io_, remote_->fetch_whole(Path("/a"), 100, {}));
    EXPECT_TRUE(!whole || whole->attributes.size == 7u);
    const auto bytes = whole ? whole->content.bytes() : MutableBytes();
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), whole ? "content" : "");
  };
  expect_unnoticed({{"MLST", fetch},
                    {"EPSV", fetch},
                    {"RETR", fetch},
                    {.verb = "SIZE", .call = fetch, .server = old},
                    {.verb = "MDTM", .call = fetch, .server = vsftpd}},
                   all_moments_);
}

TEST_P(EveryCommand, OfAskingForRoom) {
  constexpr auto xquota_words =
      "213-File and disk usage\r\n File count: 1\r\n File limit: 9\r\n Disk usage: 1000\r\n"
      " Disk limit: 8000\r\n213 End";
  constexpr auto quota_words =
      "200-The current quota for this session are [current/limit]:\r\n"
      " Name: joe\r\n Uploaded bytes:\t1000.00/8000.00\r\n200 Please contact joe";
  const auto ask = [&] { EXPECT_EQ(run(io_, remote_->space({})).value().free, 7000u); };
  expect_unnoticed(
      {{.verb = "AVBL", .call = ask, .server = [](Behaviour& b) { b.avbl = 7000; }},
       {.verb = "XQUOTA", .call = ask, .server = [=](Behaviour& b) { b.xquota = xquota_words; }},
       {.verb = "SITE", .call = ask, .server = [=](Behaviour& b) { b.site_quota = quota_words; }}},
      all_moments_);
}

// When the data is there and the word that it is all of it is not: no end of file. The vfs, which knows how
// long the file is, does without that word.
TEST_P(EveryCommand, OfReading) {
  for (const Moment moment : {Moment::done, Moment::replied}) {
    for (const Action action : {Action::close, Action::reset}) {
      prepare({});
      server_.inject({"RETR", moment, action});
      std::string content = "content";
      const int code = failure([&] { content = read("/a"); });
      EXPECT_TRUE(code == 0 || code == EIO) << code;
      EXPECT_EQ(content, "content");
      EXPECT_EQ(server_.faults_left(), 0u);
      EXPECT_EQ(read("/a"), "content");
    }
  }
}

// What nobody waits for.
TEST_P(EveryCommand, OfTidyingUp) {
  tree().file("/big", std::string(8'000'000, 'b'));
  const auto give_up = [&] { run(io_, remote_->open_source(Path("/big"), 0, {})); };
  const auto grow_idle = [&] {
    settle(io_);
    clock_.advance(std::chrono::seconds(61));
  };
  expect_unnoticed({{"NOOP", give_up}, {"QUIT", grow_idle}}, all_moments_);
}

INSTANTIATE_TEST_SUITE_P(Ftp, EveryCommand,
                         testing::Values(Scene{.name = "InClear"}, Scene{.name = "Going", .going = true},
                                         Scene{.name = "InTls", .tls = true},
                                         Scene{.name = "OneByOne", .pace = Pace::one_by_one}),
                         scene_name);

}  // namespace
}  // namespace ftpfs::test
