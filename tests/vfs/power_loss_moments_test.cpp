// SPDX-License-Identifier: MIT
// Pieces of work during which the machine loses its power, before each sync and after the last, in each of
// the ways in which that can happen. The server then has one of the states that a local disk might have: a
// change that was answered is there, one that was not as a whole or not at all, and of nothing a part.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "vfs/losing_disk.hpp"
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using State = std::map<std::string, std::string>;  // content by path

struct PowerIsLost {};

constexpr Loss all_losses[] = {
    {Loss::Content::lost, Loss::Names::lost},
    {Loss::Content::zeros, Loss::Names::lost},
    {Loss::Content::half, Loss::Names::kept},
    {Loss::Content::lost, Loss::Names::kept},
};

class PowerLossMomentsTest : public VfsTest {
 protected:
  PowerLossMomentsTest() { config_.writeback = std::chrono::seconds(10); }
  ~PowerLossMomentsTest() override { losing_disk().unwatch(); }

  void write_file(const std::string& path, const std::string& content) {
    const bool exists = client().exists(path);
    const vfs::Handle handle =
        exists ? client().open(path, O_WRONLY | O_TRUNC) : client().create(path, O_WRONLY | O_EXCL);
    client().write(handle, 0, content);
    save(handle, path, content);
    client().release(handle);
  }
  // What `path` holds now, by fsync or close.
  void save(vfs::Handle handle, const std::string& path, const std::string& content) {
    change([&](State& state) { state[path] = content; });
    wait(client().flush_later(handle));
    is_done();
  }
  void unlink(const std::string& path) {
    change([&](State& state) { state.erase(path); });
    wait(client().unlink_later(path));
    is_done();
  }
  // As on a local disk, the names are there for good only with the next fsync; at no time is `to` missing.
  void rename(const std::string& from, const std::string& to) {
    change([&](State& state) {
      state[to] = state[from];
      state.erase(from);
    });
    wait(client().rename_later(from, to));
  }
  void pass(std::chrono::seconds time) {
    for (; time.count() > 0; --time) {
      advance(std::chrono::seconds(1));
      if (losing_disk().stopped()) throw PowerIsLost();
    }
  }
  // What else may be there from now on, until something is answered.
  template <class Change>
  void change(Change how) {
    State after = may_.back();
    how(after);
    may_.push_back(std::move(after));
  }
  void is_done() { may_ = {may_.back()}; }

  // `work` as often as it has moments, in each of the ways.
  template <class Work>
  void at_every_moment(std::size_t at_least, Work work) {
    for (const Loss& loss : all_losses) {
      std::size_t moment = 0;
      for (bool stopped = true; stopped; ++moment) {
        SCOPED_TRACE(testing::Message() << "content " << static_cast<int>(loss.content) << " names "
                                        << static_cast<int>(loss.names) << " after " << moment << " syncs");
        stopped = once(moment, loss, work);
        if (HasFailure()) return;
      }
      EXPECT_GE(moment, at_least + 1);
    }
  }

 private:
  template <class Work>
  bool once(std::size_t moment, Loss loss, Work work) {
    may_ = {state()};
    losing_disk().watch(config_.spool_directory);
    losing_disk().stop_after(moment, io_.get_executor());
    bool stopped = false;
    try {
      work();
    } catch (const PowerIsLost&) {
      stopped = true;
    }
    const LosingDisk::Found found = losing_disk().lose_power(loss);
    remote_.die();
    if (waiting_) run_until(io_, [&] { return waiting_->done(); });
    waiting_.reset();
    crash();
    losing_disk().start_with(found);
    remount();
    pass(std::chrono::seconds(30));
    EXPECT_TRUE(std::ranges::find(may_, state()) != may_.end())
        << "the server has " << testing::PrintToString(state()) << ", not one of "
        << testing::PrintToString(may_);
    for (const std::string& name : names_in_spool()) EXPECT_NE(name.front(), '.') << name << " is left";
    start_anew();
    return stopped;
  }
  void wait(Pending<void> call) {
    waiting_.emplace(std::move(call));
    run_until(io_, [&] { return waiting_->done() || losing_disk().stopped(); });
    if (!waiting_->done()) throw PowerIsLost();
    waiting_->get();
    waiting_.reset();
  }
  State state() {
    State found;
    for (const std::string& name : tree().names("/")) found["/" + name] = tree().content("/" + name).value();
    return found;
  }
  void start_anew() {
    crash();
    std::filesystem::remove_all(config_.spool_directory);
    for (const std::string& name : tree().names("/")) tree().remove("/" + name);
    advance(std::chrono::seconds(60));
    client();  // mounts: the folder is there
  }

  std::vector<State> may_{{}};
  std::optional<Pending<void>> waiting_;  // of the mount whose end it is
};

TEST_F(PowerLossMomentsTest, OfANewFile) {
  at_every_moment(3, [&] { write_file("/file", "content"); });
}

TEST_F(PowerLossMomentsTest, OfANewFileThatWasDirtyForLong) {
  at_every_moment(3, [&] {
    const vfs::Handle handle = client().create("/file");
    client().write(handle, 0, "content");
    pass(std::chrono::seconds(3));  // noted
    client().write(handle, 7, " and more");
    save(handle, "/file", "content and more");
    client().release(handle);
  });
}

TEST_F(PowerLossMomentsTest, OfAFileThatIsReplacedByItsName) {
  at_every_moment(8, [&] {
    write_file("/file", "content");
    write_file("/new", "new content");
    rename("/new", "/file");
  });
}

TEST_F(PowerLossMomentsTest, OfAServersFileThatIsReplacedByItsName) {
  at_every_moment(3, [&] {
    tree().put_file("/file", "the server's");
    change([](State& state) { state["/file"] = "the server's"; });
    is_done();
    write_file("/new", "new content");
    rename("/new", "/file");
  });
}

TEST_F(PowerLossMomentsTest, OfAFileThatIsWrittenAgain) {
  at_every_moment(6, [&] {
    write_file("/file", "content");
    const vfs::Handle handle = client().open("/file", O_WRONLY);
    client().write(handle, 7, " and more");
    // As on some local disks: behind what fsync has acknowledged there may be zeros of what came later.
    change([](State& state) { state["/file"] = "content" + std::string(9, '\0'); });
    change([](State& state) { state["/file"] = "content " + std::string(8, '\0'); });
    save(handle, "/file", "content and more");
    client().release(handle);
  });
}

TEST_F(PowerLossMomentsTest, OfAFileThatIsRemoved) {
  at_every_moment(4, [&] {
    write_file("/file", "content");
    unlink("/file");
    write_file("/other", "other");
  });
}

TEST_F(PowerLossMomentsTest, OfAFileThatIsSentMeanwhile) {
  at_every_moment(6, [&] {
    write_file("/file", "content");
    pass(std::chrono::seconds(15));
    write_file("/file", "of another length");
  });
}

}  // namespace
}  // namespace ftpfs::test
