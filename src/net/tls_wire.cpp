// SPDX-License-Identifier: MIT
#include "tls_wire.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace ftpfs::net {
namespace {

TlsWire& wire_of(BIO* bio) {
  return *static_cast<TlsWire*>(BIO_get_data(bio));
}

int read(BIO* bio, char* into, std::size_t size, std::size_t* taken) {
  TlsWire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  *taken = std::min(size, wire.incoming.size());
  if (*taken == 0) {
    if (!wire.ended) BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, wire.incoming.data(), *taken);
  wire.incoming = wire.incoming.subspan(*taken);
  return 1;
}

int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  std::vector<std::byte>& outgoing = wire_of(bio).outgoing;
  BIO_clear_retry_flags(bio);
  *written = 0;
  try {
    const auto* from = reinterpret_cast<const std::byte*>(bytes);
    outgoing.insert(outgoing.end(), from, from + size);
  } catch (const std::bad_alloc&) {
    return 0;  // no exception may cross OpenSSL
  }
  *written = size;
  return 1;
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return wire_of(bio).ended && wire_of(bio).incoming.empty();
  return 0;
}

const BIO_METHOD* method() {
  static const BioMethodPtr wire_method = [] {
    BioMethodPtr made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ftpfs wire"));
    if (!made) throw std::bad_alloc();
    BIO_meth_set_read_ex(made.get(), read);
    BIO_meth_set_write_ex(made.get(), write);
    BIO_meth_set_ctrl(made.get(), control);
    return made;
  }();
  return wire_method.get();
}

}  // namespace

BioPtr make_bio(TlsWire& wire) {
  BioPtr bio(BIO_new(method()));
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio.get(), &wire);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace ftpfs::net
