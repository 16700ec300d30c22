// SPDX-License-Identifier: MIT
// What a proxy answers, to HTTP CONNECT and to SOCKS 5.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/net/http_tunnel.hpp>
#include <ftpfs/net/socks5.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::net;

void look_at_http(std::string_view text) {
  http::AnswerHead head;
  std::size_t fed = 0;
  while (fed < text.size() && !head.complete() && !head.broken()) head.feed(text[fed++]);
  check(fed <= http::AnswerHead::max_size);
  if (head.broken()) return;
  check(head.complete() || fed == text.size());
  if (head.complete()) check(head.status() >= 100 && head.status() <= 999);
}

void look_at_socks5(std::string_view text) {
  for (const bool login : {false, true}) {
    const auto method = socks5::chosen_method(text.substr(0, 2), login);
    check(method != socks5::Method::login || login);
  }
  socks5::login_accepted(text.substr(0, 2));
  const auto outcome = socks5::outcome(text.substr(0, 2));
  if (outcome) check(*outcome->words != '\0');
  if (text.size() < 2) return;
  const auto rest = socks5::remainder(text.substr(2, 3));
  if (rest) check(*rest >= 2 && *rest <= 257);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at_http(text);
  look_at_socks5(text);
  return 0;
}
