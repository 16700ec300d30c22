// SPDX-License-Identifier: MIT
// A command line, an argument a record; the first says who calls: `m` mount(8), anything else a person.
// Options as fstab holds them are one of the arguments. They are refused by one line, or they make settings
// within their bounds, and no password can be read in what is left of the command line for others to see.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/mask.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/proto/proxy_url.hpp>
#include <ftpfs/proto/url.hpp>

#include "check.hpp"
#include "records.hpp"

namespace {

using namespace ftpfs::cli;
using Arguments = std::vector<std::string>;

// Some options read the file that they name, and the fuzzer would find those that never end.
bool names_a_device(std::string_view text) {
  for (const std::string_view folder : {"/dev", "/proc", "/sys"}) {
    if (text.find(folder) != text.npos) return true;
  }
  return false;
}

Arguments arguments_of(ftpfs::fuzz::Records& records) {
  constexpr std::size_t most = 50;
  Arguments arguments;
  while (!records.rest().empty() && arguments.size() < most) {
    const std::string_view one = records.take();
    arguments.emplace_back(one.substr(0, one.find('\0')));  // as the kernel hands them over
  }
  return arguments;
}

void check_failure(const Failure& failure) {
  const std::string line = failure_line("", failure);
  check(line.starts_with("ftpfs: ") && line.size() > 7 && line.find('\n') == line.npos);
}

void check_bounds(const Settings& settings) {
  using std::chrono::milliseconds;
  const ftpfs::ftp::FtpConfig& ftp = settings.ftp;
  check(settings.port.value_or(1) != 0);
  check(!ftp.max_conns || (*ftp.max_conns >= 1 && *ftp.max_conns <= 64));
  for (const milliseconds time : {ftp.timeout, ftp.connect_timeout, ftp.idle_timeout, ftp.keepalive})
    check(time >= milliseconds::zero() && time <= milliseconds(100'000'000'000));
  check(ftp.active.first_port <= ftp.active.last_port);
  check(((settings.vfs.file_mask | settings.vfs.directory_mask) & ~0777) == 0);
  check(settings.vfs.cache_bytes >= 1u << 20);
  check(settings.log_level >= spdlog::level::trace && settings.log_level <= spdlog::level::err);
}

void check_completed(Settings settings) {
  try {
    complete(settings);
    check(!settings.ftp.host.empty() && settings.ftp.host.front() != '-');
    check(settings.ftp.port != 0 && settings.source.empty());
    check(settings.ftp.timeout > std::chrono::milliseconds::zero());
    check(mount_name(settings.ftp).find_first_of(std::string_view("\r\n\t\x1b", 4)) == std::string::npos);
  } catch (const Failure& failure) {
    check_failure(failure);
  }
}

// The same arguments as others see them; in each place as much as there was, and behind its end nothing.
Arguments shown(const Arguments& arguments) {
  Arguments left = arguments;
  std::string name = "ftpfs";
  std::vector<char*> argv{name.data()};
  for (std::string& one : left) argv.push_back(one.data());
  argv.push_back(nullptr);
  hide_secrets(static_cast<int>(argv.size() - 1), argv.data());
  for (std::string& one : left) {
    const std::string_view whole(one);
    const std::size_t end = std::min(whole.find('\0'), whole.size());
    check(whole.find_first_not_of('\0', end) == whole.npos);
    one.resize(end);
  }
  return left;
}

std::string password_of(const std::optional<std::string>& proxy) {
  try {
    return proxy ? ftpfs::proto::parse_proxy_url(*proxy, ftpfs::proto::ProxyScheme::http).password : "";
  } catch (const std::invalid_argument&) {
    return "";
  }
}

std::string password_in(const std::string& source) {
  try {
    return ftpfs::proto::parse_source(source).password.value_or("");
  } catch (const std::invalid_argument&) {
    return "";
  }
}

// Whoever reads what is left as the program does finds no secret in it.
void check_hidden(const Arguments& arguments, Invocation invocation) {
  const auto hidden = [](const std::string& secret) { return secret.empty() || secret == "*"; };
  const Arguments left = shown(arguments);
  try {
    const Settings seen = parse_arguments(left, invocation);
    check(hidden(seen.password.value_or("")));
    check(hidden(seen.ftp.account));
    check(hidden(seen.proxy.password));
    check(hidden(password_of(seen.proxy.url)));
    if (seen.action == Settings::Action::mount || seen.action == Settings::Action::check)
      check(hidden(password_in(seen.source)));
  } catch (const Failure&) {  // more was hidden than had to be
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (names_a_device(text)) return 0;
  ftpfs::fuzz::Records records(text);
  const Invocation invocation = records.take() == "m" ? Invocation::mount_helper : Invocation::command;
  const Arguments arguments = arguments_of(records);
  check_hidden(arguments, invocation);
  try {
    const Settings settings = parse_arguments(arguments, invocation);
    check_bounds(settings);
    check_completed(settings);
  } catch (const Failure& failure) {
    check(failure.status() == ExitStatus::usage);
    check_failure(failure);
  }
  return 0;
}
