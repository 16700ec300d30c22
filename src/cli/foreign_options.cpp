// SPDX-License-Identifier: MIT
// Words of fstab, mount(8), libfuse and other programs that mount: which of them mean nothing here, and which
// mean something that ftpfs does not do, so that going on without a word would be wrong.
#include <ftpfs/cli/options.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {

std::span<const std::string_view> ignored_options() {
  // clang-format off
  static constexpr auto names = std::to_array<std::string_view>({
      // fstab(5) and mount(8)
      "auto", "noauto", "nouser", "users", "owner", "group", "defaults", "nofail", "_netdev", "comment", "x-*", "X-*",
      "async", "dirsync", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
      "strictatime", "nostrictatime", "lazytime", "nolazytime", "mand", "nomand", "iversion", "noiversion", "silent",
      "loud", "uhelper", "helper",
      // what the kernel shows of a mount, which a remount repeats
      "user_id", "group_id", "rootmode", "blksize",
      // libfuse
      "nonempty", "large_read", "hard_remove", "use_ino", "readdir_ino", "big_writes", "auto_cache", "noauto_cache",
      "kernel_cache", "max_read", "max_write", "max_background", "congestion_threshold", "async_read", "subtype",
      "clone_fd", "max_threads", "max_idle_threads", "intr",
      // sshfs, curlftpfs, mount.cifs, rclone
      "reconnect", "transform_symlinks", "ServerAliveCountMax", "krb4", "engine", "tcp_nodelay", "tlsv1",
      "cert_type", "key_type", "enable_epsv", "skip_pasv_ip", "ftp_method", "proxy_basic", "proxy_anyauth", "forceuid", "forcegid"});
  // clang-format on
  return names;
}

std::span<const RefusedOption> refused_options() {
  static constexpr auto options = std::to_array<RefusedOption>({
      {"pass",
       "is the log-in's password to some programs and a key's passphrase to others: credentials=FILE has "
       "both"},
      {"sslv2", "is broken for good; tls_min=1.0 is the oldest there is"},
      {"sslv3", "is broken for good; tls_min=1.0 is the oldest there is"},
      {"socks4", "is not spoken; proxy=socks5://HOST:PORT is"},
      {"proxy_digest", "is not spoken: a log-in to an HTTP proxy goes by the Basic scheme"},
      {"proxy_ntlm", "is not spoken: a log-in to an HTTP proxy goes by the Basic scheme"},
      {"no_reconnect", "is not done: a connection that the server closed is replaced without notice"},
      {"auto_unmount",
       "would leave an empty directory where programs expect files, and some would delete their copies"},
  });
  return options;
}

}  // namespace ftpfs::cli
