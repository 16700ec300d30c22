// SPDX-License-Identifier: MIT
// What the times that a server tells are in UTC. MLSD and MFMT are UTC (RFC 3659 section 2.3). LIST shows the
// server's local time, whatever that is; MDTM should be UTC, but is local time on vsftpd with
// use_localtime=YES, old IIS and some NAS.
//
// Without a zone from the user it is learned by comparison, for offsets of whole quarters of an hour: LIST
// with MDTM of the same file, MDTM with our own clock right after an upload. An offset of LIST holds for
// times near the samples it was seen at only, so that both halves of a year with summer time come out right.
// Values only: no I/O. All times in seconds since 1970.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

#include <ftpfs/proto/zone.hpp>

namespace ftpfs::ftp {

class ServerClock {
 public:
  explicit ServerClock(std::optional<proto::Zone> zone = std::nullopt) : zone_(std::move(zone)) {}

  std::int64_t from_mdtm(std::int64_t told) const noexcept;
  std::int64_t to_mdtm(std::int64_t utc) const noexcept;
  // A file that was written at `now` by our clock has this MDTM; nullopt: it could not be found out.
  void calibrate(std::optional<std::int64_t> told, std::int64_t now) noexcept;
  bool calibrated() const noexcept { return calibrated_; }

  std::int64_t from_list(std::int64_t told) const noexcept;  // a guess where nothing near it is known
  bool knows(std::int64_t told) const noexcept;              // or there is nothing to gain by asking
  // Of which of these times of LIST (ascending) should MDTM be asked next? nullopt: nothing to gain.
  std::optional<std::size_t> doubtful(std::span<const std::int64_t> told) const;
  // LIST and MDTM of one file, MDTM as told. nullopt: it was not told, or asking was of no use.
  void learn(std::int64_t listed, std::optional<std::int64_t> mdtm);

  // For reports: how far ahead of UTC, in seconds, LIST was found to be (two where the clocks change), and
  // MDTM is taken to be.
  std::set<std::int32_t> list_offsets() const;
  std::int32_t mdtm_offset() const noexcept { return mdtm_offset_; }
  bool told() const noexcept { return zone_.has_value(); }  // by the user

 private:
  std::int32_t list_offset(std::int64_t told) const noexcept;

  std::optional<proto::Zone> zone_;  // the user's word
  std::int32_t mdtm_offset_ = 0;
  bool calibrated_ = false;
  std::map<std::int64_t, std::int32_t> samples_;  // time as listed -> how far LIST is ahead of MDTM
  unsigned asked_ = 0;
  unsigned in_vain_ = 0;
};

}  // namespace ftpfs::ftp
