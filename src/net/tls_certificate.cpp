// SPDX-License-Identifier: MIT
#include "tls_certificate.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>

#include "tls_failure.hpp"

namespace ftpfs::net {
namespace {

std::string text_of(BIO& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  constexpr unsigned long readable = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(memory.get(), name, 0, readable);
  const std::string text = text_of(*memory);
  return text.empty() ? "(nobody)" : escaped(text);
}

std::string time_text(const ASN1_TIME* time) {
  std::tm fields{};
  char text[32] = "?";
  if (ASN1_TIME_to_tm(time, &fields) == 1) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &fields);
  return text;
}

std::string address_text(const ASN1_OCTET_STRING& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  const int size = ASN1_STRING_length(&address);
  if (size == 4) ::inet_ntop(AF_INET, ASN1_STRING_get0_data(&address), text, sizeof text);
  if (size == 16) ::inet_ntop(AF_INET6, ASN1_STRING_get0_data(&address), text, sizeof text);
  return text;
}

std::vector<std::string> alternative_names(const X509& certificate) {
  std::vector<std::string> found;
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      const ASN1_STRING* text = name->d.dNSName;
      found.push_back(escaped(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                               static_cast<std::size_t>(ASN1_STRING_length(text)))));
    } else if (name->type == GEN_IPADD) {
      found.push_back(address_text(*name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(names);
  return found;
}

}  // namespace

Fingerprint fingerprint(const X509& certificate) {
  Fingerprint digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  return digest;
}

std::string to_hex(const Fingerprint& fingerprint) {
  return fmt::format("{:02x}", fmt::join(fingerprint, ""));
}

std::optional<Fingerprint> parse_fingerprint(std::string_view text) {
  constexpr std::string_view prefix = "sha256:";
  if (text.size() > prefix.size() && ::strncasecmp(text.data(), prefix.data(), prefix.size()) == 0)
    text.remove_prefix(prefix.size());
  Fingerprint result{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ':' && digits % 2 == 0 && digits > 0) continue;
    const int value = OPENSSL_hexchar2int(static_cast<unsigned char>(c));
    if (value < 0 || digits == 2 * result.size()) return std::nullopt;
    result[digits / 2] = static_cast<std::uint8_t>(result[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 2 * result.size()) return std::nullopt;
  return result;
}

Certificate describe(const X509& certificate) {
  Certificate result;
  result.subject = name_text(X509_get_subject_name(&certificate));
  result.issuer = name_text(X509_get_issuer_name(&certificate));
  result.names = alternative_names(certificate);
  result.not_before = time_text(X509_get0_notBefore(&certificate));
  result.not_after = time_text(X509_get0_notAfter(&certificate));
  result.fingerprint = fingerprint(certificate);
  return result;
}

std::string introduction(const Certificate& certificate) {
  const std::string names =
      certificate.names.empty() ? std::string() : fmt::format(", for {}", fmt::join(certificate.names, " "));
  const std::string hex = to_hex(certificate.fingerprint);
  return fmt::format(
      "it is {}{}, issued by {}, valid from {} to {}, SHA-256 {}; if it is the right one: -o "
      "tls_pin=sha256:{}",
      certificate.subject, names, certificate.issuer, certificate.not_before, certificate.not_after, hex,
      hex);
}

std::vector<Certificate> read_certificates(const std::string& file) {
  const BioPtr input(BIO_new_file(file.c_str(), "r"));
  if (!input) {
    const int code = errno;
    ERR_clear_error();
    throw Error(code, file + ": " + std::strerror(code));
  }
  std::vector<Certificate> found;
  while (const X509Ptr certificate{PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr)})
    found.push_back(describe(*certificate));
  ERR_clear_error();  // the end of the file is an error, too
  if (found.empty()) throw Error(EINVAL, file + ": no certificate (PEM) in it");
  return found;
}

}  // namespace ftpfs::net
