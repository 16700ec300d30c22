// SPDX-License-Identifier: MIT
// A certificate, in DER, as any server may show one, or a file of PEM text: what is told of it is safe to
// show, and its fingerprint leads back to it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/tls.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::net;

void check_safe(std::string_view text) {
  check(!text.empty());
  for (const unsigned char c : text) check(c >= 0x20 && c != 0x7F);
}

// A file that has no name, but a path.
int file() {
  static const int only = ::memfd_create("certificates", MFD_CLOEXEC);
  return only;
}

void read(std::string_view text) {
  check(::ftruncate(file(), 0) == 0);
  check(::pwrite(file(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  try {
    const auto found = read_certificates("/proc/self/fd/" + std::to_string(file()));
    check(!found.empty());
    for (const Certificate& one : found) {
      for (const std::string& each : {one.subject, one.issuer, one.not_before, one.not_after})
        check_safe(each);
      for (const std::string& name : one.names) check(name.empty() || (check_safe(name), true));
      check(parse_fingerprint("sha256:" + to_hex(one.fingerprint)) == one.fingerprint);
    }
  } catch (const ftpfs::Error& error) {
    check(error.code() > 0);
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      three = three << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) text += digits[three >> shift & 63];
    if (i % 48 == 45) text += '\n';
  }
  for (std::size_t missing = (3 - bytes.size() % 3) % 3, at = text.find_last_not_of('\n'); missing > 0;
       --missing)
    text[at--] = '=';
  return text + '\n';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read("-----BEGIN CERTIFICATE-----\n" + base64(bytes) + "-----END CERTIFICATE-----\n");
  return 0;
}
