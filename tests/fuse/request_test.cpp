// SPDX-License-Identifier: MIT
// Requests whose handlers or answers go wrong: a session with callbacks of the test's own.
#include <cerrno>
#include <functional>

#include <ftpfs/fuse/dispatch.hpp>

#include "fuse/rig.hpp"
#include "support/fake_kernel.hpp"

namespace ftpfs::test {
namespace {

using fuse::Request;
using fuse::RequestPtr;

// What the callbacks below do, and whether the kernel takes their answers; libfuse's callbacks are plain
// functions.
std::function<void(const RequestPtr&)> at_lookup;
int refuse_answers_with = 0;

void lookup(fuse_req_t handle, fuse_ino_t parent, const char*) {
  fuse::serve(handle, "lookup", parent, at_lookup);
}

ssize_t read_packet(int fd, void* buffer, std::size_t size, void*) {
  return ::read(fd, buffer, size);
}

ssize_t write_packet(int fd, iovec* parts, int count, void*) {
  if (refuse_answers_with == 0) return ::writev(fd, parts, count);
  errno = refuse_answers_with;
  return -1;
}

class RequestTest : public testing::Test {
 protected:
  RequestTest() {
    refuse_answers_with = 0;
    at_lookup = [](const RequestPtr& request) { request->error(ENOENT); };
    fuse_lowlevel_ops table{};
    table.lookup = lookup;
    char name[] = "test";
    char* arguments[] = {name, nullptr};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    session_ = fuse_session_new(&args, &table, sizeof table, context_.get());
    fuse_opt_free_args(&args);
    fuse_custom_io io{};
    io.read = read_packet;
    io.writev = write_packet;
    EXPECT_EQ(fuse_session_custom_io(session_, &io, kernel_.daemon_end()), 0);
    await(kernel_.init());
    rig_.remote.tree().put_file("/file", "x");
  }
  ~RequestTest() override {
    settle(rig_.io);
    EXPECT_TRUE(context_->live.empty());
    fuse_session_destroy(session_);
    std::free(buffer_.mem);
    at_lookup = nullptr;
  }

  void process() {
    while (fuse_session_receive_buf(session_, &buffer_) > 0) fuse_session_process_buf(session_, &buffer_);
    settle(rig_.io);
  }
  const FakeKernel::Answer& await(FakeKernel::Unique request) {
    process();
    run_until(rig_.io, [&] { return kernel_.answered(request); });
    return kernel_.answer(request);
  }
  int error_of(FakeKernel::Unique request) { return await(request).error; }
  FakeKernel::Unique ask() { return kernel_.lookup(FUSE_ROOT_ID, "file"); }

  vfs::Looked look_up() {
    std::string name = "file";
    return run(rig_.io, rig_.vfs.lookup(vfs::root_ino, name, {}));
  }

  Rig rig_;
  FakeKernel kernel_;
  std::shared_ptr<fuse::Context> context_ =
      std::make_shared<fuse::Context>(rig_.io.get_executor(), rig_.vfs, rig_.logger, fuse::MountConfig());
  fuse_session* session_ = nullptr;
  fuse_buf buffer_{};
};

awaitable<void> forgetful(RequestPtr) {
  co_return;
}

awaitable<void> failing(RequestPtr, int code) {
  co_await asio::post(use_awaitable);
  throw Error(code, "failing");
}

awaitable<void> waiting(RequestPtr request, std::shared_ptr<WaitList> list) {
  co_await list->wait(request->stop());
  request->ok();
}

TEST_F(RequestTest, AHandlerThatForgetsToAnswerAnswersEioAndLogsABug) {
  at_lookup = [](const RequestPtr& request) { fuse::start(request, forgetful); };
  EXPECT_EQ(error_of(ask()), EIO);
  EXPECT_TRUE(rig_.logged("error: bug: lookup of inode 1 was left without an answer") ||
              rig_.logged("[error] bug: lookup of inode 1 was left without an answer"))
      << rig_.log.str();
}

TEST_F(RequestTest, ACallbackThatForgetsToAnswerDoesNoBetter) {
  at_lookup = [](const RequestPtr&) {};
  EXPECT_EQ(error_of(ask()), EIO);
  EXPECT_TRUE(rig_.logged("bug:"));
}

TEST_F(RequestTest, OnlyTheFirstAnswerCounts) {
  at_lookup = [](const RequestPtr& request) {
    request->error(ENOENT);
    request->error(EIO);
    request->ok();
    throw Error(EPERM, "too late");
  };
  EXPECT_EQ(error_of(ask()), ENOENT);
  EXPECT_FALSE(rig_.logged("too late"));
}

TEST_F(RequestTest, WhatACallbackThrowsIsTheAnswer) {
  at_lookup = [](const RequestPtr&) { throw Error(ENOTDIR, "thrown"); };
  EXPECT_EQ(error_of(ask()), ENOTDIR);
}

TEST_F(RequestTest, WhatAHandlerThrowsIsTheAnswer) {
  at_lookup = [](const RequestPtr& request) { fuse::start(request, failing, int{ENOSPC}); };
  EXPECT_EQ(error_of(ask()), ENOSPC);
}

TEST_F(RequestTest, AnInterruptThatComesFirstStopsTheHandlerAtItsFirstWait) {
  const auto list = std::make_shared<WaitList>();
  at_lookup = [&](const RequestPtr& request) { fuse::start(request, waiting, list); };
  kernel_.interrupt(kernel_.next_unique() + 2);
  EXPECT_EQ(error_of(ask()), EINTR);
}

TEST_F(RequestTest, AnInterruptOfAWaitingHandlerEndsItsWait) {
  const auto list = std::make_shared<WaitList>();
  at_lookup = [&](const RequestPtr& request) { fuse::start(request, waiting, list); };
  const auto request = ask();
  process();
  EXPECT_FALSE(kernel_.answered(request));
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(request), EINTR);
}

TEST_F(RequestTest, AnEntryThatTheKernelDidNotTakeComesBack) {
  const vfs::Looked kept = look_up();
  at_lookup = [this](const RequestPtr& request) {
    const vfs::Looked given = *rig_.vfs.lookup_now(vfs::root_ino, "file");
    refuse_answers_with = ENOENT;
    request->entry(given);
    refuse_answers_with = 0;
  };
  ask();
  process();
  EXPECT_TRUE(rig_.vfs.getattr_now(kept.ino));
  rig_.vfs.forget(kept.ino, 1);  // ours was the last one
  EXPECT_THROW(rig_.vfs.getattr_now(kept.ino), Error);
}

TEST_F(RequestTest, AnEntryForARequestAnsweredMeanwhileComesBack) {
  const vfs::Looked kept = look_up();
  at_lookup = [this](const RequestPtr& request) {
    request->error(EINTR);
    request->entry(*rig_.vfs.lookup_now(vfs::root_ino, "file"));
  };
  EXPECT_EQ(error_of(ask()), EINTR);
  rig_.vfs.forget(kept.ino, 1);
  EXPECT_THROW(rig_.vfs.getattr_now(kept.ino), Error);
}

TEST_F(RequestTest, AHandleThatTheKernelDidNotTakeIsReleased) {
  const vfs::Looked kept = look_up();
  const vfs::Opened opened = run(rig_.io, rig_.vfs.open(kept.ino, O_RDONLY, {}));
  at_lookup = [&](const RequestPtr& request) {
    refuse_answers_with = ENOENT;
    request->opened(opened, O_RDONLY);
    refuse_answers_with = 0;
  };
  ask();
  process();
  EXPECT_THROW(rig_.vfs.read_now(opened.handle, 0, 1), Error);
}

TEST_F(RequestTest, AFileCreatedInVainIsReleasedAndForgotten) {
  std::string name = "new";
  const vfs::Created created =
      run(rig_.io, rig_.vfs.create(vfs::root_ino, name, 0644, O_CREAT | O_WRONLY, {}));
  run(rig_.io, rig_.vfs.flush(created.opened.handle, {}));
  at_lookup = [&](const RequestPtr& request) {
    refuse_answers_with = ENODEV;
    request->created(created, O_WRONLY);
    refuse_answers_with = 0;
  };
  ask();
  process();
  EXPECT_THROW(rig_.vfs.write_now(created.opened.handle, 0, {}), Error);
  EXPECT_THROW(rig_.vfs.getattr_now(created.looked.ino), Error);
}

TEST_F(RequestTest, ADirectoryHandleThatTheKernelDidNotTakeIsReleased) {
  struct Nothing : vfs::DirFiller {
    bool add(std::string_view, const vfs::Looked&, off_t) override { return false; }
  } nothing;
  const vfs::DirHandle opened = run(rig_.io, rig_.vfs.opendir(vfs::root_ino, {}));
  at_lookup = [&](const RequestPtr& request) {
    refuse_answers_with = ENOENT;
    request->opened_directory(opened);
    refuse_answers_with = 0;
  };
  ask();
  process();
  EXPECT_THROW(rig_.vfs.readdir(opened, 0, false, nothing), Error);
}

TEST_F(RequestTest, EntriesOfADirectoryPageThatTheKernelDidNotTakeComeBack) {
  const vfs::Looked kept = look_up();
  at_lookup = [&](const RequestPtr& request) {
    const vfs::Looked given = *rig_.vfs.lookup_now(vfs::root_ino, "file");
    refuse_answers_with = ENOENT;
    request->directory(as_bytes("page"), {given.ino});
    refuse_answers_with = 0;
  };
  ask();
  process();
  rig_.vfs.forget(kept.ino, 1);
  EXPECT_THROW(rig_.vfs.getattr_now(kept.ino), Error);
}

TEST_F(RequestTest, AnswersOfAnyNumberOfPiecesArriveWhole) {
  for (const std::size_t pieces : {0u, 1u, 20u, 1023u, 1024u, 3000u}) {
    std::string whole;
    Slices slices;
    for (std::size_t i = 0; i < pieces; ++i) {
      const auto owner = std::make_shared<Buffer>(1);
      owner->bytes()[0] = std::byte('a' + i % 26);
      whole += static_cast<char>('a' + i % 26);
      slices.push_back({owner, owner->bytes()});
    }
    at_lookup = [&](const RequestPtr& request) { request->data(slices); };
    const auto answer = await(ask());
    EXPECT_EQ(answer.error, 0) << pieces;
    EXPECT_EQ(answer.body, whole) << pieces;
  }
}

}  // namespace
}  // namespace ftpfs::test
