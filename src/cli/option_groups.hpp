// SPDX-License-Identifier: MIT
// Parts of the option table that have a file of their own.
#pragma once

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {

// One of a few words, or Error(EINVAL) that lists them.
template <class T, std::size_t n>
T choose(std::string_view value, const std::array<std::pair<std::string_view, T>, n>& choices) {
  std::string words;
  for (const auto& [word, meaning] : choices) {
    if (word == value) return meaning;
    words += (words.empty() ? "" : ", ") + std::string(word);
  }
  throw Error(EINVAL, "is one of: " + words);
}

std::vector<Option> connection_options();
std::vector<Option> file_options();
std::vector<Option> listing_options();
std::vector<Option> login_options();
std::vector<Option> tls_options();

}  // namespace ftpfs::cli
