// SPDX-License-Identifier: MIT
#include "tls_authorities.hpp"

#include <cstdlib>
#include <mutex>
#include <new>

#include <openssl/err.h>

namespace ftpfs::net {
namespace {

int begin(X509_LOOKUP* lookup) {
  auto* flag = new (std::nothrow) std::once_flag;
  return flag != nullptr ? X509_LOOKUP_set_method_data(lookup, flag) : 0;
}

void end(X509_LOOKUP* lookup) {
  delete static_cast<std::once_flag*>(X509_LOOKUP_get_method_data(lookup));
}

// Without such a file the directory is all there is; what is said about that must not be taken for the
// handshake's.
void read_file(X509_LOOKUP* lookup) {
  ERR_set_mark();
  const char* named = ::secure_getenv(X509_get_default_cert_file_env());
  X509_load_cert_crl_file(lookup, named != nullptr ? named : X509_get_default_cert_file(), X509_FILETYPE_PEM);
  ERR_pop_to_mark();
}

// OpenSSL asks here last, and for what its store has not got; on several threads at once.
int find_in_file(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
  std::call_once(*static_cast<std::once_flag*>(X509_LOOKUP_get_method_data(lookup)), read_file, lookup);
  X509_STORE* store = X509_LOOKUP_get_store(lookup);
  X509_STORE_lock(store);
  const X509_OBJECT* kept = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
  X509* certificate = kept != nullptr ? X509_OBJECT_get0_X509(kept) : nullptr;
  X509_STORE_unlock(store);
  if (certificate == nullptr || X509_OBJECT_set1_X509(found, certificate) != 1) return 0;
  // The caller counts its use itself, and the store keeps it as long as there is a caller.
  X509_free(certificate);
  return 1;
}

X509_LOOKUP_METHOD* file_when_needed() {
  static X509_LOOKUP_METHOD* const method = [] {
    X509_LOOKUP_METHOD* made = X509_LOOKUP_meth_new("a file that is read when needed");
    if (made == nullptr) return made;
    X509_LOOKUP_meth_set_new_item(made, begin);
    X509_LOOKUP_meth_set_free(made, end);
    X509_LOOKUP_meth_set_get_by_subject(made, find_in_file);
    return made;
  }();
  return method;
}

}  // namespace

bool trust_system(SSL_CTX& ssl) {
  if (SSL_CTX_set_default_verify_dir(&ssl) != 1) return false;
  X509_LOOKUP_METHOD* method = file_when_needed();
  return method != nullptr && X509_STORE_add_lookup(SSL_CTX_get_cert_store(&ssl), method) != nullptr;
}

}  // namespace ftpfs::net
