// SPDX-License-Identifier: MIT
#include "choice.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ftpfs::cli {

NotAChoice::NotAChoice(std::vector<std::string_view> choices)
    : Error(EINVAL, fmt::format("is one of: {}", fmt::join(choices, ", "))), choices_(std::move(choices)) {}

}  // namespace ftpfs::cli
