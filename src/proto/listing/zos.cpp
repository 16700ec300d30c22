// SPDX-License-Identifier: MIT
// IBM z/OS (MVS): data sets, members of partitioned data sets and load libraries, jobs. Sizes are tracks,
// lines or nothing, never bytes, except in load libraries. A partitioned data set (PO) is a directory of
// members.
#include <algorithm>

#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

// Data set and member names: upper case, digits, national characters; parts joined by dots.
bool is_name(std::string_view text) noexcept {
  const auto legal = [](char c) {
    return is_upper(c) || is_digit(c) || std::string_view("#@$.-_").find(c) != std::string_view::npos;
  };
  return std::all_of(text.begin(), text.end(), legal) && std::any_of(text.begin(), text.end(), is_upper);
}

bool starts_with(const Fields& fields, std::initializer_list<std::string_view> words) noexcept {
  std::size_t i = 0;
  return std::all_of(words.begin(), words.end(), [&](std::string_view word) { return fields[i++] == word; });
}

bool is_heading(const Fields& fields) noexcept {
  return starts_with(fields, {"Volume", "Unit"}) || starts_with(fields, {"Volume", "Referred"}) ||
         starts_with(fields, {"Name", "VV.MM"}) || starts_with(fields, {"Name", "Size", "TTR"}) ||
         starts_with(fields, {"JOBNAME", "JOBID"});
}

std::string_view last(const Fields& fields, std::size_t from_end = 1) noexcept {
  return fields.size() >= from_end ? fields[fields.size() - from_end] : std::string_view();
}

ListedLine file(std::string_view name) {
  ListedLine entry;
  entry.kind = ListedKind::file;
  entry.name = name;
  return entry;
}

bool is_partitioned(std::string_view organization) noexcept {
  return organization == "PO" || organization == "PO-E" || organization == "POE" || organization == "POU";
}

// What the catalogue knows without a volume: the line may hold no more than this word and the name.
bool is_in_catalogue_only(std::string_view text) noexcept {
  return text == "GDG" || text == "VSAM" || text == "PATH" || text == "AIX";
}

bool is_organization(std::string_view text) noexcept {
  return is_partitioned(text) || is_in_catalogue_only(text) || text == "PS" || text == "PS-E" ||
         text == "PSU" || text == "PS-L" || text == "DA" || text == "DAU" || text == "IS" || text == "VS" ||
         text == "HFS" || text == "ZFS";
}

// The base of a generation data group is a prefix of its generations' names: CWD and LIST show them.
bool is_directory(std::string_view organization) noexcept {
  return is_partitioned(organization) || organization == "GDG";
}

// Behind volume and unit, either of which may be left out.
std::optional<DateTime> date_referred(const Fields& fields) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (auto date = numeric_date(fields[i], DateOrder::year_first)) return date;
  }
  return std::nullopt;
}

// What stands in place of the columns when the catalogue knows a data set but its volume was not looked at.
bool has_no_columns(const Fields& fields) noexcept {
  return starts_with(fields, {"Migrated"}) || starts_with(fields, {"Pseudo", "Directory"}) ||
         starts_with(fields, {"Error", "determining", "attributes"}) ||
         (fields[1] == "Error" && fields[2] == "determining" && fields[3] == "attributes") ||
         starts_with(fields, {"User", "catalog"}) ||
         (fields[1] == "Not" && fields[2] == "Direct" && fields[3] == "Access") ||
         (fields[1] == "Not" && fields[2] == "Mounted") || (fields.size() == 3 && fields[1] == "Tape");
}

}  // namespace

// "VOLUME UNIT  REFERRED EXT USED RECFM LRECL BLKSZ DSORG DSNAME"
Reading read_zos_data_set(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_heading(fields)) return Nothing();
  if (fields.size() < 2) return Foreign();
  ListedLine entry = file(last(fields));
  if (has_no_columns(fields)) {
    if (starts_with(fields, {"Pseudo"})) entry.kind = ListedKind::directory;
    return entry;
  }
  const std::string_view organization = last(fields, 2);
  entry.time = date_referred(fields);
  const bool columns =
      fields.size() >= 4 && is_organization(organization) && (is_name(fields[0]) || entry.time);
  const bool bare =
      is_in_catalogue_only(fields[0]) || (fields.size() == 3 && is_in_catalogue_only(fields[1]));
  if (!columns && !(bare && is_name(entry.name))) return Foreign();
  const bool group = is_directory(organization) || fields[0] == "GDG";
  if (group) entry.kind = ListedKind::directory;
  return entry;
}

// "MEMBER  VV.MM CREATED CHANGED-DATE TIME SIZE INIT MOD ID" with ISPF statistics;
// "MEMBER  SIZE TTR ALIAS-OF AC ATTRIBUTES AMODE RMODE" in a load library, the size in hexadecimal bytes.
Reading read_zos_member(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_heading(fields)) return Nothing();
  if (fields.size() < 3 || !is_name(fields[0])) return Foreign();
  ListedLine entry = file(fields[0]);
  const std::string_view version = fields[1];
  if (version.size() == 5 && version[2] == '.' && all_digits(version.substr(0, 2)) &&
      all_digits(version.substr(3))) {
    entry.time = numeric_date(fields[3], DateOrder::year_first);
    if (!entry.time || !read_clock(fields[4], *entry.time)) return Foreign();
    return entry;
  }
  const auto is_hexadecimal = [](std::string_view text, std::size_t digits) {
    return text.size() == digits && to_number<std::uint32_t>(text, 16).has_value();
  };
  if (fields.size() < 4 || !is_hexadecimal(version, 6) || !is_hexadecimal(fields[2], 6)) return Foreign();
  entry.size = to_number<std::uint64_t>(version, 16);
  return entry;
}

namespace {

// Where a single job is listed, its steps and spool files follow, which cannot be fetched by a name of their
// own:
// "--------", "ID STEPNAME PROCSTEP C DDNAME BYTE-COUNT", "001 JESE H JESMSGLG 1200", "3 spool files".
bool is_about_one_job(const Fields& fields) noexcept {
  if (fields.size() == 1) return fields[0] == "--------";
  if (starts_with(fields, {"ID", "STEPNAME"}) || fields[0] == "STEPNAME" || fields[0] == "CPUTIME")
    return true;
  if (!all_digits(fields[0])) return false;
  if (fields.size() == 3) return fields[1] == "spool" && fields[2].starts_with("file");
  return fields[0].size() == 3 && fields.size() >= 4 && is_name(fields[1]) && is_name(last(fields, 2)) &&
         all_digits(last(fields));
}

}  // namespace

// "JOBNAME  JOBID  [OWNER]  STATUS ..." of the JES interface, levels 1 and 2. A job is fetched by its id.
Reading read_zos_job(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_heading(fields) || is_about_one_job(fields)) return Nothing();
  const std::string_view id = fields[1];
  const std::size_t letters = id.starts_with("JOB") || id.starts_with("TSU") || id.starts_with("STC") ? 3 : 1;
  if (fields.size() < 3 || !is_name(fields[0]) || id.size() < 5 || !all_digits(id.substr(letters)))
    return Foreign();
  if (letters == 1 && id[0] != 'J' && id[0] != 'T' && id[0] != 'S') return Foreign();
  return file(id);
}

// A member without statistics, and nothing else on the line.
Reading read_zos_bare_name(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (fields.size() != 1 || !is_name(fields[0])) return Foreign();
  return file(fields[0]);
}

}  // namespace ftpfs::proto::listing
