// SPDX-License-Identifier: MIT
// The fixture of every vfs test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/vfs_world.hpp"

namespace ftpfs::test {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;
inline constexpr std::size_t request = 128 * kib;  // of the kernel, at most

class VfsTest : public testing::Test, protected VfsWorld {};

}  // namespace ftpfs::test
