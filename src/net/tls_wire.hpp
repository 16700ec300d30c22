// SPDX-License-Identifier: MIT
// OpenSSL's view of the network: bytes that have come and were not taken yet, bytes that are to go. A BIO of
// our own over two buffers, so that OpenSSL never does I/O and every wait is ours.
#pragma once

#include <cstddef>
#include <vector>

#include <ftpfs/base/bytes.hpp>

#include "openssl.hpp"

namespace ftpfs::net {

struct TlsWire {
  Bytes incoming;
  bool ended = false;  // nothing will follow `incoming`
  std::vector<std::byte> outgoing;
};

// `wire` must outlive the BIO. Throws std::bad_alloc.
BioPtr make_bio(TlsWire& wire);

}  // namespace ftpfs::net
