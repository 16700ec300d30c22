// SPDX-License-Identifier: MIT
// Want of memory at each operation of the server's (the call that needed it tells, and works the next time),
// and want of threads (what they are for is done without).
#include <new>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <sys/statvfs.h>

#include <ftpfs/base/close_aside.hpp>

#include "vfs/losing_disk.hpp"
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class WantOfMemory : public VfsTest {
 protected:
  template <class Work>
  static int code_of(Work work) {
    try {
      return errno_of(work);
    } catch (const std::bad_alloc&) {
      return ENOMEM;
    }
  }
  template <class Work>
  void tells(Op op, Work work) {
    const std::size_t before = remote_.calls(op);
    remote_.on(op).fail_next(std::bad_alloc());
    EXPECT_EQ(code_of(work), ENOMEM);
    EXPECT_GT(remote_.calls(op), before);
    EXPECT_EQ(code_of(work), 0);
  }
  ::fsblkcnt_t blocks_free() {
    if (const auto now = fs().statfs_now()) return now->f_bavail;
    return run(io_, fs().statfs({})).f_bavail;
  }
};

TEST_F(WantOfMemory, IsToldByWhatAsks) {
  tree().put_file("/file", "content");
  tree().put_file("/dir/file", "content");
  const vfs::Ino ino = client().ino("/file");
  advance(std::chrono::seconds(60));
  tells(Op::stat, [&] { run(io_, fs().open(ino, O_RDONLY, {})); });
  tells(Op::list, [&] { EXPECT_THAT(client().names("/dir"), ElementsAre("file")); });
}

TEST_F(WantOfMemory, IsToldByRead) {
  for (const Op op : {Op::open_source, Op::read}) {
    const std::string path = "/file" + std::to_string(static_cast<int>(op));
    tree().put_file(path, "content");
    advance(std::chrono::seconds(60));
    const vfs::Handle handle = client().open(path);
    tells(op, [&] { EXPECT_EQ(client().read(handle, 0, 100), "content"); });
    client().close(handle);
  }
}

TEST_F(WantOfMemory, IsToldByEachChange) {
  remote_.set_capabilities({.cheap_stat = true, .tells_mode = true, .make_symlink = true});
  tree().put_file("/file", "content");
  tree().put_file("/moved", "content");
  tree().put_directory("/gone");
  vfs::Changes time;
  time.mtime = 1'600'000'000;
  vfs::Changes mode;
  mode.mode = 0600;
  tells(Op::make_directory, [&] { client().mkdir("/dir"); });
  tells(Op::remove_directory, [&] { client().rmdir("/gone"); });
  tells(Op::rename, [&] { client().rename("/moved", "/dir/moved"); });
  tells(Op::set_mtime, [&] { client().setattr("/file", time); });
  tells(Op::set_mode, [&] { client().setattr("/file", mode); });
  tells(Op::make_symlink, [&] { run(io_, fs().symlink(vfs::root_ino, "link", "file", {})); });
  tells(Op::remove_file, [&] { client().unlink("/file"); });
  EXPECT_THAT(tree().names("/"), ElementsAre("dir", "link"));
  EXPECT_EQ(tree().content("/dir/moved"), "content");
}

TEST_F(WantOfMemory, IsToldByCreate) {
  vfs::Handle handle = 0;
  tells(Op::open_sink, [&] { handle = client().create("/file"); });
  client().write(handle, 0, "content");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// The old content stays until the new one is there.
TEST_F(WantOfMemory, IsToldByFlushWhichKeepsBothContents) {
  for (const Op op : {Op::open_sink, Op::write, Op::commit, Op::rename}) {
    SCOPED_TRACE(static_cast<int>(op));
    const std::string path = "/file" + std::to_string(static_cast<int>(op));
    tree().put_file(path, "old content");
    advance(std::chrono::seconds(60));
    const vfs::Handle handle = client().open(path, O_WRONLY | O_TRUNC);
    client().write(handle, 0, "content");
    const std::size_t before = remote_.calls(op);
    remote_.on(op).fail_next(std::bad_alloc());
    EXPECT_EQ(code_of([&] { client().flush(handle); }), ENOMEM);
    EXPECT_GT(remote_.calls(op), before);
    EXPECT_EQ(tree().content(path), "old content");
    EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
    client().close(handle);
    EXPECT_EQ(tree().content(path), "content");
  }
}

// Nor does statfs wait for the server's answer to be good: it asks again later.
TEST_F(WantOfMemory, IsNotToldByStatfs) {
  remote_.set_capabilities({.cheap_stat = true, .tells_space = true});
  remote_.set_space(Space{4096 * 10, 4096 * 100});
  remote_.on(Op::space).fail_next(std::bad_alloc());
  EXPECT_EQ(blocks_free(), (1ull << 40) / 4096);
  EXPECT_EQ(remote_.calls(Op::space), 1u);
  advance(std::chrono::seconds(30));
  blocks_free();
  settle(io_);
  EXPECT_EQ(remote_.calls(Op::space), 2u);
  EXPECT_EQ(blocks_free(), 10u);
}

// Nobody has asked for what is fetched ahead.
TEST_F(WantOfMemory, IsNotToldWhereNobodyWaits) {
  for (int i = 0; i < 6; ++i) tree().put_file("/" + std::to_string(i), "content");
  client().names("/");
  remote_.on(Op::fetch_whole).fail_next(std::bad_alloc(), 100);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(client().read_file("/" + std::to_string(i)), "content");
    settle(io_);
  }
  EXPECT_GT(remote_.calls(Op::fetch_whole), 0u);
}

TEST_F(WantOfMemory, LosesNothingOfAnEarlierMount) {
  for (const Op op : {Op::settle, Op::stat, Op::open_sink, Op::write, Op::commit}) {
    SCOPED_TRACE(static_cast<int>(op));
    const std::string path = "/file" + std::to_string(static_cast<int>(op));
    const vfs::Handle handle = client().create(path);
    client().write(handle, 0, "content");
    remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"));
    EXPECT_EQ(errno_of([&] { client().close(handle); }), ENOSPC);
    crash();
    tree().remove(path);
    const std::size_t before = remote_.calls(op);
    remote_.on(op).fail_next(std::bad_alloc());
    const int code = code_of([&] { remount(); });
    EXPECT_GT(remote_.calls(op), before);
    EXPECT_TRUE(code == 0 || code == ENOMEM) << code;
    EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
    crash();
    tree().remove(path);
    remount();
    EXPECT_EQ(tree().content(path), "content");
    EXPECT_THAT(names_in_spool(), IsEmpty());
  }
}

// No thread can be started, for none has so large a stack.
class WithoutThreads {
 public:
  WithoutThreads() {
    ::pthread_getattr_default_np(&before_);
    ::pthread_attr_t huge;
    ::pthread_getattr_default_np(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
    ::pthread_setattr_default_np(&huge);
    ::pthread_attr_destroy(&huge);
  }
  ~WithoutThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  WithoutThreads(const WithoutThreads&) = delete;
  WithoutThreads& operator=(const WithoutThreads&) = delete;

  static bool works() {
    try {
      std::thread([] {}).join();
      return false;
    } catch (const std::system_error& error) {
      return error.code().value() == EAGAIN;
    }
  }

 private:
  ::pthread_attr_t before_;
};

class WantOfThreads : public VfsTest {
 protected:
  ~WantOfThreads() override { losing_disk().unwatch(); }
};

TEST_F(WantOfThreads, TheDiskIsWaitedForWithoutOne) {
  config_.writeback = std::chrono::seconds(10);
  losing_disk().watch(config_.spool_directory);
  client();
  {
    const WithoutThreads none;
    ASSERT_TRUE(WithoutThreads::works());
    client().write_file("/file", "content");
    client().write_file("/other", "content");
    EXPECT_EQ(losing_disk().syncs(), 2u);
    client().unlink("/other");
    EXPECT_EQ(losing_disk().syncs(), 3u);
    losing_disk().fail(LosingDisk::Call::sync, EIO);
    EXPECT_EQ(errno_of([&] { client().write_file("/broken", "content"); }), EIO);
  }
  client().write_file("/later", "content");
  EXPECT_EQ(losing_disk().syncs(), 4u);
  for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  EXPECT_THAT(tree().names("/"), ElementsAre("broken", "file", "later"));
}

TEST_F(WantOfThreads, LargeFilesAreClosedWithoutOne) {
  wait_for_closing();  // and for the thread's end
  const WithoutThreads none;
  ASSERT_TRUE(WithoutThreads::works());
  const std::string content(17 * mib, 'x');
  const vfs::Handle handle = client().create("/file");
  for (std::size_t at = 0; at < content.size(); at += mib)
    client().write(handle, at, std::string_view(content).substr(at, mib));
  client().flush(handle);
  EXPECT_EQ(open_stages(), 1u);
  client().release(handle);
  EXPECT_EQ(open_stages(), 0u);
  EXPECT_FALSE(wait_for_closing());
  EXPECT_TRUE(tree().content("/file") == content);
}

}  // namespace
}  // namespace ftpfs::test
