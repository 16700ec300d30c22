// SPDX-License-Identifier: MIT
// From an exception to what the kernel is told and what the log says: the one place where that is decided.
#pragma once

#include <exception>
#include <string>

#include <spdlog/common.h>

namespace ftpfs::fuse {

// Always an errno that the kernel accepts as a failed answer (1..511). `failure` must not be null.
int errno_of(const std::exception_ptr& failure) noexcept;

// Ordinary answers (ENOENT, EEXIST, EINTR...) are traced only; what means trouble is a warning.
spdlog::level::level_enum level_of(int code) noexcept;
// The same, but what the log was told already (ConnectionLost::told) is no news.
spdlog::level::level_enum level_of(const std::exception_ptr& failure, int code) noexcept;

// Our words, then the server's (escaped).
std::string describe(const std::exception_ptr& failure);

}  // namespace ftpfs::fuse
