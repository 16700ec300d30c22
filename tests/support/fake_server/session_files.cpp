// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "support/fake_server/listing.hpp"
#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {
namespace {

// "a b c" -> {"a", "b c"}
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {text, {}};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

constexpr auto absent = "No such file or directory.";

}  // namespace

std::string Session::size(const std::string& argument) {
  if (!behaviour().size) return "500 'SIZE': command not understood.";
  if (!binary_) return "550 SIZE not allowed in ASCII mode.";
  const Node* node = state_.tree.find(path_of(argument));
  if (node == nullptr) return refusal(absent);
  if (node->is_directory()) return refusal("Not a regular file.");
  return "213 " + std::to_string(node->content.size());
}

std::string Session::mdtm(const std::string& argument) {
  if (!behaviour().mdtm) return "500 'MDTM': command not understood.";
  const Node* node = state_.tree.find(path_of(argument));
  const auto local = [&](std::time_t time) {
    return behaviour().mdtm_is_local ? time + offset_at(time) : time;
  };
  if (node != nullptr && !node->is_directory()) return "213 " + timestamp(local(node->mtime));
  const auto [time, path] = split(argument);
  if (behaviour().mdtm_sets && node == nullptr && !path.empty())
    return set_mtime(time, path, "213 File time set.", behaviour().mdtm_is_local);
  return refusal(node == nullptr ? absent : "Not a regular file.");
}

std::string Session::mlst(const std::string& argument) {
  if (!behaviour().mlst) return "500 'MLST': command not understood.";
  const std::string path = path_of(argument);
  const Node* node = state_.tree.find_itself(path);
  if (node == nullptr) return refusal(absent);
  const std::string line =
      facts(*node, state_.tree.find(path), node->is_directory() ? "dir" : "file", behaviour());
  return "250-Listing " + argument + "\r\n " + line + path + "\r\n250 End.";
}

std::string Session::set_mtime(std::string_view time, std::string_view path, std::string_view success,
                               bool local) {
  std::optional<std::time_t> mtime = parse_timestamp(time);
  if (!mtime) return "501 Bad time.";
  Node* node = state_.tree.find(path_of(path));
  if (node == nullptr) return refusal(absent);
  if (local) *mtime -= offset_at(*mtime - offset_at(*mtime));
  if (behaviour().earliest_time) mtime = std::max(*mtime, *behaviour().earliest_time);
  if (!behaviour().forgets_times) node->mtime = *mtime;
  return std::string(success);
}

std::string Session::set_mode(std::string_view text, std::string_view path) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size()) return "501 Bad mode.";
  Node* node = state_.tree.find(path_of(path));
  if (node == nullptr) return refusal(absent);
  if (behaviour().chmod_opens && (node->mode & 0400) == 0)
    return "550 Could not change perms on " + std::string(path) + ": Permission denied";
  node->mode = mode;
  return "200 Mode changed.";
}

std::string Session::mfmt(const std::string& argument) {
  if (!behaviour().mfmt) return "500 'MFMT': command not understood.";
  const auto [time, path] = split(argument);
  return set_mtime(time, path, "213 Modify=" + std::string(time) + "; " + std::string(path));
}

// One fact only: "MFF modify=20200101000000; path".
std::string Session::mff(const std::string& argument) {
  if (!behaviour().mff) return "500 'MFF': command not understood.";
  const auto [fact, path] = split(argument);
  const std::size_t equals = fact.find('=');
  if (equals == std::string_view::npos || !fact.ends_with(';')) return "501 Bad fact.";
  const std::string_view value = fact.substr(equals + 1, fact.size() - equals - 2);
  const bool is_mode = fact.starts_with("UNIX.mode=");
  const std::string result = is_mode ? set_mode(value, path) : set_mtime(value, path, "200 Done.");
  return result.starts_with("200") ? "213 " + std::string(fact) + " " + std::string(path) : result;
}

std::string Session::site(const std::string& argument) {
  const auto [command, rest] = split(argument);
  const auto [value, path] = split(rest);
  if (command == "CHMOD" && behaviour().site_chmod) return set_mode(value, path);
  if (command == "SYMLINK" && behaviour().site_symlink) return site_symlink(value, path);
  if (command == "QUOTA" && !behaviour().site_quota.empty()) return behaviour().site_quota;
  if (command == "UTIME" && rest.ends_with(" UTC")) return site_utime_utc(rest);
  if (command == "UTIME" && behaviour().site_utime)
    return set_mtime(value, path, "200 Done.", behaviour().site_utime_is_local);
  return "504 SITE command not understood.";
}

std::string Session::site_symlink(std::string_view target, std::string_view link) {
  const std::string path = path_of(link);
  if (!state_.tree.exists(path_of(target))) return "550 SYMLINK: No such file or directory";
  if (state_.tree.exists(path)) return "550 SYMLINK: File exists";
  if (!state_.tree.exists(Tree::parent(path))) return "550 SYMLINK: No such file or directory";
  state_.tree.symlink(path, path_of(target));
  return "200 SITE SYMLINK command successful";
}

std::string Session::avbl(const std::string&) {
  if (!behaviour().avbl) return "500 'AVBL': command not understood.";
  return "213 " + std::to_string(*behaviour().avbl);
}

std::string Session::xquota(const std::string&) {
  return behaviour().xquota.empty() ? "500 'XQUOTA': command not understood." : behaviour().xquota;
}

// "path atime mtime ctime UTC"
std::string Session::site_utime_utc(std::string_view rest) {
  constexpr std::size_t tail = 3 * 15 + 4;
  if (!behaviour().site_utime_utc || rest.size() <= tail) return "501 Syntax error.";
  const std::size_t size = rest.size() - tail;
  return set_mtime(rest.substr(size + 16, 14), rest.substr(0, size), "200 Done.");
}

std::string Session::dele(const std::string& argument) {
  const std::string path = path_of(argument);
  const Node* node = state_.tree.find_itself(path);
  if (node == nullptr) return refusal(absent);
  if (node->is_directory()) return refusal("Is a directory.");
  state_.tree.take(path);
  return "250 File removed.";
}

std::string Session::mkd(const std::string& argument) {
  const std::string path = path_to_make(argument);
  if (!takes_name(path)) return "501 Invalid data set name. Use MVS Dsname conventions.";
  if (state_.tree.exists(path)) return refusal("File exists.");
  const Node* parent = state_.tree.find(Tree::parent(path));
  if (parent == nullptr) return refusal(absent);
  if (!parent->is_directory()) return refusal("Not a directory.");
  state_.tree.directory(path);
  return "257 \"" + path + "\" created.";
}

std::string Session::rmd(const std::string& argument) {
  const std::string path = path_of(argument);
  const Node* node = state_.tree.find_itself(path);
  if (node == nullptr) return refusal(absent);
  if (!node->is_directory()) return refusal("Not a directory.");
  if (!node->children.empty()) return refusal("Directory not empty.");
  state_.tree.take(path);
  return "250 Directory removed.";
}

std::string Session::rnfr(const std::string& argument) {
  const std::string path = path_of(argument);
  if (!state_.tree.exists(path)) return refusal(absent);
  rename_from_ = path;
  return "350 Ready for RNTO.";
}

std::string Session::rnto(const std::string& argument) {
  if (rename_from_.empty()) return "503 Bad sequence of commands: use RNFR first.";
  std::string path = path_to_make(argument);
  if (!takes_name(path)) return "501 Invalid data set name. Use MVS Dsname conventions.";
  if (path == rename_from_ && behaviour().refuses_case_change) return refusal("File exists.");
  if (path == rename_from_) path = Tree::resolve(directory_, argument);  // its case changes
  const Node* target = state_.tree.find_itself(path);
  if (target != nullptr && path != rename_from_) {
    if (behaviour().rename_lies) return "250 Renamed.";
    if (!behaviour().rename_replaces) return refusal("Rename permission denied.");
    if (target->is_directory() && !target->children.empty()) return refusal("Directory not empty.");
  }
  const Node* parent = state_.tree.find(Tree::parent(path));
  if (parent == nullptr || !parent->is_directory()) return refusal(absent);
  auto node = state_.tree.take(rename_from_);
  if (node == nullptr) return refusal(absent);  // another session was quicker
  state_.tree.put(path, std::move(node));
  return "250 Renamed.";
}

}  // namespace ftpfs::test::fake
