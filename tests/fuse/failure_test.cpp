// SPDX-License-Identifier: MIT
#include <cerrno>
#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/failure.hpp>

namespace ftpfs::fuse {
namespace {

template <class Failure>
int code_of(const Failure& failure) {
  return errno_of(std::make_exception_ptr(failure));
}

TEST(Failure, AnErrorAnswersItsOwnErrno) {
  for (const int code : {ENOENT, EEXIST, ENOTEMPTY, EACCES, ENOSPC, EDQUOT, EROFS, ESTALE, EXDEV, EFBIG}) {
    EXPECT_EQ(code_of(Error(code, "RETR /a")), code);
  }
}

TEST(Failure, AnInterruptedWaitAnswersEintr) {
  EXPECT_EQ(code_of(Cancelled()), EINTR);
}

TEST(Failure, ALostConnectionAnswersHowItWasLost) {
  EXPECT_EQ(code_of(ConnectionLost(ETIMEDOUT, "silence")), ETIMEDOUT);
  EXPECT_EQ(code_of(ConnectionLost(ECONNREFUSED, "connect")), EIO);
  EXPECT_EQ(code_of(ConnectionLost(EHOSTUNREACH, "connect")), EHOSTUNREACH);
}

TEST(Failure, AResetOrBrokenConnectionAnswersEio) {
  EXPECT_EQ(code_of(ConnectionLost(ECONNRESET, "reset")), EIO);
  EXPECT_EQ(code_of(ConnectionLost(EPIPE, "pipe")), EIO);
}

TEST(Failure, ARevokedStreamNeverTellsAProgramToPoll) {
  EXPECT_EQ(code_of(Revoked()), EIO);
}

TEST(Failure, OutOfMemoryAnswersEnomem) {
  EXPECT_EQ(code_of(std::bad_alloc()), ENOMEM);
}

TEST(Failure, WhateverElseAnswersEio) {
  EXPECT_EQ(code_of(std::logic_error("?")), EIO);
  EXPECT_EQ(code_of(42), EIO);
}

TEST(Failure, NoErrorPassesForSuccessOrForAnAnswerThatTheKernelRefuses) {
  for (const int code : {0, -ENOENT, 512, 1000, 100'000}) EXPECT_EQ(code_of(Error(code, "odd")), EIO) << code;
  EXPECT_EQ(code_of(ConnectionLost(0, "odd")), EIO);
  EXPECT_EQ(code_of(Error(511, "the last one")), 511);
}

TEST(Failure, EnosysWouldSilenceTheOperationForEver) {
  EXPECT_EQ(code_of(Error(ENOSYS, "502 not implemented")), EOPNOTSUPP);
}

TEST(Failure, OrdinaryAnswersAreTracedTroubleIsWarnedOf) {
  for (const int code :
       {ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, EACCES, EPERM, EINTR, EINVAL, EOPNOTSUPP}) {
    EXPECT_EQ(level_of(code), spdlog::level::trace) << code;
  }
  for (const int code : {EIO, ETIMEDOUT, ENOSPC, EDQUOT, ECONNREFUSED, EHOSTUNREACH, ENOMEM}) {
    EXPECT_EQ(level_of(code), spdlog::level::warn) << code;
  }
}

// A server that is away fails every call; one line tells.
TEST(Failure, WhatTheLogKnowsIsNotWarnedOfAgain) {
  ConnectionLost lost(ETIMEDOUT, "away");
  EXPECT_EQ(level_of(std::make_exception_ptr(lost), ETIMEDOUT), spdlog::level::warn);
  lost.told = true;
  EXPECT_EQ(level_of(std::make_exception_ptr(lost), ETIMEDOUT), spdlog::level::debug);
  EXPECT_EQ(level_of(std::make_exception_ptr(Error(EIO, "else")), EIO), spdlog::level::warn);
  EXPECT_EQ(level_of(std::make_exception_ptr(Error(ENOENT, "none")), ENOENT), spdlog::level::trace);
}

TEST(Failure, TheServersWordsAreEscapedBehindOurs) {
  const auto failure = std::make_exception_ptr(Error(ENOSPC, "STOR /a: quota", "552 full\x1b[2J\n"));
  EXPECT_EQ(describe(failure), R"(STOR /a: quota (server said: 552 full\x1B[2J\x0A))");
  EXPECT_EQ(describe(std::make_exception_ptr(Error(EIO, "plain"))), "plain");
  EXPECT_EQ(describe(std::make_exception_ptr(std::logic_error("broken"))), "broken");
  EXPECT_EQ(describe(std::make_exception_ptr(42)), "unknown exception");
}

}  // namespace
}  // namespace ftpfs::fuse
