// SPDX-License-Identifier: MIT
// The only place that includes libfuse, so that every file sees the same version of its interface.
#pragma once

#define FUSE_USE_VERSION 35

#include <fuse_log.h>
#include <fuse_lowlevel.h>
