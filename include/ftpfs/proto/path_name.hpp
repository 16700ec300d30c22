// SPDX-License-Identifier: MIT
// The path name in a 257 reply (PWD, MKD): between double quotes, a quote inside doubled (RFC 959 appendix
// II).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/proto/reply.hpp>

namespace ftpfs::proto {

// Without quotes: the first word (some servers forget them). nullopt: no path, or one with CR, LF, NUL in it.
std::optional<std::string> parse_path_name(const Reply& reply);

// Can names be joined to it with '/'? "/pub", "C:/", but not "'HLQ.'" (z/OS), "DISK:[DIR]" (OpenVMS),
// "\\SYSTEM.$VOLUME.SUBVOLUME" (NonStop).
bool is_unix_path(std::string_view path) noexcept;

}  // namespace ftpfs::proto
