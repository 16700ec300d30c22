// SPDX-License-Identifier: MIT
// How `ftpfs refresh PATH` reaches the daemon that serves PATH: by this ioctl(2), without argument, on an
// open file or directory of the mount. It returns when nobody sees anything there that is older than the
// call.
#pragma once

#include <linux/ioctl.h>

namespace ftpfs::fuse {

inline constexpr unsigned refresh_request = _IO(0xF7, 1);  // not in the kernel's list of taken numbers

}  // namespace ftpfs::fuse
