// SPDX-License-Identifier: MIT
// What a certificate says, in words.
#pragma once

#include <string>

#include <ftpfs/net/tls.hpp>

#include "openssl.hpp"

namespace ftpfs::net {

Fingerprint fingerprint(const X509& certificate);
Certificate describe(const X509& certificate);
// "it is CN=..., for a.example and 192.0.2.1, issued by ..., valid from ... to ..., SHA-256 ...; if it is the
// right one: -o tls_pin=sha256:..."
std::string introduction(const Certificate& certificate);

}  // namespace ftpfs::net
