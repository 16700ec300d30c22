// SPDX-License-Identifier: MIT
// The one place where OpenSSL's error queue becomes words.
#pragma once

#include <string>

namespace ftpfs::net {

// The first error of the queue (the cause), which is empty afterwards; "" if there was none.
std::string take_tls_error();

}  // namespace ftpfs::net
