// SPDX-License-Identifier: MIT
#include "reader.hpp"

#include <utility>

#include "../text.hpp"

namespace ftpfs::proto::listing {
namespace {

enum class Trust : std::uint8_t { sure, guess };

struct Family {
  Reading (*read)(std::string_view line, Evidence& evidence);
  Trust trust = Trust::sure;
};

// The most frequent first. Each is strict enough to leave the lines of the others alone, but for the last
// two.
constexpr std::array<Family, family_count> families = {{
    {read_unix},
    {read_dos},
    {read_vms},
    {read_eplf},
    {read_netware},
    {read_os400},
    {read_zos_data_set},
    {read_zos_member},
    {read_zos_job},
    {read_zvm},
    {read_size_first},
    {read_name_first},
    {read_nonstop},
    {read_os9},
    {read_numeric_unix},
    {read_dls, Trust::guess},
    {read_zos_bare_name, Trust::guess},
}};

}  // namespace

void Reader::read(std::string_view line, std::vector<Line>& out) {
  if (!held_.empty() && join_held(line, out)) return;
  Reading reading = ask(line, Next::may_come);
  if (std::holds_alternative<Unfinished>(reading)) {
    held_ = line;
    held_family_ = family_;
    return;
  }
  settle(std::move(reading), line, out);
}

void Reader::finish(std::vector<Line>& out) {
  if (held_.empty()) return;
  const std::string line = std::exchange(held_, {});
  settle(ask(line, Next::none), line, out);
}

// True: `line` was the rest of the one held back. Otherwise that one has to do without it.
bool Reader::join_held(std::string_view line, std::vector<Line>& out) {
  const std::string joined = held_ + ' ' + std::string(line);
  Reading reading = families[held_family_].read(joined, evidence_);
  if (std::holds_alternative<ListedLine>(reading) || std::holds_alternative<Nothing>(reading)) {
    held_.clear();
    family_ = held_family_;
    settle(std::move(reading), joined, out);
    return true;
  }
  finish(out);
  return false;
}

Reading Reader::ask(std::string_view line, Next next) {
  Reading reading;
  if (ask_family(leader_, line, next, reading)) return reading;
  for (std::size_t family = 0; family < families.size(); ++family) {
    if (family != leader_ && ask_family(family, line, next, reading)) return reading;
  }
  return Foreign();
}

bool Reader::ask_family(std::size_t family, std::string_view line, Next next, Reading& reading) {
  const bool order_known = evidence_.order.has_value();
  reading = families[family].read(line, evidence_);
  if (std::holds_alternative<Foreign>(reading)) return false;
  if (std::holds_alternative<Unfinished>(reading) && next == Next::none) return false;
  family_ = family;
  const bool by_dos = families[family].read == read_dos || families[family].read == read_name_first;
  if (!order_known && by_dos && evidence_.order == DateOrder::day_first) order_changed_ = true;
  return true;
}

void Reader::settle(Reading reading, std::string_view line, std::vector<Line>& out) {
  Line result;
  if (auto* entry = std::get_if<ListedLine>(&reading)) {
    const bool sure = families[family_].trust == Trust::sure;
    result.kind = sure ? Line::Kind::entry : Line::Kind::guess;
    result.entry = std::move(*entry);
    if (sure && ++votes_[family_] > votes_[leader_]) leader_ = family_;
  } else if (!std::holds_alternative<Nothing>(reading) && !trim(line).empty()) {
    result.kind = Line::Kind::unparsed;
    result.text = line;
  }
  out.push_back(std::move(result));
}

bool Reader::take_order_change() noexcept {
  return std::exchange(order_changed_, false);
}

}  // namespace ftpfs::proto::listing
