// SPDX-License-Identifier: MIT
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <ftpfs/net/tls.hpp>

#include "openssl.hpp"

namespace ftpfs::net {
namespace {

// PEM says so on the line where the key begins, or on the next (RFC 1421, of old).
bool says_encrypted(BIO& file) {
  char line[256];
  while (BIO_gets(&file, line, sizeof line) > 0) {
    const std::string_view text(line);
    if (text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY")) return true;
    if (text.starts_with("Proc-Type:") && text.find("ENCRYPTED") != text.npos) return true;
  }
  return false;
}

// PKCS#12 without a password has one that is empty, or none: programs differ.
bool is_locked_bundle(BIO& file) {
  const OpenSslPtr<PKCS12, PKCS12_free> bundle(d2i_PKCS12_bio(&file, nullptr));
  return bundle && PKCS12_mac_present(bundle.get()) == 1 && PKCS12_verify_mac(bundle.get(), "", 0) != 1 &&
         PKCS12_verify_mac(bundle.get(), nullptr, 0) != 1;
}

}  // namespace

bool key_is_encrypted(const std::string& file) {
  const BioPtr input(BIO_new_file(file.c_str(), "rb"));
  const bool encrypted =
      input && (says_encrypted(*input) || (BIO_seek(input.get(), 0) == 0 && is_locked_bundle(*input)));
  ERR_clear_error();
  return encrypted;
}

}  // namespace ftpfs::net
