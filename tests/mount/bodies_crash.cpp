// SPDX-License-Identifier: MIT
// kill -9 of the daemon while programs write, also after a second without a network: what close()
// acknowledged is on the server, old content is whole, and what was open is kept in the spool. A few rounds,
// fifty and twenty with FTPFS_LONG.
#include <atomic>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using Content = std::optional<std::string>;  // nothing: there is no such file

// Programs that create, replace, append, overwrite, rename and remove, one after the other, until something
// fails because the daemon is gone.
class Load {
 public:
  // In the directory itself, not by its path: that one leads beneath the mount once the dead mount is gone.
  // `protects`: a file keeps its content until the new one is whole. What only this disk has is as on any
  // disk: O_TRUNC empties it.
  Load(const fs::path& directory, unsigned seed, bool protects)
      : directory_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        random_(seed),
        protects_(protects) {}

  void run() {
    while (step()) ++acknowledged_;
    failure_ = errno;
  }
  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t closed_only() const { return closed_only_; }  // written and never fsynced
  int failure() const { return failure_; }                  // of the step that ended it

  // What each name may hold. Only the last step, which nobody acknowledged, leaves a choice.
  std::map<std::string, std::set<Content>> may_hold() const {
    std::map<std::string, std::set<Content>> result;
    for (const std::string& name : names_) result[name] = {value_of(name)};
    for (const auto& [name, contents] : in_doubt_) result[name].insert(contents.begin(), contents.end());
    return result;
  }
  // A new file, or one that is appended to, may have arrived in part.
  const std::map<std::string, std::string>& may_begin() const { return partly_; }

 private:
  Content value_of(const std::string& name) const {
    const auto found = files_.find(name);
    return found == files_.end() ? Content() : found->second;
  }

  bool step() {
    in_doubt_.clear();
    partly_.clear();
    const std::string name = names_[random_() % names_.size()];
    const Content before = value_of(name);
    switch (random_() % 7) {
      case 0:
        return before ? remove(name) : store(name, "");
      case 1:
        return before ? rename(name, names_[random_() % names_.size()]) : store(name, "x");
      case 2:
      case 3:
        return before ? append(name, *before) : store(name, noise(random_() % 3000, random_()));
      case 4:
        return before && !before->empty() ? overwrite(name, *before)
                                          : store(name, noise(random_() % 3000, random_()));
      default:
        return store(name, noise(random_() % 300'000, random_()));
    }
  }

  // close() and fsync() promise the same, so every other one only closes.
  bool write(const std::string& name, int flags, off_t offset, std::string_view bytes) {
    UniqueFd file{::openat(directory_.get(), name.c_str(), flags | O_CLOEXEC, 0644)};
    if (!file) return false;
    const auto size = static_cast<ssize_t>(bytes.size());
    const ssize_t written = (flags & O_APPEND) != 0
                                ? ::write(file.get(), bytes.data(), bytes.size())
                                : ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (written != size) return false;
    syncs_ = !syncs_;
    if (syncs_ && ::fsync(file.get()) != 0) return false;
    if (::close(file.release()) != 0) return false;
    if (!syncs_) ++closed_only_;
    return true;
  }

  bool store(const std::string& name, const std::string& content) {
    in_doubt_[name] = {content};
    const bool protects = protects_ && !value_of(name).value_or("").empty();
    if (!protects) partly_[name] = content;
    if (!write(name, O_WRONLY | O_CREAT | O_TRUNC, 0, content)) return false;
    files_[name] = content;
    return true;
  }
  bool append(const std::string& name, const std::string& before) {
    const std::string line = noise(1 + random_() % 5000, random_());
    partly_[name] = before + line;
    in_doubt_[name] = {before + line};
    if (!write(name, O_WRONLY | O_APPEND, 0, line)) return false;
    files_[name] = before + line;
    return true;
  }
  bool overwrite(const std::string& name, const std::string& before) {
    std::string after = before;
    const std::size_t at = random_() % before.size();
    after.replace(at, 4, "OVER");
    in_doubt_[name] = {after};
    if (!write(name, O_RDWR, static_cast<off_t>(at), "OVER")) return false;
    files_[name] = after;
    return true;
  }
  bool rename(const std::string& from, const std::string& to) {
    if (from == to) return true;
    in_doubt_[from] = {std::nullopt};
    in_doubt_[to] = {value_of(from), std::nullopt};
    if (::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) != 0) return false;
    files_[to] = files_[from];
    files_.erase(from);
    return true;
  }
  bool remove(const std::string& name) {
    in_doubt_[name] = {std::nullopt};
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0) return false;
    files_.erase(name);
    return true;
  }

  const std::vector<std::string> names_{"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
  UniqueFd directory_;
  std::mt19937 random_;
  bool protects_;
  bool syncs_ = false;
  std::atomic<std::size_t> acknowledged_ = 0;
  std::atomic<std::size_t> closed_only_ = 0;
  int failure_ = 0;
  std::map<std::string, std::string> files_;
  std::map<std::string, std::set<Content>> in_doubt_;
  std::map<std::string, std::string> partly_;
};

class Crash : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    if (local_mode()) GTEST_SKIP() << "about the program itself";
  }

  std::vector<fs::path> in_spool(std::string_view beginning) {
    std::vector<fs::path> found;
    std::error_code gone;
    for (const auto& entry : fs::recursive_directory_iterator(mounted().spool(), gone))
      if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path());
    return found;
  }
  bool recovered() {
    return eventually([this] { return in_spool(".record-").empty(); });
  }
  static Content content_of(const fs::path& path) {
    return fs::exists(path) ? Content(read_file(path)) : Content();
  }

  void expect_what_was_acknowledged(const Load& load) {
    for (const auto& [name, contents] : load.may_hold()) {
      const Content there = content_of(root(name));
      const auto partly = load.may_begin().find(name);
      const bool in_part = there && partly != load.may_begin().end() && partly->second.starts_with(*there);
      EXPECT_TRUE(contents.contains(there) || in_part)
          << name << " holds " << (there ? std::to_string(there->size()) + " bytes" : "nothing");
      EXPECT_TRUE(content_of(mnt(name)) == there) << name << " is another one in the mount";
    }
  }

  enum class Before { nothing, black_hole };

  void round(unsigned seed, Before kill) {
    const std::string held = "held" + std::to_string(seed) + ".";
    const UniqueFd open{::open(mnt(held).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
    ASSERT_EQ(::write(open.get(), "dirty", 5), 5);
    ASSERT_TRUE(eventually([this] { return !in_spool(".record-").empty(); }));

    Load load(mnt(), seed, options_.empty());
    std::thread writer([&load] { load.run(); });
    const std::size_t enough = 10 + seed % 7;
    // pyftpdlib takes half a second for each reply where the machine is busy.
    const auto has_worked = [&] { return load.acknowledged() >= enough && load.closed_only() >= 3; };
    const bool wrote = eventually(has_worked, 6 * patience);
    {
      std::optional<BlackHole> hole;
      if (kill == Before::black_hole) {
        hole.emplace();
        std::this_thread::sleep_for(std::chrono::seconds(1));  // so that what is under way stays so
      }
      kill_daemon();
    }
    writer.join();
    ASSERT_TRUE(wrote) << load.acknowledged() << " steps, then " << std::strerror(load.failure());
    mount(options_);
    EXPECT_TRUE(recovered());
    expect_what_was_acknowledged(load);
    ASSERT_EQ(in_spool(held).size(), 1u);  // it was dirty indeed
    EXPECT_EQ(read_file(in_spool(held)[0]), "dirty");
    sh("rm -f f? held*");
    EXPECT_EQ(sh("ls -A"), "");
  }

  static bool is_long() { return std::getenv("FTPFS_LONG") != nullptr; }

  void rounds(unsigned count, Before kill) {
    expect_complaints();
    mount(options_);
    for (unsigned seed = 1; seed <= count && !HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      round(seed, kill);
    }
  }

  std::string options_;  // of every mount
};

TEST_P(Crash, KillsUnderLoad) {
  rounds(is_long() ? 50 : 3, Before::nothing);
}

// Then it is on this disk that close() and fsync() promise to have it, and most of it is not sent yet.
TEST_P(Crash, KillsUnderLoadWithWriteback) {
  options_ = "writeback=1";
  rounds(is_long() ? 20 : 2, Before::nothing);
}

class CrashUnseen : public Crash {};  // by the server

TEST_P(CrashUnseen, KillsInABlackHole) {
  ServerOptions options;
  // Nobody tells it that its client is dead, and it locks the file that is on its way for as long.
  if (is(ServerKind::vsftpd)) options.config = {"data_connection_timeout=2"};
  start_server(options);
  rounds(is_long() ? 20 : 2, Before::black_hole);
}

TEST_P(Crash, WhatCloseCouldNotSendIsSentByTheNextMount) {
  expect_complaints();
  server().put("old", "old content");
  mount("timeout=2,connect_timeout=2");
  sh("cat old");
  const UniqueFd changed{::open(mnt("old").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  const UniqueFd made{::open(mnt("new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  server().stop();
  ASSERT_EQ(::write(changed.get(), " and more", 9), 9);
  ASSERT_EQ(::write(made.get(), "new content", 11), 11);
  EXPECT_NE(::fsync(changed.get()), 0);
  EXPECT_NE(::fsync(made.get()), 0);
  kill_daemon();
  server().start();
  mount();
  EXPECT_EQ(sh("cat old new"), "old content and morenew content");
  EXPECT_TRUE(recovered());
  EXPECT_EQ(read_file(root("old")), "old content and more");
  EXPECT_EQ(read_file(root("new")), "new content");
}

FTPFS_ON_ALL_SERVERS(Crash);
INSTANTIATE_TEST_SUITE_P(Servers, CrashUnseen, testing::Values(ServerKind::vsftpd, ServerKind::pyftpdlib),
                         test_name);

}  // namespace
}  // namespace ftpfs::test
