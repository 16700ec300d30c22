// SPDX-License-Identifier: MIT
// Where files wait to be sent: one private folder for each server, user and directory, so that what a crash
// left behind is found again by the mount it belongs to, and by no other.
#pragma once

#include <filesystem>
#include <string>

#include <ftpfs/ftp/config.hpp>

namespace ftpfs::cli {

// /var/lib/ftpfs for root; else $XDG_STATE_HOME/ftpfs or ~/.local/state/ftpfs. Throws Failure(local_files)
// when the user has no home.
std::string default_spool_base();

// /var/cache/ftpfs for root; else $XDG_CACHE_HOME/ftpfs or ~/.cache/ftpfs. Likewise.
std::string default_cache_base();

// A name that says which mount it belongs to, and differs for any two that differ.
std::string spool_folder_name(const ftp::FtpConfig& config);

// The same in full: nothing of one mount is ever sent to the server of another.
std::string spool_source(const ftp::FtpConfig& config);

// Of this start of the machine; empty where the kernel does not tell.
std::string boot_id();

// Makes `base` (mode 0700) and returns the path of this mount's folder in it, which the vfs makes.
// Throws Failure: local_files when it cannot be made, or others may write to it or to a directory that it
// lies in; usage when it lies inside the mountpoint (the daemon would wait for itself), which is empty where
// nothing will be mounted.
std::string prepare_spool(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint);

// The same for what was read (cache_mode=full).
std::string prepare_cache(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint);

// Does `path` lie in `directory`, or is it that? Both canonical.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& directory);

}  // namespace ftpfs::cli
