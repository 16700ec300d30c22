// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <iterator>
#include <vector>

#include <ftpfs/ftp/server_clock.hpp>

namespace ftpfs::ftp {
namespace {

constexpr std::int64_t quarter_hour = 900;
constexpr std::int64_t day = 86'400;
constexpr std::int64_t largest_offset = 26 * 3600;  // +14 against -12

// No season is shorter (summer time leaves four months to the rest of the year in the United States): two
// samples that agree and lie closer together have no other offset between them.
constexpr std::int64_t shortest_season = 120 * day;
constexpr std::int64_t near_enough = 7 * day;

constexpr unsigned most_samples = 40;
constexpr unsigned most_in_vain = 3;

// The whole quarters of an hour in `difference`; nullopt: it is something else, such as a file that has
// changed meanwhile or a clock that is wrong.
std::optional<std::int32_t> offset_in(std::int64_t difference, std::int64_t tolerance) noexcept {
  if (std::abs(difference) > largest_offset) return std::nullopt;
  const std::int64_t half = difference < 0 ? -quarter_hour / 2 : quarter_hour / 2;
  const std::int64_t rounded = (difference + half) / quarter_hour * quarter_hour;
  if (std::abs(difference - rounded) > tolerance) return std::nullopt;
  return static_cast<std::int32_t>(rounded);
}

}  // namespace

std::int64_t ServerClock::from_mdtm(std::int64_t told) const noexcept {
  return told - mdtm_offset_;
}

std::int64_t ServerClock::to_mdtm(std::int64_t utc) const noexcept {
  return utc + mdtm_offset_;
}

void ServerClock::calibrate(std::optional<std::int64_t> told, std::int64_t now) noexcept {
  constexpr std::int64_t clocks_differ = 180;  // and an upload may take a while to be confirmed
  calibrated_ = true;
  const auto offset = told ? offset_in(*told - now, clocks_differ) : std::nullopt;
  if (offset) mdtm_offset_ = *offset;
}

std::int64_t ServerClock::from_list(std::int64_t told) const noexcept {
  return zone_ ? zone_->to_utc(told) : from_mdtm(told - list_offset(told));
}

// Of the sample nearest to it.
std::int32_t ServerClock::list_offset(std::int64_t told) const noexcept {
  if (samples_.empty()) return 0;
  const auto after = samples_.lower_bound(told);
  if (after == samples_.begin()) return after->second;
  const auto before = std::prev(after);
  if (after == samples_.end()) return before->second;
  return told - before->first < after->first - told ? before->second : after->second;
}

std::set<std::int32_t> ServerClock::list_offsets() const {
  std::set<std::int32_t> offsets;
  for (const auto& [listed, ahead_of_mdtm] : samples_) offsets.insert(ahead_of_mdtm + mdtm_offset_);
  return offsets;
}

bool ServerClock::knows(std::int64_t told) const noexcept {
  if (zone_ || asked_ >= most_samples || in_vain_ >= most_in_vain) return true;
  const auto after = samples_.lower_bound(told);
  if (after != samples_.end() && after->first == told) return true;
  if (samples_.empty()) return false;
  if (after == samples_.begin()) return after->first - told <= near_enough;
  const auto before = std::prev(after);
  if (after == samples_.end()) return told - before->first <= near_enough;
  const std::int64_t gap = after->first - before->first;
  return gap <= (before->second == after->second ? shortest_season : day);
}

std::optional<std::size_t> ServerClock::doubtful(std::span<const std::int64_t> told) const {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (!knows(told[i])) unknown.push_back(i);
  }
  if (unknown.empty()) return std::nullopt;
  // The newest, the oldest, then what halves the rest: a change of the clocks is found in a few steps.
  if (samples_.empty()) return unknown.back();
  return samples_.size() == 1 ? unknown.front() : unknown[unknown.size() / 2];
}

void ServerClock::learn(std::int64_t listed, std::optional<std::int64_t> mdtm) {
  constexpr std::int64_t one_minute = 60;  // LIST drops the seconds
  ++asked_;
  const auto offset = mdtm ? offset_in(listed - *mdtm, one_minute) : std::nullopt;
  if (offset) {
    samples_[listed] = *offset;
    in_vain_ = 0;
  } else {
    ++in_vain_;
  }
}

}  // namespace ftpfs::ftp
