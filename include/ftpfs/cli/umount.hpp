// SPDX-License-Identifier: MIT
// umount.ftpfs, which umount(8) runs for our mounts: takes the mount away and returns when the daemon has
// ended, and with it everything is sent, or is kept in the spool.
#pragma once

#include <span>
#include <string>

#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {

// `arguments` are what umount(8) passes: DIRECTORY [-nlfvr] [-t TYPE] [-N NAMESPACE]. A lazy unmount (-l)
// waits for nothing, and neither does one whose daemon is in another pid namespace. The status is that of
// umount(8), which also says what went wrong. Throws Failure(usage).
ExitStatus unmount(std::span<const std::string> arguments);

// umount(8) of util-linux 2.38 does not ask the kernel for the type of a mount whose absolute path it is
// given, unless /run/mount/utab has something to say about it, and takes ours for one of the type `fuse`. Has
// mount(8) write it down there, so that our helper is found. Only root can.
void register_helper(const std::string& fsname, const std::string& mountpoint);

}  // namespace ftpfs::cli
