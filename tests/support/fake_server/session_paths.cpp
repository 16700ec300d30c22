// SPDX-License-Identifier: MIT
// The tree as z/OS and OpenVMS spell it. Its root is where the log-in ends; no path goes above it.
#include <algorithm>
#include <cctype>

#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {
namespace {

constexpr std::string_view zos_home = "'JOE.";
constexpr std::string_view vms_home = "DISK$USER:[JOE";
constexpr auto nowhere = "/no such path";

std::string with_slashes(std::string_view parts) {
  std::string path(parts);
  std::ranges::replace(path, '.', '/');
  return path.empty() ? "/" : path;
}

std::string_view without_version(std::string_view name) {
  return name.substr(0, name.find(';'));
}

}  // namespace

std::string Session::foreign_path_of(std::string_view argument) const {
  if (argument.find('/') != std::string_view::npos) return nowhere;
  if (behaviour().paths == Behaviour::Paths::of_zos) {
    if (!argument.starts_with('\'')) return Tree::resolve(directory_, argument);
    if (!argument.starts_with(zos_home) || !argument.ends_with('\'')) return nowhere;
    argument.remove_prefix(zos_home.size());
    argument.remove_suffix(1);
    return "/" + std::string(argument);
  }
  const std::size_t bracket = argument.find('[');
  if (bracket == std::string_view::npos) return Tree::resolve(directory_, without_version(argument));
  if (!argument.ends_with(']')) return nowhere;
  argument.remove_suffix(1);
  if (argument.starts_with("[.")) return Tree::resolve(directory_, with_slashes(argument.substr(2)));
  if (!argument.starts_with(vms_home)) return nowhere;
  return with_slashes(argument.substr(vms_home.size()));
}

std::string Session::spelt_directory() const {
  std::string parts = directory_ == "/" ? "" : directory_.substr(1);
  std::ranges::replace(parts, '/', '.');
  switch (behaviour().paths) {
    case Behaviour::Paths::of_zos:
      return std::string(zos_home) + parts + "'";
    case Behaviour::Paths::of_vms:
      return std::string(vms_home) + (parts.empty() ? "" : "." + parts) + "]";
    default:
      return directory_;
  }
}

// A member's name, or a data set's: parts of eight letters, digits and national characters at most.
bool Session::takes_name(std::string_view path) const {
  if (behaviour().paths != Behaviour::Paths::of_zos) return true;
  std::string_view rest = Tree::name(path);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    const auto legal = [](unsigned char c) { return std::isalnum(c) || c == '#' || c == '@' || c == '$'; };
    if (part.empty() || part.size() > 8 || std::isdigit(static_cast<unsigned char>(part[0]))) return false;
    if (!std::ranges::all_of(part, legal)) return false;
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return true;
}

bool Session::takes_cwd(std::string_view argument) const {
  return !behaviour().cwd_wants_brackets || argument.ends_with(']');
}

}  // namespace ftpfs::test::fake
