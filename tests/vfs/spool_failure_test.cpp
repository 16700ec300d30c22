// SPDX-License-Identifier: MIT
// The spool's disk fails: it is full, over its quota, read-only or broken. The call that needs it tells, by
// its own errno; nothing that was acknowledged is lost, others are not disturbed, and it works again.
#include <cstring>

#include <ftpfs/base/close_aside.hpp>

#include "vfs/losing_disk.hpp"
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int disk_errors[] = {ENOSPC, EDQUOT, EIO, EROFS};

class SpoolFailureTest : public VfsTest {
 protected:
  using Call = LosingDisk::Call;

  SpoolFailureTest() {
    wait_for_closing();  // else a write that finds no room waits for what earlier tests have closed, and
                         // tries again
    losing_disk().watch(config_.spool_directory);
    tree().put_file("/other", "other");
  }
  ~SpoolFailureTest() override { losing_disk().unwatch(); }

  // `work` meets one failure, and tells it in words that name the spool.
  template <class Work>
  void tells(Call call, int code, Work work) {
    const std::size_t before = losing_disk().failed(call);
    losing_disk().fail(call, code);
    int found = 0;
    std::string words;
    try {
      work();
    } catch (const Error& error) {
      found = error.code();
      words = error.what();
    }
    EXPECT_EQ(losing_disk().failed(call), before + 1);
    EXPECT_EQ(found, code) << words;
    EXPECT_TRUE(words.find("spool") != words.npos) << words;
    EXPECT_THAT(words, HasSubstr(std::strerror(code)));
    EXPECT_EQ(client().read_file("/other"), "other");
  }
  void let_it_be_sent() {
    for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  }
  static std::string named(int code) { return "/file" + std::to_string(code); }
};

TEST_F(SpoolFailureTest, WriteTells) {
  for (const int code : disk_errors) {
    const vfs::Handle handle = client().create(named(code));
    client().write(handle, 0, "content");
    tells(Call::write, code, [&] { client().write(handle, 7, "lost"); });
    client().write(handle, 7, " and more");
    client().close(handle);
    EXPECT_EQ(tree().content(named(code)), "content and more");
  }
}

// What was written is sent, though nothing more can be.
TEST_F(SpoolFailureTest, CloseSavesWhatWasWrittenBefore) {
  for (const int code : disk_errors) {
    tree().put_file(named(code), "old");
    advance(std::chrono::seconds(60));
    const vfs::Handle handle = client().open(named(code), O_WRONLY | O_TRUNC);
    client().write(handle, 0, "content");
    losing_disk().fail(Call::write, code, 100);
    EXPECT_EQ(errno_of([&] { client().write(handle, 0, "CONTENT"); }), code);
    client().close(handle);
    losing_disk().fail_no_more();
    EXPECT_EQ(tree().content(named(code)), "content");
  }
}

TEST_F(SpoolFailureTest, CreateTellsBeforeTheServerHearsOfTheFile) {
  for (const int code : disk_errors) {
    tells(Call::make, code, [&] { client().create(named(code)); });
    EXPECT_FALSE(tree().exists(named(code)));
    EXPECT_FALSE(client().exists(named(code)));
    client().write_file(named(code), "content");
    EXPECT_EQ(tree().content(named(code)), "content");
  }
}

TEST_F(SpoolFailureTest, ResizingTellsAndChangesNothing) {
  for (const int code : disk_errors) {
    tree().put_file(named(code), "content");
    advance(std::chrono::seconds(60));
    tells(Call::cut, code, [&] { client().truncate(named(code), 3); });
    EXPECT_EQ(client().read_file(named(code)), "content");
    tells(Call::cut, code, [&] { client().open(named(code), O_WRONLY | O_TRUNC); });
    EXPECT_EQ(client().stat(named(code)).st_size, 7);
    EXPECT_EQ(tree().content(named(code)), "content");
    client().truncate(named(code), 3);
    let_it_be_sent();
    EXPECT_EQ(tree().content(named(code)), "con");
  }
}

// A file that is being changed lies in the spool, also where it is only read.
TEST_F(SpoolFailureTest, AReadThatNeedsItTells) {
  const std::string content = pattern(300 * kib);
  for (const int code : disk_errors) {
    tree().put_file(named(code), content);
    advance(std::chrono::seconds(60));
    const vfs::Handle handle = client().open(named(code), O_RDWR);
    client().write(handle, 0, "new");
    tells(Call::write, code, [&] { client().read(handle, 100 * kib, 10); });
    EXPECT_EQ(client().read(handle, 100 * kib, 10), content.substr(100 * kib, 10));
    client().close(handle);
    EXPECT_TRUE(tree().content(named(code)) == "new" + content.substr(3));
  }
}

// The journal cannot be written: what the server does not take now is in doubt, but not given up.
TEST_F(SpoolFailureTest, WithoutAJournalItIsTriedAgainAllTheSame) {
  for (const int code : disk_errors) {
    for (const Call call : {Call::record, Call::name, Call::sync}) {
      const std::string path = named(code) + std::to_string(static_cast<int>(call));
      const std::size_t before = losing_disk().failed(call);
      losing_disk().fail(call, code);
      remote_.on(Op::commit).fail_next(Error(EBUSY, "452"));
      const vfs::Handle handle = client().create(path);
      client().write(handle, 0, "content");
      EXPECT_EQ(errno_of([&] { client().close(handle); }), EBUSY);
      EXPECT_EQ(losing_disk().failed(call), before + 1);
      let_it_be_sent();
      EXPECT_EQ(tree().content(path), "content");
      EXPECT_THAT(names_in_spool(), IsEmpty());
    }
  }
}

TEST_F(SpoolFailureTest, WithWritebackCloseTells) {
  config_.writeback = std::chrono::seconds(10);
  for (const int code : disk_errors) {
    for (const Call call : {Call::record, Call::name, Call::sync}) {
      const std::string path = named(code) + std::to_string(static_cast<int>(call));
      const vfs::Handle handle = client().create(path);
      client().write(handle, 0, "content");
      const std::size_t before = losing_disk().failed(call);
      losing_disk().fail(call, code);
      EXPECT_EQ(errno_of([&] { client().flush(handle); }), code);
      EXPECT_EQ(losing_disk().failed(call), before + 1);
      if (call != Call::sync) client().flush(handle);
      client().release(handle);
      let_it_be_sent();
      EXPECT_EQ(tree().content(path), "content");
      EXPECT_THAT(names_in_spool(), IsEmpty());
    }
  }
}

// The kernel takes pages that could not be written for clean: the next fsync of the same file succeeds, and
// the content is not on the disk (F33 for this disk).
TEST_F(SpoolFailureTest, AfterAFailedFsyncNoneSucceedsBeforeTheServerHasIt) {
  config_.writeback = std::chrono::seconds(10);
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  losing_disk().fail(Call::sync, EIO);
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), EIO);
  EXPECT_EQ(losing_disk().failed(Call::sync), 1u);
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), EIO);
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  client().flush(handle);
  client().write(handle, 0, "CONTENT");  // beside bytes that may not be on the disk
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EIO);
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "CONTENT");
}

TEST_F(SpoolFailureTest, WhatIsRefusedAndCannotBeKeptUnderANameStaysForTheNextMount) {
  config_.writeback = std::chrono::seconds(10);
  for (const int code : {ENOSPC, EDQUOT, EIO}) {
    client().write_file("/file", "content");
    const std::size_t before = losing_disk().failed(Call::name);
    losing_disk().fail(Call::name, code, 10);
    remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
    advance(config_.writeback);
    run_until(io_, [&] { return losing_disk().failed(Call::name) > before; });
    EXPECT_FALSE(tree().exists("/file"));
    EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
    losing_disk().fail_no_more();
    crash();
    remote_.recover();
    remount();
    let_it_be_sent();
    EXPECT_EQ(tree().content("/file"), "content");
    EXPECT_THAT(names_in_spool(), IsEmpty());
    client().unlink("/file");
  }
}

// For want of descriptors, say: it is neither missing nor damaged.
TEST_F(SpoolFailureTest, WhatCannotBeOpenedAfterACrashStaysForTheNextMount) {
  for (const int code : {EMFILE, ENFILE, EIO}) {
    for (const Call call : {Call::open, Call::look}) {
      SCOPED_TRACE(testing::Message() << code << " " << static_cast<int>(call));
      remote_.on(Op::commit).fail_next(Error(EBUSY, "452"));
      const vfs::Handle handle = client().create("/file");
      client().write(handle, 0, "content");
      EXPECT_EQ(errno_of([&] { client().close(handle); }), EBUSY);
      crash();
      tree().remove("/file");
      const std::size_t before = losing_disk().failed(call);
      losing_disk().fail(call, code);
      remount();
      EXPECT_EQ(losing_disk().failed(call), before + 1);
      EXPECT_FALSE(tree().exists("/file"));
      EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
      crash();
      remount();
      EXPECT_EQ(tree().content("/file"), "content");
      EXPECT_THAT(names_in_spool(), IsEmpty());
      client().unlink("/file");
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
