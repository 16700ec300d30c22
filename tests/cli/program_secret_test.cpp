// SPDX-License-Identifier: MIT
// The password gets where it must, and nowhere else.
#include <fstream>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/program.hpp"
#include "cli/system_log.hpp"
#include "support/certificates.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Secret : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!IsSkipped()) served_.emplace();
  }

  std::string url_with_password() {
    std::string url = served_->url();
    return url.replace(url.find('@'), 1, ":secret@");
  }

  // SOURCE without a user.
  std::string credentials_only() {
    std::string url = served_->url();
    return url.erase(url.find("joe@"), 4);
  }
  std::string credentials(const std::string& user, const std::string& password) {
    fs::create_directories(scratch("credentials"));
    return file_with_secret("credentials/ftpfs.credentials",
                            "username=" + user + "\npassword=" + password + "\n");
  }

  static void expect_hidden(pid_t process) {
    for (const std::string& pid : family(process)) {
      for (const char* file : {"cmdline", "environ"}) {
        const std::string text = read_file("/proc/" + pid + "/" + file);
        EXPECT_EQ(text.find("secret"), std::string::npos) << file;
        EXPECT_FALSE(text.empty());
      }
    }
  }

  static std::set<std::string> targets_of(const fs::path& descriptors) {
    std::set<std::string> targets;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(descriptors)) {
      targets.insert(fs::read_symlink(entry.path(), gone));
    }
    return targets;
  }

  // The process and its children.
  static std::vector<std::string> family(pid_t pid) {
    std::vector<std::string> pids{std::to_string(pid)};
    std::ifstream children("/proc/" + pids[0] + "/task/" + pids[0] + "/children");
    for (std::string child; children >> child;) pids.push_back(child);
    return pids;
  }

  std::optional<Served> served_;
};

TEST_F(Secret, IsGoneFromArgumentsAndEnvironmentBeforeTheServerIsAsked) {
  served_->with([](FakeServer& server) {
    server.inject({.verb = "GREETING", .action = Fault::Action::stall, .times = 1000});
  });
  Process process(
      {foreground(url_with_password(), "timeout=60"), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
  ASSERT_TRUE(
      eventually([&] { return served_->with([](FakeServer& server) { return server.sessions() > 0; }); }));
  expect_hidden(process.pid());
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 8);
}

TEST_F(Secret, InTheUrlWorksAndIsWarnedAbout) {
  const Outcome outcome = run(command(url_with_password()));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.output.starts_with("ftpfs: warning: ")) << outcome.output;
  EXPECT_TRUE(mounted());
  EXPECT_EQ(read_file("/proc/self/mounts").find("secret"), std::string::npos);
  EXPECT_NE(read_file("/proc/self/mounts").find("joe@127.0.0.1:"), std::string::npos);
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Secret, IsNotLoggedAtAnyLevel) {
  auto arguments = command(url_with_password());
  arguments.insert(arguments.end(), {"-f", "-vvv"});
  Process process({arguments, "/", {}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); }));
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
  const std::string log = read_file(scratch("log"));
  EXPECT_NE(log.find("PASS"), std::string::npos) << log;
}

// Everything that others could look at, while the program waits for the server and once it is mounted.
TEST_F(Secret, InAFileIsSeenNowhere) {
  served_->with([](FakeServer& server) {
    server.inject({.verb = "PASS", .action = Fault::Action::stall, .times = 1});
  });
  auto arguments = command(credentials_only(), "timeout=60,credentials=" + credentials("joe", "secret"));
  arguments.insert(arguments.end(), {"-f", "-vvv"});
  Process stalled({arguments, "/", {}, scratch("log")});
  ASSERT_TRUE(eventually(
      [&] { return served_->with([](FakeServer& server) { return server.faults_fired() > 0; }); }));
  expect_hidden(stalled.pid());
  stalled.signal(SIGTERM);
  EXPECT_EQ(stalled.wait(), 8);
  Process process({arguments, "/", {}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); })) << read_file(scratch("log"));
  expect_hidden(process.pid());
  EXPECT_EQ(read_file("/proc/self/mountinfo").find("secret"), std::string::npos);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
  const std::string log = read_file(scratch("log"));
  EXPECT_NE(log.find("PASS"), std::string::npos) << log;
}

// To a program that we start (fusermount3, mount).
TEST_F(Secret, IsNotLeftToChildren) {
  Process process({foreground(url_with_password()), "/", {}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); })) << read_file(scratch("log"));
  const fs::path own = "/proc/" + std::to_string(process.pid());
  const std::set<std::string> inherited = targets_of("/proc/self/fd");
  const auto left_to_children = [&](const std::string& number) {
    std::error_code gone;
    const std::string target = fs::read_symlink(own / "fd" / number, gone);
    if (gone || std::stoi(number) <= 2 || inherited.contains(target)) return false;
    std::istringstream info(read_file(own / "fdinfo" / number));
    for (std::string key; info >> key && key != "flags:";) {
    }
    unsigned flags = O_CLOEXEC;
    info >> std::oct >> flags;
    return (flags & O_CLOEXEC) == 0;
  };
  // UBSan looks whether an object is memory by a pipe of its own, for an instant and without the flag.
  for (const auto& entry : fs::directory_iterator(own / "fd")) {
    const std::string number = entry.path().filename();
    EXPECT_TRUE(eventually([&] { return !left_to_children(number); })) << number;
  }
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
}

// Neither the limit nor the kernel lets one be written, also not of root, where both would.
TEST_F(Secret, IsNotLeftToCoreFiles) {
  if (!fs::exists("/usr/bin/prlimit") || !fs::exists("/usr/bin/setpriv"))
    GTEST_SKIP() << "no prlimit or no setpriv (util-linux)";
  if (run({"/usr/bin/prlimit", "--core=unlimited:unlimited", "/bin/true"}).status != 0)
    GTEST_SKIP() << "no core files are allowed here";
  const auto with_cores = [&](std::vector<std::string> command) {
    command.insert(command.begin(), {"/usr/bin/prlimit", "--core=unlimited:unlimited", "/usr/bin/setpriv",
                                     "--regid=daemon", "--clear-groups"});
    // AddressSanitizer would see to it that there is none.
    return Spawn{command, scratch("cores"), {{"ASAN_OPTIONS", "disable_coredump=0"}}, scratch("log")};
  };
  const auto group_of_memory = [](const Process& process) {  // root's where a process is not dumpable
    struct ::stat memory {};
    EXPECT_EQ(::stat(("/proc/" + std::to_string(process.pid()) + "/mem").c_str(), &memory), 0);
    return memory.st_gid;
  };
  const auto limits = [](const Process& process) {
    return read_file("/proc/" + std::to_string(process.pid()) + "/limits");
  };
  fs::create_directory(scratch("cores"));
  fs::permissions(scratch("cores"), fs::perms::all);
  Process other(with_cores({"/bin/sleep", "1000"}));
  ASSERT_TRUE(eventually([&] { return group_of_memory(other) != 0u; }));
  EXPECT_THAT(limits(other), testing::ContainsRegex("Max core file size +unlimited +unlimited "));
  Process process(with_cores(foreground(url_with_password())));
  ASSERT_TRUE(eventually([&] { return mounted(); })) << read_file(scratch("log"));
  EXPECT_EQ(group_of_memory(process), 0u);
  EXPECT_THAT(limits(process), testing::ContainsRegex("Max core file size +0 +0 "));
  process.signal(SIGABRT);
  EXPECT_EQ(process.wait(), 128 + SIGABRT);
  EXPECT_TRUE(fs::is_empty(scratch("cores")));
  ::umount2(mountpoint().c_str(), MNT_DETACH);
  const std::string pattern = read_file("/proc/sys/kernel/core_pattern");
  if (pattern.find_first_of("|/") != pattern.npos) GTEST_SKIP() << "core files go elsewhere: " << pattern;
  other.signal(SIGABRT);
  EXPECT_EQ(other.wait(), 128 + SIGABRT);
  EXPECT_FALSE(fs::is_empty(scratch("cores"))) << "nor would one have been seen";
}

// What other libraries offer to those who debug TLS would show everything to whoever sets a variable.
TEST_F(Secret, KeysOfTlsAreNotWrittenDown) {
  const Authority authority;
  served_->with([&](FakeServer& server) {
    server.behaviour().tls.certificate = authority.issue({.addresses = {"127.0.0.1"}}).pem();
  });
  write_file(scratch("authority"), authority.certificate());
  const Outcome outcome = run(command(served_->url(), "tls=require,cacert=" + scratch("authority").string()),
                              {{"FTPFS_PASSWORD", "secret"}, {"SSLKEYLOGFILE", scratch("keys").string()}});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  ASSERT_TRUE(mounted());
  EXPECT_EQ(unmount().status, 0);
  EXPECT_FALSE(fs::exists(scratch("keys")));
}

TEST_F(Secret, FilesOfTlsAreRelativeToWhereTheCommandStands) {
  const Authority authority;
  served_->with([&](FakeServer& server) {
    server.behaviour().tls.certificate = authority.issue({.addresses = {"127.0.0.1"}}).pem();
  });
  write_file(scratch("authority.pem"), authority.certificate());
  for (const std::string more : {"", ",delay_connect"}) {
    Process process({command(served_->url(), "tls=require,cacert=authority.pem" + more),
                     scratch("."),
                     {{"FTPFS_PASSWORD", "secret"}},
                     scratch("output")});
    EXPECT_EQ(process.wait(), 0) << read_file(scratch("output"));
    std::error_code failure;
    EXPECT_TRUE(fs::directory_iterator(mountpoint(), failure) != fs::directory_iterator() || !failure);
    EXPECT_FALSE(failure) << failure.message();
    EXPECT_EQ(unmount().status, 0);
  }
}

// In the background, where the system's log hears everything.
TEST_F(Secret, IsNotInTheSystemsLog) {
  SystemLog log(scratch("dev"));
  ASSERT_EQ(start(served_->url(), "log_level=debug").status, 0);
  EXPECT_EQ(unmount().status, 0);
  ASSERT_TRUE(eventually(
      [&] { return served_->with([](FakeServer& server) { return server.open_sessions() == 0; }); }));
  write_file(scratch("system-log"), log.text());
  EXPECT_THAT(read_file(scratch("system-log")), testing::HasSubstr("PASS"));
}

TEST_F(Secret, ComesFromSystemd) {
  credentials("joe", "secret");
  const Outcome outcome =
      run(command(credentials_only()), {{"CREDENTIALS_DIRECTORY", scratch("credentials").string()}});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  EXPECT_TRUE(mounted());
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Secret, InAFileThatOthersCanReadIsRefused) {
  const std::string file = credentials("joe", "secret");
  fs::permissions(file, fs::perms(0644));
  const Outcome outcome = run(command(credentials_only(), "credentials=" + file));
  expect_refusal(outcome, 1);
  EXPECT_EQ(outcome.output, "ftpfs: credentials=" + file + ": others can read it: chmod 600 it\n");
}

// What the file says is never repeated, also where it makes no sense.
TEST_F(Secret, InAFileThatIsNoneIsNotShown) {
  const std::string file = file_with_secret("file", "joe:secret\n");
  expect_refusal(run(command(credentials_only(), "credentials=" + file)), 1);
}

TEST_F(Secret, ComesByStandardInput) {
  std::string line = "printf 'secret\\n' | exec";
  for (const std::string& argument : command(served_->url(), "password_stdin")) line += " '" + argument + "'";
  const Outcome outcome = run({"/bin/sh", "-c", line});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_TRUE(mounted());
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Secret, ComesByThePrompt) {
  const OnTerminal program = on_terminal(command(served_->url()));
  EXPECT_EQ(program.read_until("127.0.0.1: "), "Password for joe@127.0.0.1: ");
  program.type("secret\n");
  EXPECT_EQ(program.rest(), "\r\n");
  EXPECT_EQ(program.status(), 0);
  EXPECT_TRUE(mounted());
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Secret, OfAKeyComesByThePrompt) {
  write_file(scratch("key"),
             "-----BEGIN ENCRYPTED "
             "PRIVATE KEY-----\n");
  fs::permissions(scratch("key"), fs::perms(0600));
  const std::string options =
      "tls=require,cert=" + scratch("key").string() + ",credentials=" + credentials("joe", "x");
  const OnTerminal program = on_terminal(command(credentials_only(), options));
  EXPECT_TRUE(program.read_until(": ").ends_with("Passphrase of " + scratch("key").string() + ": "));
  program.type("secret\n");
  program.rest();
  EXPECT_EQ(program.status(), 32);  // there is no key behind that line
  const Outcome nobody_to_ask = run(command(credentials_only(), options));
  expect_refusal(nobody_to_ask, 1);
  EXPECT_NE(nobody_to_ask.output.find("the key is encrypted: give key_password="), std::string::npos);
}

TEST_F(Secret, OfAProxyComesByThePrompt) {
  const std::string options = "proxy=http://jim@127.0.0.1:1,credentials=" + credentials("joe", "x");
  const OnTerminal program = on_terminal(command(credentials_only(), options));
  EXPECT_EQ(program.read_until(": "), "Password for jim at the proxy 127.0.0.1: ");
  program.type("secret\n");
  program.rest();
  EXPECT_EQ(program.status(), 32);  // nobody listens there
}

TEST_F(Secret, InterruptAtThePrompt) {
  const OnTerminal program = on_terminal(command(served_->url()));
  program.read_until("127.0.0.1: ");
  program.type("\x03");
  EXPECT_NE(program.rest().find("ftpfs: interrupted at the password prompt"), std::string::npos);
  EXPECT_EQ(program.status(), 8);
  EXPECT_FALSE(mounted());
}

}  // namespace
}  // namespace ftpfs::test
