// SPDX-License-Identifier: MIT
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/ask.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/password.hpp>

namespace ftpfs::cli {
namespace {

void ask_for_passphrase(net::TlsPolicy& policy) {
  const std::string& file = policy.key.empty() ? policy.certificate : policy.key;
  if (file.empty() || !policy.key_password.empty() || !net::key_is_encrypted(file)) return;
  if (!can_prompt())
    cli::refuse(fmt::format("{}: the key is encrypted: give key_password= in credentials=FILE", file));
  policy.key_password = prompt_password(STDIN_FILENO, fmt::format("Passphrase of {}: ", escaped(file)));
}

void ask_for_password(const std::string& user, const std::string& host, std::string& password) {
  if (user.empty() || !password.empty() || !can_prompt()) return;
  password = prompt_password(STDIN_FILENO,
                             fmt::format("Password for {} at the proxy {}: ", escaped(user), escaped(host)));
}

}  // namespace

void ask_for_secrets(Settings& settings) {
  ask_for_passphrase(settings.ftp.tls_policy);
  if (settings.tunnel)
    ask_for_password(settings.tunnel->user, settings.tunnel->where.host, settings.tunnel->password);
  if (settings.ftp.proxy)
    ask_for_password(settings.ftp.proxy->user, settings.ftp.proxy->where.host, settings.ftp.proxy->password);
}

}  // namespace ftpfs::cli
