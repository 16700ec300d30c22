// SPDX-License-Identifier: MIT
#include "probe.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

namespace ftpfs::ftp {
namespace {

constexpr std::string_view mark = ".ftpfs-probe-";

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string probe_name() {
  static std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{}{:020}", mark, random());
}

bool is_probe(std::string_view name) noexcept {
  const auto same = [](char left, char right) { return to_lower(left) == right; };
  return std::search(name.begin(), name.end(), mark.begin(), mark.end(), same) != name.end();
}

std::string child_path(std::string_view directory, std::string_view name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

}  // namespace ftpfs::ftp
