// SPDX-License-Identifier: MIT
// What a service manager wants to hear from a service of Type=notify, sd_notify(3).
#pragma once

#include <string_view>

namespace ftpfs::cli {

// Sends `state` ("READY=1\nSTATUS=...") to $NOTIFY_SOCKET. Nothing where there is none; whoever listens there
// is not waited for, and a message that gets lost is none of our failures.
void notify_service(std::string_view state) noexcept;

}  // namespace ftpfs::cli
