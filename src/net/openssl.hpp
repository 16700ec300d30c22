// SPDX-License-Identifier: MIT
// OpenSSL's objects as owners.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ftpfs::net {

template <auto free_function>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};
template <class T, auto free_function>
using OpenSslPtr = std::unique_ptr<T, OpenSslFree<free_function>>;

using BioPtr = OpenSslPtr<BIO, BIO_free_all>;
using BioMethodPtr = OpenSslPtr<BIO_METHOD, BIO_meth_free>;
using KeyPtr = OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using SslPtr = OpenSslPtr<SSL, SSL_free>;
using SslContextPtr = OpenSslPtr<SSL_CTX, SSL_CTX_free>;
using SslSessionPtr = OpenSslPtr<SSL_SESSION, SSL_SESSION_free>;
using X509Ptr = OpenSslPtr<X509, X509_free>;

}  // namespace ftpfs::net
