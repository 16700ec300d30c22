// SPDX-License-Identifier: MIT
// A mount source, a proxy, and a command argument: refused, or free of everything that could become a second
// command.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <ftpfs/proto/command.hpp>
#include <ftpfs/proto/proxy_url.hpp>
#include <ftpfs/proto/url.hpp>

#include "check.hpp"

namespace {

bool one_line(const std::string& text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

void look_at_source(std::string_view text) {
  try {
    const auto target = ftpfs::proto::parse_source(text);
    check(!target.host.empty() && target.host.front() != '-');
    check(one_line(target.host) && one_line(target.directory));
    check(one_line(target.user.value_or("")) && one_line(target.password.value_or("")));
  } catch (const std::invalid_argument& error) {
    check(one_line(error.what()));
  }
}

void look_at_proxy(std::string_view text) {
  try {
    const auto proxy = ftpfs::proto::parse_proxy_url(text, ftpfs::proto::ProxyScheme::http);
    check(!proxy.host.empty() && proxy.host.front() != '-' && proxy.port != 0);
    check(one_line(proxy.host) && one_line(proxy.user) && one_line(proxy.password));
  } catch (const std::invalid_argument& error) {
    check(one_line(error.what()));
  }
}

void look_at_command(std::string_view text) {
  try {
    const std::string line = ftpfs::proto::format_command(ftpfs::proto::Verb::retr, text);
    check(line.size() >= 6 && line.ends_with("\r\n") && one_line(line.substr(0, line.size() - 2)));
  } catch (const std::invalid_argument&) {
    check(!one_line(std::string(text)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at_source(text);
  look_at_proxy(text);
  look_at_command(text);
  return 0;
}
