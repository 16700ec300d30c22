// SPDX-License-Identifier: MIT
// Every sequence of two operations on three names (a fifth of them without FTPFS_LONG), killed after each
// step, with a server that is well and with one that cannot store anything at the time of the second. What
// close() or fsync() acknowledged is on the server after the next mount; what was removed or renamed stays
// so; nothing else appears, but for what was being written, which is kept in the spool.
#include <cstdlib>
#include <map>
#include <set>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

enum class Act { create, write, append, truncate, rename, unlink, mkdir, close, fsync };
constexpr int act_count = 9;
const std::vector<std::string> three{"/a", "/b", "/c"};

struct Step {
  Act act;
  std::size_t name;
};

std::string told(const std::vector<Step>& steps) {
  static const char* const acts[] = {"create", "write", "append", "truncate", "rename",
                                     "unlink", "mkdir", "close",  "fsync"};
  std::string text;
  for (const Step& step : steps)
    text += std::string(acts[static_cast<int>(step.act)]) + three[step.name] + " ";
  return text;
}

// What a name may hold after the crash. An absent file is "(none)", a directory "(directory)".
using May = std::map<std::string, std::set<std::string>>;

class CrashTest : public VfsTest {
 protected:
  // Starts from /a and /b with content, and /c absent; each open for writing where it exists.
  void begin() {
    for (const std::string& there : tree().names("/")) tree().remove("/" + there);
    for (const std::string& name : {three[0], three[1]}) {
      tree().put_file(name, "content of " + name);
      now_[name] = "content of " + name;
      may_[name] = {now_[name]};
    }
    now_.erase(three[2]);
    may_[three[2]] = {"(none)"};
    advance(std::chrono::seconds(60));
    for (const std::string& name : {three[0], three[1]}) open_[name] = client().open(name, O_RDWR);
  }

  // Does it and says what may be there from now on. Errors are as good as successes: nothing has changed
  // then, or it is not known.
  void act(const Step& step) {
    const std::string& name = three[step.name];
    const bool exists = now_.contains(name);
    const bool is_open = open_.contains(name);
    switch (step.act) {
      case Act::create:
        if (exists || errno_of([&] { open_[name] = client().create(name); }) != 0) return;
        now_[name] = "";
        may_[name].insert("");
        dirty_.insert(name);
        break;
      case Act::write:
        if (is_open) change(name, 2, "WRITTEN");
        break;
      case Act::append:
        if (is_open) change(name, now_[name].size(), "appended");
        break;
      case Act::truncate:
        if (!is_open || errno_of([&] { client().truncate(open_[name], client().ino(name), 3); }) != 0) return;
        now_[name].resize(3, '\0');
        dirty_.insert(name);
        may_[name].insert(now_[name]);
        break;
      case Act::rename:
        rename(name, three[(step.name + 1) % three.size()]);
        break;
      case Act::unlink:
        if (!exists) return;
        if (errno_of([&] { client().unlink(name); }) != 0) {
          may_[name].insert("(none)");
          return;
        }
        now_.erase(name);
        open_.erase(name);
        may_[name] = {"(none)"};
        break;
      case Act::mkdir:
        if (!exists && errno_of([&] { client().mkdir(name); }) == 0) may_[name] = {"(directory)"};
        break;
      case Act::close:
      case Act::fsync:
        if (!is_open) return;
        // Acknowledged, or refused for now and kept: either way it is to arrive.
        (void)errno_of([&] { client().flush(open_[name]); });
        may_[name] = {now_[name]};
        dirty_.erase(name);
        if (step.act == Act::close) {
          client().release(open_[name]);
          open_.erase(name);
        }
        break;
    }
  }

  void expect_all(const std::vector<Step>& steps) {
    for (const std::string& name : three) {
      std::string found = "(none)";
      if (tree().exists(name)) found = tree().content(name).value_or("(directory)");
      EXPECT_TRUE(may_[name].contains(found)) << told(steps) << ": " << name << " holds " << found << ", not "
                                              << testing::PrintToString(may_[name]);
    }
    // What was removed while open has a name of ours until its last close, which a crash prevents.
    for (const std::string& there : tree().names("/")) {
      const bool known = may_.contains("/" + there) || there.starts_with(".ftpfs-unlinked-");
      EXPECT_TRUE(known) << told(steps) << ": " << there << " is left";
    }
    for (const std::string& left : names_in_spool())
      EXPECT_NE(left.front(), '.') << told(steps) << ": " << left << " is in the spool";
  }

  void run(const std::vector<Step>& steps, bool server_is_full) {
    begin();
    for (std::size_t at = 0; at < steps.size(); ++at) {
      if (server_is_full && at + 1 == steps.size())
        remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
      act(steps[at]);
      settle(io_);
    }
    advance(std::chrono::milliseconds(1500));  // what is dirty is noted by now
    crash();
    remount();
    settle(io_);
    advance(config_.writeback);
    expect_all(steps);
    std::filesystem::remove_all(config_.spool_directory);
    restart();
  }

  void run_all();

  std::size_t sequences_ = 0;

 private:
  void change(const std::string& name, std::size_t at, const std::string& bytes) {
    client().write(open_[name], at, bytes);
    dirty_.insert(name);
    std::string& content = now_[name];
    content.resize(std::max(content.size(), at + bytes.size()), '\0');
    content.replace(at, bytes.size(), bytes);
    may_[name].insert(content);
  }

  void rename(const std::string& from, const std::string& to) {
    if (!now_.contains(from)) return;
    const std::string content = now_[from];
    if (errno_of([&] { client().rename(from, to); }) != 0) {
      // What is dirty is saved first: that may have happened.
      may_[from].insert(content);
      return;
    }
    // Without writeback it is saved before. With it, a name lasts as its content does: from close() or
    // fsync() on.
    if (config_.writeback.count() == 0 || dirty_.erase(from) == 0) {
      may_[to] = {content};
      may_[from] = {"(none)"};
    } else {
      may_[to].insert(content);
      may_[from].insert("(none)");
      dirty_.insert(to);
    }
    now_[to] = content;
    now_.erase(from);
    open_.erase(to);
    if (open_.contains(from)) open_[to] = open_[from];
    open_.erase(from);
  }

  void restart() {
    crash();
    dirty_.clear();
    now_.clear();
    may_.clear();
    open_.clear();
  }

  std::map<std::string, vfs::Handle> open_;
  std::map<std::string, std::string> now_;
  std::set<std::string> dirty_;  // since the last close() or fsync()
  May may_;
};

void CrashTest::run_all() {
  const bool whole = std::getenv("FTPFS_LONG") != nullptr;  // else every fifth pair
  constexpr std::size_t pairs_of_all = 27 * 27 + 27 * 9;
  std::size_t pairs = 0;
  std::vector<Step> all;
  for (int act = 0; act < act_count; ++act)
    for (std::size_t name = 0; name < three.size(); ++name) all.push_back({static_cast<Act>(act), name});
  for (const bool server_is_full : {false, true}) {
    for (const Step& first : all) {
      run({first}, server_is_full);
      ++sequences_;
      for (const Step& second : all) {
        const bool asks_server =
            second.act == Act::close || second.act == Act::fsync || second.act == Act::rename;
        if (server_is_full && !asks_server) continue;
        if (!whole && ++pairs % 5 != 0) continue;
        run({first, second}, server_is_full);
        ++sequences_;
      }
    }
  }
  EXPECT_EQ(sequences_, 2u * 27 + (whole ? pairs_of_all : pairs / 5));
}

TEST_F(CrashTest, AfterEachStepOfEverySequence) {
  run_all();
}

TEST_F(CrashTest, AfterEachStepOfEverySequenceWithWriteback) {
  config_.writeback = std::chrono::seconds(10);
  run_all();
}

}  // namespace
}  // namespace ftpfs::test
