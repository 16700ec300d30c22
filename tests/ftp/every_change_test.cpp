// SPDX-License-Identifier: MIT
// F3 at each command that changes something, and at those around it.
#include "every_command_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_P(EveryCommand, OfChanging) {
  const auto moved = [&] { return gone("/victim") && holds("/moved", "v"); };
  const auto move = [&] { rename("/victim", "/moved"); };
  expect_unnoticed({{.verb = "DELE",
                     .call = [&] { unlink("/victim"); },
                     .holds = [&] { return gone("/victim"); },
                     .once = true},
                    {.verb = "MKD",
                     .call = [&] { mkdir("/made"); },
                     .holds = [&] { return tree().find("/made")->is_directory(); },
                     .once = true},
                    {.verb = "RMD",
                     .call = [&] { rmdir("/empty"); },
                     .holds = [&] { return gone("/empty"); },
                     .once = true},
                    {.verb = "RNTO", .call = move, .holds = moved, .once = true},
                    {.verb = "RNFR", .call = move, .holds = moved},
                    {.verb = "SITE",
                     .call = [&] { run(io_, remote_->make_symlink("a", Path("/link"), {})); },
                     .holds = [&] { return tree().find_itself("/link") != nullptr; },
                     .server = [](Behaviour& b) { b.site_symlink = true; },
                     .once = true}},
                   all_moments_);
}

TEST_P(EveryCommand, OfUploading) {
  const auto put = [&] { EXPECT_EQ(write("/new", "fresh").size, 5u); };
  const auto holds_new = [&] { return holds("/new", "fresh"); };
  const auto add = [&] { append("/a", "+"); };
  const auto added = [&] { return holds("/a", "content+"); };
  expect_unnoticed({{.verb = "STOR", .call = put, .holds = holds_new, .once = true, .may_be_late = true},
                    {.verb = "APPE", .call = add, .holds = added, .once = true, .may_be_late = true},
                    {.verb = "EPSV", .call = put, .holds = holds_new},
                    {.verb = "EPSV", .call = add, .holds = added},
                    {.verb = "MLST", .call = put, .holds = holds_new},
                    {.verb = "MLST", .call = add, .holds = added},
                    {.verb = "SIZE", .call = put, .holds = holds_new, .server = vsftpd},
                    {.verb = "MDTM", .call = put, .holds = holds_new, .server = vsftpd}},
                   all_moments_);
  // In front of an append, and where transfers follow one another in one trip with it.
  expect_unnoticed({{.verb = "SIZE", .call = add, .holds = added}}, all_moments_);
}

TEST_P(EveryCommand, OfSettingTimesAndModes) {
  const auto mode = [&] { return tree().find("/victim")->mode == 0600u; };
  const auto mtime = [&] { return tree().find("/victim")->mtime == 1'500'000'000; };
  const auto set_mode_of_it = [&] { set_mode("/victim", 0600); };
  const auto set_time = [&] { set_mtime("/victim", 1'500'000'000); };
  const auto only = [](bool Behaviour::*form) {
    return [form](Behaviour& server) {
      server.mfmt = server.site_chmod = false;
      server.*form = true;
    };
  };
  expect_unnoticed({{"SITE", set_mode_of_it, mode},
                    {"MFF", set_mode_of_it, mode, only(&Behaviour::mff)},
                    {"MFMT", set_time, mtime},
                    {"MFF", set_time, mtime, only(&Behaviour::mff)},
                    {"MDTM", set_time, mtime, vsftpd},
                    {"SITE", set_time, mtime, only(&Behaviour::site_utime)},
                    {"SITE", set_time, mtime, only(&Behaviour::site_utime_utc)}},
                   all_moments_);
}

}  // namespace
}  // namespace ftpfs::test
