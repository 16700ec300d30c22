// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>

#include <ftpfs/proto/zone.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

constexpr std::int64_t day_seconds = 86400;

std::int64_t midnight(std::chrono::sys_days day) noexcept {
  return day.time_since_epoch().count() * day_seconds;
}

int year_of(std::int64_t seconds) noexcept {
  constexpr std::int64_t earliest = -62135596800, latest = 253402300799;  // the years 1 to 9999
  const auto time = std::chrono::sys_seconds(std::chrono::seconds(std::clamp(seconds, earliest, latest)));
  return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year());
}

// Big-endian numbers of a TZif file. Past the end: 0, and `good` is false from then on.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::int64_t number(std::size_t size) noexcept {
    const std::string_view text = take(size);
    if (text.empty()) return 0;
    std::uint64_t value = (text[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char c : text) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  std::string_view take(std::size_t size) noexcept {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest() const noexcept { return rest_; }
  bool good() const noexcept { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Header {
  bool good = false;
  char version = 0;
  std::size_t ut = 0, standard = 0, leaps = 0, changes = 0, types = 0, letters = 0;

  std::size_t size(std::size_t time) const noexcept {
    return changes * (time + 1) + types * 6 + letters + leaps * (time + 4) + standard + ut;
  }
};

Header read_header(Bytes& bytes, std::size_t time_size) noexcept {
  Header header;
  const std::string_view magic = bytes.take(4);
  const std::string_view version = bytes.take(16);
  for (std::size_t* count :
       {&header.ut, &header.standard, &header.leaps, &header.changes, &header.types, &header.letters}) {
    *count = static_cast<std::uint32_t>(bytes.number(4));
  }
  header.good =
      bytes.good() && magic == "TZif" && header.types > 0 && header.size(time_size) <= bytes.rest().size();
  if (header.good) header.version = version[0];
  return header;
}

}  // namespace

// The text of a POSIX rule, from left to right.
class Zone::RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<Rule> read() {
    Rule rule;
    if (!name() || !offset(rule.standard)) return std::nullopt;
    rule.standard = -rule.standard;  // POSIX counts westward
    if (rest_.empty()) return rule;
    rule.changes = true;
    rule.summer = rule.standard + 3600;
    if (!name()) return std::nullopt;
    if (!rest_.starts_with(',')) {
      if (!offset(rule.summer)) return std::nullopt;
      rule.summer = -rule.summer;
    }
    const bool complete = day(rule.begin) && day(rule.end) && rest_.empty();
    return complete ? std::optional(rule) : std::nullopt;
  }

 private:
  bool name() {
    if (accept('<')) {
      while (!rest_.empty() && rest_.front() != '>') rest_.remove_prefix(1);
      return accept('>');
    }
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_alpha);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    rest_.remove_prefix(size);
    return size >= 3;
  }

  // [+-]hh[:mm[:ss]]
  bool offset(std::int32_t& seconds) {
    const int sign = accept('-') ? -1 : 1;
    accept('+');
    int hours = 0, minutes = 0, rest = 0;
    if (!number(hours, 167)) return false;
    if (accept(':') && !number(minutes, 59)) return false;
    if (accept(':') && !number(rest, 59)) return false;
    seconds = sign * (hours * 3600 + minutes * 60 + rest);
    return true;
  }

  // ,Mm.w.d[/time]  ,Jn[/time]  ,n[/time]
  bool day(Day& day) {
    if (!accept(',')) return false;
    bool good = false;
    if (accept('M')) {
      day.kind = Day::Kind::weekday_of_month;
      good = number(day.month, 12) && accept('.') && number(day.week, 5) && accept('.') && number(day.day, 6);
      good = good && day.month > 0 && day.week > 0;
    } else {
      day.kind = accept('J') ? Day::Kind::julian : Day::Kind::zero_based;
      good = number(day.day, 365);
    }
    return good && (!accept('/') || offset(day.seconds));
  }

  bool number(int& value, int most) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    const std::string_view digits = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(digits.size());
    const auto read = all_digits(digits) ? to_number<int>(digits) : std::nullopt;
    value = read.value_or(0);
    return read && value <= most;
  }

  bool accept(char c) {
    const bool there = rest_.starts_with(c);
    if (there) rest_.remove_prefix(1);
    return there;
  }

  std::string_view rest_;
};

std::int64_t Zone::Day::in(int year) const noexcept {
  using namespace std::chrono;
  const sys_days new_year = std::chrono::year(year) / January / 1;
  switch (kind) {
    case Kind::zero_based:
      return midnight(new_year + days(day)) + seconds;
    case Kind::julian: {  // 29 February is not counted
      const bool shifted = std::chrono::year(year).is_leap() && day >= 60;
      return midnight(new_year + days(day - 1 + (shifted ? 1 : 0))) + seconds;
    }
    case Kind::weekday_of_month:
      break;
  }
  const auto in_month = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month));
  const weekday on(static_cast<unsigned>(day));
  const sys_days date =
      week == 5 ? sys_days(in_month / on[last]) : sys_days(in_month / on[static_cast<unsigned>(week)]);
  return midnight(date) + seconds;
}

std::int32_t Zone::Rule::offset_at(std::int64_t utc) const noexcept {
  if (!changes) return standard;
  const int year = year_of(utc + standard);
  const std::int64_t from = begin.in(year)-standard;
  const std::int64_t to = end.in(year)-summer;
  const bool is_summer = from < to ? from <= utc && utc < to : !(to <= utc && utc < from);
  return is_summer ? summer : standard;
}

std::optional<Zone> Zone::from_rule(std::string_view text) {
  Zone zone;
  zone.rule_ = RuleReader(text).read();
  return zone.rule_ ? std::optional(std::move(zone)) : std::nullopt;
}

std::optional<Zone> Zone::from_offset(std::string_view text) {
  Zone zone;
  if (text == "Z" || text == "UTC" || text == "GMT") return zone;
  if (!text.starts_with('+') && !text.starts_with('-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const std::string_view hours = text.substr(0, text.size() == 1 ? 1 : 2);
  std::string_view minutes = text.substr(hours.size());
  if (minutes.starts_with(':')) minutes.remove_prefix(1);
  if (minutes.empty()) minutes = "00";
  if (!all_digits(hours) || !all_digits(minutes) || minutes.size() != 2) return std::nullopt;
  const int h = *to_number<int>(hours), m = *to_number<int>(minutes);
  if (h > 14 || m > 59) return std::nullopt;
  zone.before_ = sign * (h * 3600 + m * 60);
  return zone;
}

std::optional<Zone> Zone::from_tzif(std::string_view text) {
  Bytes bytes(text);
  std::size_t time_size = 4;
  Header header = read_header(bytes, time_size);
  if (header.good && header.version >= '2') {  // the same again, with 64 bits
    bytes.take(header.size(time_size));
    time_size = 8;
    header = read_header(bytes, time_size);
  }
  if (!header.good) return std::nullopt;
  Zone zone;
  zone.changes_.resize(header.changes);
  for (Change& change : zone.changes_) change.at = bytes.number(time_size);
  const std::string_view indices = bytes.take(header.changes);
  std::vector<std::int32_t> offsets(header.types);
  for (std::int32_t& offset : offsets) {
    offset = static_cast<std::int32_t>(bytes.number(4));
    bytes.take(2);  // summer time or not, and its name
  }
  bytes.take(header.letters + header.leaps * (time_size + 4) + header.standard + header.ut);
  if (!bytes.good()) return std::nullopt;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto index = static_cast<unsigned char>(indices[i]);
    if (index >= offsets.size()) return std::nullopt;
    zone.changes_[i].offset = offsets[index];
  }
  zone.before_ = offsets[0];
  std::string_view rest = bytes.rest();
  if (time_size == 8 && rest.starts_with('\n')) {
    rest.remove_prefix(1);
    zone.rule_ = RuleReader(cut(rest, '\n')).read();
  }
  return zone;
}

std::int32_t Zone::offset_at(std::int64_t utc) const noexcept {
  const auto later = [](std::int64_t time, const Change& change) { return time < change.at; };
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), utc, later);
  if (next == changes_.end() && rule_) return rule_->offset_at(utc);
  return next == changes_.begin() ? before_ : std::prev(next)->offset;
}

std::int64_t Zone::to_utc(std::int64_t local) const noexcept {
  const std::int64_t guess = local - offset_at(local);
  return local - offset_at(guess);
}

}  // namespace ftpfs::proto
