// SPDX-License-Identifier: MIT
// A Channel that serves a fake kernel. When a test ends, the kernel hangs up; then the channel must come to
// its end with every request answered, and with no bug in its log.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include <ftpfs/fuse/channel.hpp>

#include "fuse/rig.hpp"
#include "support/fake_kernel.hpp"

namespace ftpfs::test {

class ChannelTest : public testing::Test {
 protected:
  explicit ChannelTest(bool read_only = false) : rig_(read_only) {}

  void SetUp() override {
    channel_ = std::make_unique<fuse::Channel>(rig_.io.get_executor(), rig_.vfs, rig_.logger, mount_config_);
    channel_->attach(kernel_.daemon_end());
    asio::co_spawn(rig_.io, channel_->run(), [this](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      ended_ = true;
    });
    init_ = kernel_.init(~0u & ~std::uint32_t{FUSE_INIT_EXT});
    ASSERT_EQ(error_of(init_), 0) << rig_.log.str();
  }

  void TearDown() override {
    kernel_.close();
    run_until(rig_.io, [&] { return ended_; });
    if (channel_) {
      EXPECT_EQ(channel_->live_requests(), 0u);
    }
    EXPECT_FALSE(rig_.logged("bug:")) << rig_.log.str();
  }

  const FakeKernel::Answer& await(FakeKernel::Unique request) {
    run_until(rig_.io, [&] { return kernel_.answered(request); });
    return kernel_.answer(request);
  }
  int error_of(FakeKernel::Unique request) { return await(request).error; }

  // What succeeds.
  template <class Out>
  Out out(FakeKernel::Unique request) {
    const FakeKernel::Answer& answer = await(request);
    EXPECT_EQ(answer.error, 0);
    return answer.as<Out>();
  }
  std::uint64_t look_up(std::string_view name, std::uint64_t parent = FUSE_ROOT_ID) {
    return out<fuse_entry_out>(kernel_.lookup(parent, name)).nodeid;
  }
  std::uint64_t open(std::uint64_t node, int flags) {
    return out<fuse_open_out>(kernel_.open(node, flags)).fh;
  }
  void wait_until_held(Op op) {
    run_until(rig_.io, [&] { return rig_.remote.on(op).held() > 0; });
  }

  Rig rig_;
  FakeKernel kernel_;
  fuse::MountConfig mount_config_;
  std::unique_ptr<fuse::Channel> channel_;
  FakeKernel::Unique init_ = 0;
  bool ended_ = false;
};

}  // namespace ftpfs::test
