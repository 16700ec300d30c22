// SPDX-License-Identifier: MIT
// Values that are one of a few words.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <ftpfs/base/error.hpp>

namespace ftpfs::cli {

// What choose() throws.
class NotAChoice final : public Error {
 public:
  explicit NotAChoice(std::vector<std::string_view> choices);

  const std::vector<std::string_view>& choices() const noexcept { return choices_; }

 private:
  std::vector<std::string_view> choices_;
};

// One of a few words, or NotAChoice that lists them.
template <class T, std::size_t n>
T choose(std::string_view value, const std::array<std::pair<std::string_view, T>, n>& choices) {
  std::vector<std::string_view> words;
  for (const auto& [word, meaning] : choices) {
    if (word == value) return meaning;
    words.push_back(word);
  }
  throw NotAChoice(std::move(words));
}

}  // namespace ftpfs::cli
