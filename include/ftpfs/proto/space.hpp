// SPDX-License-Identifier: MIT
// Room on the server, from the answers to AVBL, XQUOTA and SITE QUOTA. nullopt: no number in it, or no limit.
#pragma once

#include <optional>

#include <ftpfs/proto/reply.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::proto {

// "213 1234567": what is left, in bytes.
std::optional<Space> parse_avbl(const Reply& reply);

// Lines "Disk usage: N" and "Disk limit: N", in bytes (Serv-U).
std::optional<Space> parse_xquota(const Reply& reply);

// A line "Uploaded Mb: 1.50/10.00", in bytes, Kb, Mb or Gb (proftpd mod_quotatab); "unlimited" is no limit.
std::optional<Space> parse_site_quota(const Reply& reply);

}  // namespace ftpfs::proto
