// SPDX-License-Identifier: MIT
// What a mount tells about itself, in two forms: JSON, which travels from the daemon and is what --json
// prints, and text for a person, which is made of that JSON by whoever asked. A field that is missing or null
// is not known: the daemon may be of another version.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <ftpfs/cli/paint.hpp>
#include <ftpfs/ftp/status.hpp>
#include <ftpfs/fuse/counters.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/status.hpp>

namespace ftpfs::cli {

// What the layers do not know.
struct MountFacts {
  std::string mountpoint;
  std::string source;  // as /proc/mounts shows it
  std::string url;     // of the mounted directory
  std::int64_t since = 0;
};

std::string status_json(const MountFacts& facts, const ftp::RemoteStatus& remote, const vfs::Status& files);
std::string file_json(const Path& path, const std::string& url, const std::optional<vfs::FileStatus>& file);
std::string stats_json(const MountFacts& facts, const ftp::RemoteStatus& remote, const vfs::Status& files,
                       const fuse::Counters& counters);
std::string progress_json(const vfs::Unsent& unsent, const ftp::Movement& sent);
std::string report_json(const vfs::SendReport& report);

// ftp://user@host:port//path, percent-encoded: as curl and this program take it. `path` as the server spells
// it.
std::string url_of(const ftp::RemoteStatus& remote, std::string_view path);

std::string status_text(const nlohmann::json& status, const Paint& paint);
std::string file_text(const nlohmann::json& file, const Paint& paint);
std::string stats_text(const nlohmann::json& stats);
// Of a report_json(): what is not on the server and why, a line each, with paths as the user sees them.
std::vector<std::string> unsent_lines(const std::string& mountpoint, const nlohmann::json& report);

}  // namespace ftpfs::cli
