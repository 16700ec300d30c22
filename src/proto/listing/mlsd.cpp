// SPDX-License-Identifier: MIT
// MLSD and MLST (RFC 3659 7): "fact=value;fact=value; name".
#include "mlsd.hpp"

#include "../text.hpp"

namespace ftpfs::proto::listing {
namespace {

struct Split {
  std::string_view facts;
  std::string_view name;
};

bool holds_facts(std::string_view text) noexcept {
  return text.find('=') != text.npos;
}

// At the first "; ", because values may hold blanks (proftpd's group names) and so may names. A TAB has been
// seen for the blank. Without any "; " at the first blank: NcFTPd and SwiFTP forget the last ';' - but not
// the ones before it.
std::optional<Split> split(std::string_view line) noexcept {
  for (std::size_t at = line.find(';'); at != line.npos; at = line.find(';', at + 1)) {
    if (at + 1 < line.size() && is_blank(line[at + 1])) return Split{line.substr(0, at), line.substr(at + 2)};
  }
  const std::size_t blank = line.find(' ');
  if (blank == line.npos || line.substr(0, blank).find(';') == line.npos) return std::nullopt;
  return Split{line.substr(0, blank), line.substr(blank + 1)};
}

void read_type(std::string_view value, FactLine& line) {
  constexpr std::string_view link = "os.unix=slink";
  const std::string type = lower(value);
  line.typed = true;
  line.self_or_parent = type == "cdir" || type == "pdir";
  if (type == "file") {
    line.entry.kind = ListedKind::file;
  } else if (type == "dir" || line.self_or_parent) {
    line.entry.kind = ListedKind::directory;
  } else if (type == "os.unix=symlink" || type == link) {
    line.entry.kind = ListedKind::symlink;
  } else if (type.starts_with(link) && type[link.size()] == ':') {
    line.entry.kind = ListedKind::symlink;
    line.entry.link_target = value.substr(link.size() + 1);
  } else {
    line.typed = !value.empty();
  }
}

// "0644", "644", "02770", and pyftpdlib's "0o644".
std::optional<std::uint16_t> octal_mode(std::string_view text) noexcept {
  if (text.starts_with("0o") || text.starts_with("0O")) text.remove_prefix(2);
  const auto mode = to_number<std::uint32_t>(text, 8);
  if (!mode) return std::nullopt;
  return static_cast<std::uint16_t>(*mode & 07777);
}

void read_fact(std::string_view name, std::string_view value, FactLine& line) {
  ListedLine& entry = line.entry;
  if (equals_ignoring_case(name, "type")) {
    read_type(value, line);
  } else if (equals_ignoring_case(name, "size") || (equals_ignoring_case(name, "sizd") && !entry.size)) {
    entry.size = to_number<std::uint64_t>(value);
  } else if (equals_ignoring_case(name, "modify")) {
    const auto time = parse_time_value(value);
    if (time) entry.time = to_date_time(*time);
    line.bad_time = !time && !value.empty();
  } else if (equals_ignoring_case(name, "UNIX.mode")) {
    entry.mode = octal_mode(value);
  }
}

}  // namespace

std::optional<FactLine> read_fact_line(std::string_view line) {
  FactLine result;
  // A leading blank is what MLST has in front of its facts; where no facts follow, it says that there are
  // none.
  if (line.starts_with(' ')) {
    const auto parts = split(skip_blanks(line));
    if (!parts || !holds_facts(parts->facts)) {
      if (line.size() == 1) return std::nullopt;
      result.entry.name = line.substr(1);
      result.entry.size_in_doubt = true;
      return result;
    }
    line = skip_blanks(line);
  }
  const auto parts = split(line);
  if (!parts || !holds_facts(parts->facts)) return std::nullopt;
  std::string_view rest = parts->facts;
  bool in_target = false;
  while (!rest.empty()) {
    std::string_view value = cut(rest, ';');
    if (value.find('=') == value.npos) {
      // pure-ftpd writes a target as it is, with its semicolons.
      if (in_target) result.entry.link_target += ';' + std::string(value);
      if (!in_target && !value.empty()) result.bad_fact = true;
      continue;
    }
    const std::size_t target_before = result.entry.link_target.size();
    const std::string_view name = cut(value, '=');
    read_fact(trim(name), value, result);
    in_target = result.entry.link_target.size() > target_before;
  }
  result.entry.name = parts->name;
  result.entry.size_in_doubt = !result.typed && !result.entry.size;
  return result;
}

}  // namespace ftpfs::proto::listing
