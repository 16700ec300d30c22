// SPDX-License-Identifier: MIT
// Downloads that are cut, and programs that are killed while they wait for a transfer or for anything else.
#include <cerrno>
#include <tuple>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/mounted.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using Action = Fault::Action;
using Moment = Fault::Moment;

// What a program that reads a file to its end gets, and the errno that ends it; 0: the end of the file.
struct Reading {
  std::string bytes;
  int error = 0;
};

Reading read_to_the_end(const fs::path& path) {
  Reading result;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string piece(64 << 10, '\0');
  ssize_t size = file ? 1 : -1;
  while (size > 0) {
    size = ::read(file.get(), piece.data(), piece.size());
    if (size > 0) result.bytes.append(piece, 0, static_cast<std::size_t>(size));
  }
  if (size < 0) result.error = errno;
  return result;
}

class TransferTest : public MountedTest {
 protected:
  static constexpr std::size_t file_size = 700'000;

  void SetUp() override {
    MountedTest::SetUp();
    if (!IsSkipped()) put("/file", noise(file_size));
  }
  std::string whole() const { return content("/file"); }
  fs::path file() const { return mountpoint() / "file"; }
  std::size_t downloads() const {
    return served_->with([](FakeServer& server) {
      return static_cast<std::size_t>(std::ranges::count(server.commands(), "RETR /file"));
    });
  }
  void inject_once(const Fault& fault) const {
    served_->with([&](FakeServer& server) { server.inject(fault); });
  }
  void expect_whole(const Reading& reading) const {
    EXPECT_EQ(reading.error, 0) << log();
    EXPECT_EQ(reading.bytes.size(), file_size);
    EXPECT_TRUE(reading.bytes == whole());
  }
  void expect_whole_or_error(const Reading& reading) const {
    if (reading.error == 0) {
      expect_whole(reading);
    } else {
      EXPECT_EQ(reading.error, EIO);
      EXPECT_TRUE(whole().starts_with(reading.bytes));
    }
  }
  void expect_clean_end() {
    EXPECT_EQ(unmount().status, 0);
    EXPECT_EQ(process_->wait(), 0) << log();
  }
  // Of one fault.
  void expect_whole_or_error_once() {
    mount();
    const Reading reading = read_to_the_end(file());
    EXPECT_EQ(fired(), 1u);
    expect_whole_or_error(reading);
    expect_whole(read_to_the_end(file()));
    expect_clean_end();
  }
};

class CutDownload : public TransferTest, public testing::WithParamInterface<std::tuple<std::size_t, Action>> {
 protected:
  Fault cut(const std::string& reply = {}) const {
    return {.verb = "RETR",
            .moment = Moment::data,
            .action = std::get<Action>(GetParam()),
            .reply = reply,
            .after_bytes = std::get<std::size_t>(GetParam())};
  }
};

// F5: the rest is fetched, and nobody notices.
TEST_P(CutDownload, GoesOnWhereItWasCut) {
  inject_once(cut());
  mount();
  expect_whole(read_to_the_end(file()));
  EXPECT_EQ(fired(), 1u);
  EXPECT_GE(downloads(), 2u);
  expect_clean_end();
}

// F5, where it does not help.
TEST_P(CutDownload, ThatIsCutEachTimeIsAnError) {
  inject(cut());
  mount();
  const Reading reading = read_to_the_end(file());
  EXPECT_GE(fired(), 2u);
  EXPECT_TRUE(whole().starts_with(reading.bytes));
  if (std::get<std::size_t>(GetParam()) < file_size / 2) {
    EXPECT_EQ(reading.error, EIO);
  } else {
    expect_whole_or_error(reading);  // two pieces may be all of it
  }
  well_again();
  expect_whole(read_to_the_end(file()));
  expect_clean_end();
}

// F6: a server that says "226" has no more to send, whatever its listing shows.
TEST_P(CutDownload, WithAFalseYesIsNeverTheEndOfTheFile) {
  inject_once(cut("226 Transfer complete."));
  expect_whole_or_error_once();
}

INSTANTIATE_TEST_SUITE_P(At, CutDownload,
                         testing::Combine(testing::Values(0, 1, 4095, 4096, 350'000, 699'999),
                                          testing::Values(Action::close, Action::reset)),
                         [](const testing::TestParamInfo<CutDownload::ParamType>& chosen) {
                           const bool fin = std::get<Action>(chosen.param) == Action::close;
                           const std::size_t at = std::get<std::size_t>(chosen.param);
                           return std::to_string(at) + (fin ? "_FIN" : "_RST");
                         });

class Download : public TransferTest {};

// F9.
TEST_F(Download, MoreThanTheSizeIsNeverShown) {
  inject_once({.verb = "RETR", .moment = Moment::data, .action = Action::extra, .after_bytes = 5000});
  expect_whole_or_error_once();
}

// F39: kill -9 of a program, in each of its calls. It dies at once, and nothing of it is left: no session in
// use, no file open, no lock.
class KilledIn : public TransferTest {
 protected:
  Process start(const std::string& program) const {
    return Process({{"/usr/bin/python3", "-I", "-c", "import fcntl, os, time\n" + program},
                    mountpoint(),
                    {},
                    scratch("output")});
  }
  void kill(Process& program) const {
    ASSERT_TRUE(eventually([&] { return waits_for_a_mount(program); }))
        << read_file(scratch("output")) << log();
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait(), 128 + SIGKILL);
  }
  bool holds_nothing() const {
    const auto sessions = json({"status", mountpoint()})["sessions"];
    const auto stats = json({"stats", mountpoint()});
    return sessions["in_use"] == 0 && sessions["waiting"] == 0 && stats["open"]["files"] == 0;
  }
  void expect_nothing_left(const std::string& name) {
    EXPECT_TRUE(eventually([this] { return holds_nothing(); })) << json({"status", mountpoint()}).dump(2);
    EXPECT_EQ(run({"flock", "-n", mountpoint() / name, "true"}).status, 0);
    write(name, "from somebody else");
    EXPECT_EQ(content("/" + name), "from somebody else");
    expect_clean_end();
  }

  static constexpr auto patient =
      "timeout=3,attr_timeout=0,dcache_timeout=0";  // who is killed has waited less
};

TEST_F(KilledIn, Open) {
  mount(patient);
  ASSERT_TRUE(fs::exists(file()));
  inject({.verb = "MLST", .action = Action::stall});
  inject({.verb = "MLSD", .action = Action::stall});
  Process program = start("os.open('file', os.O_RDONLY)");
  ASSERT_TRUE(eventually([this] { return fired() > 0; }));
  kill(program);
  well_again();
  expect_nothing_left("file");
}

TEST_F(KilledIn, Read) {
  mount(patient);
  inject({.verb = "RETR", .moment = Moment::data, .action = Action::stall, .after_bytes = 1000});
  Process program = start(
      "f = os.open('file', os.O_RDONLY)\n"
      "fcntl.flock(f, fcntl.LOCK_EX)\n"
      "os.pread(f, 100, 600000)");
  ASSERT_TRUE(eventually([this] { return fired() > 0; }));
  kill(program);
  well_again();
  expect_nothing_left("file");
}

// It asks nobody but the daemon: that is what has to be slow.
TEST_F(KilledIn, Write) {
  mount(patient);
  Process program = start(
      "f = os.open('new', os.O_WRONLY | os.O_CREAT)\n"
      "fcntl.flock(f, fcntl.LOCK_EX)\n"
      "os.write(f, b'before')\n"
      "os.fsync(f)\n"
      "os.mkdir('../ready')\n"
      "while not os.path.exists('../go'): time.sleep(0.01)\n"
      "os.write(f, b', and after')");
  ASSERT_TRUE(eventually([this] { return fs::exists(scratch("ready")); })) << log();
  process_->signal(SIGSTOP);
  write_file(scratch("go"), "");
  ASSERT_TRUE(eventually([&] { return waits_for_a_mount(program); }));
  program.signal(SIGKILL);
  process_->signal(SIGCONT);  // the kernel waits for the answer to the FLUSH of a dead program, too
  EXPECT_EQ(program.wait(), 128 + SIGKILL);
  EXPECT_TRUE(eventually([this] { return holds_nothing(); }));
  EXPECT_TRUE(content("/new") == "before" || content("/new") == "before, and after") << content("/new");
  expect_nothing_left("new");
}

TEST_F(KilledIn, Close) {
  mount(patient);
  inject({.verb = "STOR", .moment = Moment::done, .action = Action::stall});
  Process program = start(
      "f = os.open('new', os.O_WRONLY | os.O_CREAT)\n"
      "fcntl.flock(f, fcntl.LOCK_EX)\n"
      "os.write(f, b'content')\n"
      "os.close(f)");
  ASSERT_TRUE(eventually([this] { return fired() > 0; }));
  kill(program);
  well_again();
  EXPECT_TRUE(eventually([this] { return holds_nothing(); }));
  EXPECT_TRUE(eventually([this] { return content("/new") == "content"; }))
      << "an upload that has begun goes on";
  expect_nothing_left("new");
}

}  // namespace
}  // namespace ftpfs::test
