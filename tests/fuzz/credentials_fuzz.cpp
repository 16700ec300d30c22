// SPDX-License-Identifier: MIT
// Files of secrets: credentials= and ~/.netrc. What is written into them comes out of them, and what they
// hold is in no complaint.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/cli/credentials.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/netrc.hpp>

#include "check.hpp"
#include "records.hpp"

namespace {

using namespace ftpfs::cli;

constexpr std::string_view secret = "S3CRET";

void check_complaint(const Failure& failure) {
  const std::string_view text = failure.what();
  check(failure.status() == ExitStatus::usage);
  check(text.starts_with("FILE, line "));
  check(text.find('\n') == text.npos && text.find('\x1b') == text.npos);
  check(text.find(secret) == text.npos);
}

// A value ends with its line, and a line may end in CR LF.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  while (line.ends_with('\r')) line.pop_back();
  return line;
}

void read_credentials(std::string_view text) {
  try {
    const Credentials found = parse_credentials(text, "FILE");
    for (const auto& field : {found.username, found.password, found.account, found.key_password,
                              found.proxy_username, found.proxy_password}) {
      if (field) check(text.find(*field) != text.npos && field->find('\n') == field->npos);
    }
  } catch (const Failure& failure) {
    check(failure.status() == ExitStatus::usage);
  }
}

// The secret is a value, under whatever name, before or behind anything else.
void write_credentials(std::string_view input) {
  ftpfs::fuzz::Records parts(input);
  const std::string user = one_line(parts.take());
  const std::string name = one_line(parts.take());
  const std::string before = one_line(parts.take());
  const std::string text = "username=" + user + "\npassword=" + std::string(secret) + "\r\n" + before + "\n" +
                           (name.find('=') == name.npos ? name + "=" : "") + std::string(secret) + "\n" +
                           std::string(parts.rest());
  try {
    static_cast<void>(parse_credentials(text, "FILE"));
  } catch (const Failure& failure) {
    check_complaint(failure);
  }
  const std::string plain = "username=" + user + "\r\npassword=" + before + "\n\n# " + name + "\n";
  const Credentials found = parse_credentials(plain, "FILE");
  check(found.username == user && found.password == before && !found.account && !found.key_password);
}

void read_netrc(std::string_view text) {
  const auto any = find_netrc_entry(text, "host", std::nullopt);
  if (any) {
    const auto same = find_netrc_entry(text, "host", any->login);
    check(same && same->login == any->login && same->password == any->password &&
          same->account == any->account);
  }
  const auto other = find_netrc_entry(text, "host", "joe");
  if (other) check(other->login == "joe" && any);
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void write_netrc(std::string_view input) {
  ftpfs::fuzz::Records parts(input);
  const std::string login(parts.take());
  const std::string password(parts.take());
  const std::string account(parts.take());
  const std::string entry = " login " + in_quotes(login) + "\n\tpassword " + in_quotes(password) +
                            " account " + in_quotes(account) + "\n# a comment \"\n";
  const std::string text = "machine other login x password y\nmacdef init\ncd /\n\nmachine HOST" + entry +
                           "machine next " + std::string(parts.rest());
  const auto found = find_netrc_entry(text, "host", login);
  check(found && found->login == login && found->password == password && found->account == account);
  const auto by_default = find_netrc_entry("default" + entry, "elsewhere", std::nullopt);
  check(by_default && by_default->login == login && by_default->account == account);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(secret) != text.npos) return 0;  // it is where we put it, and nowhere else
  read_credentials(text);
  write_credentials(text);
  read_netrc(text);
  write_netrc(text);
  return 0;
}
