// SPDX-License-Identifier: MIT
// Starts that fail before any server is asked, and their exit status.
#include <sys/stat.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Refusal : public ProgramTest {};

TEST_F(Refusal, HelpAndVersionSucceed) {
  const Outcome help = run({FTPFS_PROGRAM, "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(help.output.starts_with("Usage: ftpfs ")) << help.output;
  const Outcome version = run({FTPFS_PROGRAM, "-V"});
  EXPECT_EQ(version.status, 0);
  EXPECT_TRUE(version.output.starts_with("ftpfs " FTPFS_VERSION "\nlibfuse 3.")) << version.output;
  for (const char* part : {"\nOpenSSL ", "\nBoost 1.", "\nfmt ", "\nspdlog ", "FUSE protocol 7."})
    EXPECT_NE(version.output.find(part), std::string::npos) << part << version.output;
  const Outcome all = run({FTPFS_PROGRAM, "--help-all"});
  EXPECT_EQ(all.status, 0);
  EXPECT_NE(all.output.find("trust a listing for so long"), std::string::npos) << all.output;
}

TEST_F(Refusal, UnknownOption) {
  const Outcome outcome = start("host:", "timout=3");
  expect_refusal(outcome, 1);
  EXPECT_EQ(outcome.output, "ftpfs: unknown option 'timout'; did you mean 'timeout'?\n");
}

TEST_F(Refusal, NoArguments) {
  expect_refusal(run({FTPFS_PROGRAM}), 1);
}

TEST_F(Refusal, TlsThatContradictsItself) {
  expect_refusal(start("ftps://host", "tls=off"), 1);
  expect_refusal(start("host:", "tls=sometimes"), 1);
  expect_refusal(start("host:", "tls_pin=sha256:1234"), 1);
  expect_refusal(start("host:", "server_cert=/nowhere"), 1);
}

TEST_F(Refusal, AuthoritiesThatCannotBeRead) {
  const Outcome outcome = start("host.invalid:", "tls=require,cacert=/nowhere");
  expect_refusal(outcome, 32);
  EXPECT_NE(outcome.output.find("cacert=/nowhere"), std::string::npos) << outcome.output;
}

TEST_F(Refusal, UserWithoutPassword) {
  expect_refusal(run(command("joe@host:")), 1);
}

TEST_F(Refusal, MissingMountpoint) {
  fs::remove(mountpoint());
  const Outcome outcome = start("host:");
  fs::create_directory(mountpoint());
  expect_refusal(outcome, 32);
}

TEST_F(Refusal, MountpointThatIsAFile) {
  fs::remove(mountpoint());
  write_file(mountpoint(), "");
  const Outcome outcome = start("host:");
  fs::remove(mountpoint());
  fs::create_directory(mountpoint());
  expect_refusal(outcome, 32);
}

TEST_F(Refusal, MountpointThatIsNotEmpty) {
  write_file(mountpoint() / "file", "");
  const Outcome outcome = start("host:", "nonempty");
  EXPECT_EQ(read_file(mountpoint() / "file"), "");
  fs::remove(mountpoint() / "file");
  expect_refusal(outcome, 32);
}

TEST_F(Refusal, SpoolThatOthersMayWriteTo) {
  fs::create_directory(scratch("spool"));
  fs::permissions(scratch("spool"), fs::perms::all);
  expect_refusal(start("host:"), 16);
}

TEST_F(Refusal, SpoolFolderThatCannotBeUsed) {
  const auto start_with = [&](const fs::path& spool) {
    return run({FTPFS_PROGRAM, "-o", "spool_dir=" + spool.string(), "ftp://127.0.0.1:1", mountpoint()});
  };
  write_file(scratch("file"), "");
  expect_refusal(start_with(scratch("file")), 16);
  expect_refusal(start_with(scratch("file") / "below"), 16);
  fs::create_directory(scratch("open"));
  fs::permissions(scratch("open"), fs::perms::all);
  expect_refusal(start_with(scratch("open")), 16);
  expect_refusal(start_with(scratch("usable")), 32);  // nobody listens
}

TEST_F(Refusal, SpoolInsideTheMountpoint) {
  expect_refusal(
      run({FTPFS_PROGRAM, "-o", "spool_dir=" + (mountpoint() / "spool").string(), "host:", mountpoint()}), 1);
}

// Below the mount nobody would find it again, and the daemon would ask itself for it.
TEST_F(Refusal, FilesInsideTheMountpoint) {
  const std::string file = (mountpoint() / "file").string();
  write_file(file, "password=word\n");
  fs::permissions(file, fs::perms(0600));
  fs::create_directory_symlink(mountpoint(), scratch("link"));
  const auto refusal_of = [&](const std::string& option, const std::map<std::string, std::string>& more) {
    const Outcome outcome = run(command("joe@host.invalid:", option), more);
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    return outcome.output;
  };
  for (const std::string name : {"credentials=", "netrc_file=", "cacert=", "capath=", "cert=", "key="}) {
    const std::string certificate = name == "key=" ? "cert=/nowhere," : "";
    EXPECT_EQ(refusal_of(certificate + name + file, {}),
              "ftpfs: " + name + file + ": lies inside the mountpoint\n");
  }
  const std::string linked = scratch("link/file").string();
  EXPECT_EQ(refusal_of("credentials=" + linked, {}),
            "ftpfs: credentials=" + linked + ": lies inside the mountpoint\n");
  EXPECT_EQ(refusal_of("timeout=1", {{"FTPFS_PASSWORD_FILE", file}}),
            "ftpfs: FTPFS_PASSWORD_FILE: " + file + ": lies inside the mountpoint\n");
  EXPECT_FALSE(mounted());
  fs::remove(file);
}

TEST_F(Refusal, SpoolWhereOthersCouldPutAnother) {
  fs::create_directory(scratch("open"));
  fs::permissions(scratch("open"), fs::perms::all);
  const Outcome outcome =
      run({FTPFS_PROGRAM, "-o", "spool_dir=" + scratch("open/spool").string(), "host:", mountpoint()});
  expect_refusal(outcome, 16);
  EXPECT_NE(outcome.output.find("others may write to " + scratch("open").string()), std::string::npos)
      << outcome.output;
  EXPECT_TRUE(fs::is_empty(scratch("open")));
}

TEST_F(Refusal, CacheFolderThatCannotBeUsed) {
  const auto start_with = [&](const fs::path& cache) {
    return run({FTPFS_PROGRAM, "-o",
                "cache_mode=full,cache_dir=" + cache.string() + ",spool_dir=" + scratch("spool").string(),
                "ftp://127.0.0.1:1", mountpoint()});
  };
  write_file(scratch("file"), "");
  expect_refusal(start_with(scratch("file")), 16);
  fs::create_directory(scratch("open"));
  fs::permissions(scratch("open"), fs::perms::all);
  expect_refusal(start_with(scratch("open")), 16);
  expect_refusal(start_with(mountpoint() / "cache"), 1);
  expect_refusal(start_with(scratch("spool")), 1);
}

}  // namespace
}  // namespace ftpfs::test
