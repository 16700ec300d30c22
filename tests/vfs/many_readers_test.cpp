// SPDX-License-Identifier: MIT
// Many files are read at once: what is read ahead of them all has bounds, and each reader gets on.
#include <string>
#include <vector>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::SizeIs;

class ManyReadersTest : public VfsTest {
 protected:
  // So many readers of as many files of this size, each of which has read the first `read` bytes.
  void open(std::size_t count, std::size_t size, std::size_t read) {
    content_ = pattern(size);
    for (std::size_t i = 0; i < count; ++i) tree().put_file("/file" + std::to_string(i), content_);
    for (std::size_t i = 0; i < count; ++i) {
      handles_.push_back(client().open("/file" + std::to_string(i)));
      for (std::size_t offset = 0; offset < read; offset += request) expect_read(handles_.back(), offset);
      settle(io_);
    }
  }
  void expect_read(vfs::Handle handle, std::size_t offset) {
    EXPECT_EQ(client().read(handle, offset, request), content_.substr(offset, request)) << offset;
  }

  std::string content_;
  std::vector<vfs::Handle> handles_;
};

TEST_F(ManyReadersTest, FourReadAheadAsFarAsOne) {
  config_.readahead_bytes = 2 * mib;
  open(4, 8 * mib, 4 * mib);
  EXPECT_GE(remote_.bytes_read(), 4 * 6 * mib);
}

TEST_F(ManyReadersTest, MoreShareTheMemory) {
  config_.readahead_bytes = 2 * mib;
  open(16, 8 * mib, 4 * mib);
  // Four times two, three with somewhat less, and a megabyte for each of the others; without that, 96 in all.
  EXPECT_LE(remote_.bytes_read(), (16 * 4 + 24) * mib);
  EXPECT_GE(remote_.bytes_read(), (16 * 4 + 16) * mib);
  for (const vfs::Handle handle : handles_) expect_read(handle, 4 * mib);
}

TEST_F(ManyReadersTest, AsFarAsItWasWhenTheOthersHaveLeft) {
  config_.readahead_bytes = 2 * mib;
  open(16, 8 * mib, 4 * mib);
  while (handles_.size() > 1) {
    client().release(handles_.back());
    handles_.pop_back();
  }
  const std::size_t before = remote_.bytes_read();
  for (std::size_t offset = 4 * mib; offset < 5 * mib; offset += request) expect_read(handles_[0], offset);
  settle(io_);
  EXPECT_GE(remote_.bytes_read(), before + mib);
}

// A second stream is shown when a look has told that it is of the same version.
TEST_F(ManyReadersTest, WhoeverWaitsForALookKeepsWhatHasCome) {
  config_.readahead_bytes = mib;
  open(6, 16 * mib, mib);
  remote_.on(Op::stat).hold();
  Pending<Slices> far = client().read_later(handles_[0], 12 * mib, request);
  for (std::size_t step = 0; step < 4; ++step) {
    advance(config_.stream_idle / 2);
    for (std::size_t i = 1; i < handles_.size(); ++i) expect_read(handles_[i], mib + step * request);
  }
  EXPECT_FALSE(far.done());
  remote_.on(Op::stat).release();
  EXPECT_EQ(text_of(far.get()), content_.substr(12 * mib, request));
}

// Whoever reads on begins a stream, as anybody whose pause was as long.
TEST_F(ManyReadersTest, NoMoreThanFourThatPauseKeepWhatTheyHave) {
  open(6, 6 * mib, 4 * mib);  // the rest has come, too
  EXPECT_EQ(remote_.bytes_read(), 6 * 6 * mib);
  ASSERT_THAT(remote_.sources(), SizeIs(6));
  advance(config_.stream_idle * 2);
  for (const vfs::Handle handle : handles_) expect_read(handle, 4 * mib);
  EXPECT_THAT(remote_.sources(), SizeIs(8));
}

}  // namespace
}  // namespace ftpfs::test
