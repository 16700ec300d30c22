// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/amounts.hpp>
#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/enquiry.hpp>
#include <ftpfs/cli/list.hpp>
#include <ftpfs/cli/locate.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;
using State = ListedMount::State;

constexpr std::chrono::seconds time_for_all{2};  // for all of them together

// The kernel shows who mounted: user_id=1000.
std::string user_of(const fuse::MountEntry& mount) {
  constexpr std::string_view name = "user_id=";
  const std::size_t at = ("," + mount.options).find("," + std::string(name));
  if (at == std::string::npos) return "";
  const std::string_view rest = std::string_view(mount.options).substr(at + name.size());
  const std::string number(rest.substr(0, rest.find(',')));
  uid_t uid = 0;
  std::from_chars(number.data(), number.data() + number.size(), uid);
  const ::passwd* const user = ::getpwuid(uid);
  return user ? user->pw_name : number;
}

State state_of(const Heard& heard) {
  if (heard.what == Heard::What::answer) return State::alive;
  if (heard.what == Heard::What::silence) return State::silent;
  if (heard.code == EACCES || heard.code == EPERM) return State::foreign;
  return heard.code == ENOTTY ? State::older : State::dead;
}

std::string_view name_of(State state) {
  constexpr std::string_view names[] = {"alive", "dead", "not answering", "not yours", "older version"};
  return names[static_cast<std::size_t>(state)];
}

std::string shown(const ListedMount& mount) {
  std::string text(name_of(mount.state));
  if (mount.unsent_files > 0)
    text += fmt::format(", {} ({}) to be sent", count_text(mount.unsent_files, "file", "files"),
                        bytes_text(mount.unsent_bytes));
  if (mount.errors > 0) text += ", " + count_text(mount.errors, "error", "errors");
  return text;
}

std::string painted(const ListedMount& mount, const Paint& paint) {
  const bool fine = mount.state == State::alive && mount.errors == 0;
  if (fine) return mount.unsent_files > 0 ? paint.warning(shown(mount)) : paint.good(shown(mount));
  const bool bad = mount.state == State::dead || mount.state == State::silent || mount.errors > 0;
  return bad ? paint.bad(shown(mount)) : paint.warning(shown(mount));
}

}  // namespace

ListedMount listed(const fuse::MountEntry& mount, const Heard& heard) {
  ListedMount one{mount.mountpoint, mount.source, user_of(mount), state_of(heard)};
  if (one.state != State::alive) return one;
  try {
    const json status = parse_answer(heard.text);
    one.unsent_files = number(at(status, "queue"), "files");
    one.unsent_bytes = number(at(status, "queue"), "bytes");
    one.errors = list_at(status, "errors").size();
  } catch (const Failure&) {  // whatever that is: the others are listed all the same
    one.state = State::older;
  }
  return one;
}

std::string list_text(const std::vector<ListedMount>& mounts, const Paint& paint) {
  std::size_t where = 0, what = 0, who = 0;
  for (const ListedMount& each : mounts) {
    where = std::max(where, escaped(each.mountpoint).size());
    what = std::max(what, escaped(each.source).size());
    who = std::max(who, escaped(each.user).size());
  }
  std::string text;
  for (const ListedMount& each : mounts)
    text += fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", escaped(each.mountpoint), where, escaped(each.source),
                        what, escaped(each.user), who, painted(each, paint));
  return text;
}

std::string list_json(const std::vector<ListedMount>& mounts) {
  json all = json::array();
  for (const ListedMount& each : mounts) {
    json one{{"mountpoint", each.mountpoint},
             {"source", each.source},
             {"user", each.user},
             {"state", std::string(name_of(each.state))}};
    if (each.state == State::alive) {
      one["unsent_files"] = each.unsent_files;
      one["unsent_bytes"] = each.unsent_bytes;
      one["errors"] = each.errors;
    }
    all.push_back(std::move(one));
  }
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

ExitStatus list(const Settings& settings) {
  const std::vector<fuse::MountEntry> mounts = ftpfs_mounts();
  std::vector<Enquiry> enquiries;
  enquiries.reserve(mounts.size());
  for (const fuse::MountEntry& mount : mounts) enquiries.emplace_back(mount.mountpoint, "status");
  const auto deadline = std::chrono::steady_clock::now() + time_for_all;
  std::vector<ListedMount> found;
  for (std::size_t i = 0; i < mounts.size(); ++i)
    found.push_back(listed(mounts[i], enquiries[i].heard_by(deadline)));
  fmt::print("{}", settings.json ? list_json(found) : list_text(found, Paint(STDOUT_FILENO)));
  return ExitStatus::success;
}

}  // namespace ftpfs::cli
