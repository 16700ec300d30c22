// SPDX-License-Identifier: MIT
#include "tls_failure.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace ftpfs::net {

std::string take_tls_error() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags);
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  if (reason == nullptr) return fmt::format("OpenSSL error {:x}", code);
  const bool more = (flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0';
  return more ? fmt::format("{} ({})", reason, data) : std::string(reason);
}

}  // namespace ftpfs::net
