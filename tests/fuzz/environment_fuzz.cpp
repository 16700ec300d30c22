// SPDX-License-Identifier: MIT
// The proxy that the environment names, a record each: a URL, no_proxy, the server's host, who logs in there,
// with which password. It is a proxy or is refused; its password is in no complaint and not in the
// environment any more.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <stdlib.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/proxy.hpp>

#include "check.hpp"
#include "records.hpp"

namespace {

using namespace ftpfs::cli;

constexpr std::string_view secret = "S3CRET";

// In memory of ours: what setenv(3) copies is never freed.
class Variable {
 public:
  Variable(const std::string& name, std::string_view value) : name_(name), text_(name + "=") {
    text_ += value.substr(0, value.find('\0'));
    check(::putenv(text_.data()) == 0);
  }
  ~Variable() { ::unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  bool taken() const {
    return std::getenv(name_.c_str()) == nullptr && text_.find(secret) == std::string::npos;
  }

 private:
  std::string name_;
  std::string text_;
};

void check_proxy(const Settings& settings) {
  check(!settings.proxy.url);
  check(!settings.tunnel || !settings.ftp.proxy);
  if (settings.tunnel) check(!settings.tunnel->where.host.empty() && settings.tunnel->where.port != 0);
  if (settings.ftp.proxy) {
    check(settings.ftp.tls == ftpfs::ftp::TlsMode::off);
    check(!settings.ftp.proxy->where.host.empty() && settings.ftp.proxy->where.port != 0);
  }
}

void settle(const std::string& url, std::string_view exempt, const Settings& before) {
  const Variable proxy("all_proxy", url);
  const Variable none("no_proxy", exempt);
  const Variable password("FTPFS_PROXY_PASSWORD", secret);
  Settings settings = before;
  try {
    settle_proxy(settings);
    check_proxy(settings);
    check(!is_exempt(exempt, settings.ftp.host) || (!settings.tunnel && !settings.ftp.proxy));
    check(!settings.tunnel || password.taken());
  } catch (const Failure& failure) {
    check(failure.status() == ExitStatus::usage);
    check(std::string_view(failure.what()).find(secret) == std::string_view::npos);
  }
  check(proxy.taken());
}

// A list covers what one of its items covers, and nothing else.
void look_at_exempt(std::string_view list, std::string_view host) {
  bool any = false;
  std::string item;
  for (const char c : std::string(list) + ',') {
    if (c == ',' || c == ' ') {
      any |= is_exempt(item, host);
      item.clear();
    } else {
      item += c;
    }
  }
  check(is_exempt(list, host) == any);
  check(is_exempt("*", host) && !is_exempt("", host));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(secret) != text.npos) return 0;
  ftpfs::fuzz::Records parts(text);
  const std::string url(parts.take());
  std::string_view exempt = parts.take();
  exempt = exempt.substr(0, exempt.find('\0'));  // as the environment holds it
  Settings settings;
  settings.ftp.host = parts.take();
  const std::string user(parts.take());
  settle(url, exempt, settings);
  // The same with a log-in: `socks5://USER:PASSWORD@HOST`; and where that does not belong.
  const std::string login = user + ":" + std::string(secret) + "@";
  const std::size_t scheme = url.find("://");
  settle(std::string(url).insert(scheme == url.npos ? 0 : scheme + 3, login), exempt, settings);
  settle(login + url, exempt, settings);
  settings.ftp.tls = ftpfs::ftp::TlsMode::require;
  settings.ftp.active.on = true;
  settle(url, exempt, settings);
  look_at_exempt(exempt, settings.ftp.host);
  return 0;
}
