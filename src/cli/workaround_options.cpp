// SPDX-License-Identifier: MIT
// What the user knows of a server better than we do. The words are sshfs's where it has one for the same;
// what else it has a word for does not arise with FTP.
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/spelling.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;
using ftp::Workarounds;

struct Workaround {
  Text name;
  void (*apply)(Workarounds&);
};

void need_nothing(Workarounds&) {}

void both_renames(Workarounds& w) {
  w.no_replacing = w.no_moving = true;
}

constexpr Workaround workarounds[] = {
    {"rename", [](Workarounds& w) { w.no_replacing = true; }},
    {"renamexdev", [](Workarounds& w) { w.no_moving = true; }},
    {"mdtm_set", [](Workarounds& w) { w.mdtm_sets_time = true; }},
    {"cwd_list", [](Workarounds& w) { w.list_by_walking = true; }},
    {"all", both_renames},  // of sshfs's
    {"none", [](Workarounds& w) { w = {}; }},
    // An upload always begins at its beginning.
    {"no_rest_stor", need_nothing},
    {"nodelay", need_nothing},
    {"nodelaysrv", need_nothing},
    {"truncate", need_nothing},
    {"buflimit", need_nothing},
    {"fstat", need_nothing},
    {"createmode", need_nothing},
};

[[noreturn]] void refuse_word(Text word) {
  std::vector<Text> known;
  for (const Workaround& one : workarounds) known.push_back(one.name);
  const Text meant = nearest(word, known);
  if (!meant.empty()) throw Error(EINVAL, fmt::format("does not know '{}'; did you mean '{}'?", word, meant));
  throw Error(EINVAL, fmt::format("is a list, with colons between, of: {}", fmt::join(known, ", ")));
}

// sshfs takes colons; a comma arrives here only where it was escaped.
void set_workarounds(S& s, Text value) {
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find_first_of(":,", begin), value.size());
    const Text word = value.substr(begin, end - begin);
    const auto* const found = std::ranges::find(workarounds, word, &Workaround::name);
    if (found == std::end(workarounds)) refuse_word(word);
    found->apply(s.ftp.workarounds);
    begin = end + 1;
  }
}

}  // namespace

std::vector<Option> workaround_options() {
  using enum Group;
  return {
      {server,
       "workaround",
       {},
       "LIST",
       "what is not found out: rename:renamexdev:mdtm_set:cwd_list",
       set_workarounds},
      {server,
       "writing_mdtm",
       {},
       "",
       "the same as workaround=mdtm_set",
       [](S& s, Text) { s.ftp.workarounds.mdtm_sets_time = true; }},
  };
}

}  // namespace ftpfs::cli
