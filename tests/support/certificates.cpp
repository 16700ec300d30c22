// SPDX-License-Identifier: MIT
#include "support/certificates.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace ftpfs::test {
namespace {

// OpenSSL says 0, a negative number or nullptr when something failed.
[[noreturn]] void fail() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  throw std::runtime_error(text.data());
}

template <class T>
T* must(T* made) {
  if (made == nullptr) fail();
  return made;
}

void must(int result) {
  if (result <= 0) fail();
}

// What `write(BIO*)` writes.
template <class Write>
std::string text_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(must(BIO_new(BIO_s_mem())), &BIO_free_all);
  must(write(memory.get()));
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void set_serial(X509* certificate) {
  std::array<unsigned char, 8> random{};
  must(RAND_bytes(random.data(), random.size()));
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      must(BN_bin2bn(random.data(), random.size(), nullptr)), &BN_free);
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)));
}

void set_validity(X509* certificate, Subject::Validity validity) {
  constexpr long day = 86'400;
  const long middle = validity == Subject::Validity::now       ? 0
                      : validity == Subject::Validity::expired ? -10
                                                               : 10;
  must(X509_gmtime_adj(X509_getm_notBefore(certificate), (middle - 5) * day));
  must(X509_gmtime_adj(X509_getm_notAfter(certificate), (middle + 5) * day));
}

void add(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      must(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())), &X509_EXTENSION_free);
  must(X509_add_ext(certificate, extension.get(), -1));
}

std::string alternative_names(const Subject& subject) {
  std::string names;
  for (const std::string& name : subject.dns_names) names += ",DNS:" + name;
  for (const std::string& address : subject.addresses) names += ",IP:" + address;
  return names.empty() ? names : names.substr(1);
}

}  // namespace

Identity::Identity(const Subject& subject, const Identity* issuer, bool authority)
    : key_(must(EVP_EC_gen("P-256")), &EVP_PKEY_free), certificate_(must(X509_new()), &X509_free) {
  X509* certificate = certificate_.get();
  must(X509_set_version(certificate, X509_VERSION_3));
  set_serial(certificate);
  set_validity(certificate, subject.validity);
  must(X509_set_pubkey(certificate, key_.get()));
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>(subject.common_name.c_str());
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common_name, -1, -1, 0));
  X509* signer = issuer != nullptr ? issuer->certificate_.get() : certificate;
  must(X509_set_issuer_name(certificate, X509_get_subject_name(signer)));
  add_extensions(subject, issuer, authority);
  must(X509_sign(certificate, issuer != nullptr ? issuer->key_.get() : key_.get(), EVP_sha256()));
}

void Identity::add_extensions(const Subject& subject, const Identity* issuer, bool authority) {
  X509* certificate = certificate_.get();
  X509* signer = issuer != nullptr ? issuer->certificate_.get() : certificate;
  add(certificate, signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  add(certificate, signer, NID_subject_key_identifier, "hash");
  add(certificate, signer, NID_authority_key_identifier, "keyid:always");
  if (authority) {
    add(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add(certificate, signer, NID_ext_key_usage, subject.client ? "clientAuth" : "serverAuth");
  }
  const std::string names = alternative_names(subject);
  if (!names.empty()) add(certificate, signer, NID_subject_alt_name, names);
}

std::string Identity::certificate() const {
  return text_of([this](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

std::string Identity::key() const {
  return text_of([this](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string Identity::sha256() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  must(X509_digest(certificate_.get(), EVP_sha256(), digest.data(), &size));
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

Authority::Authority(const std::string& name) : identity_({.common_name = name}, nullptr, true) {}

Identity self_signed(const Subject& subject) {
  return {subject, nullptr, false};
}

}  // namespace ftpfs::test
