// SPDX-License-Identifier: MIT
// The fixture of every vfs test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/vfs_world.hpp"

namespace ftpfs::test {

class VfsTest : public testing::Test, protected VfsWorld {};

}  // namespace ftpfs::test
