// SPDX-License-Identifier: MIT
#include <boost/version.hpp>
#include <fmt/format.h>
#include <linux/fuse.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>

#include <ftpfs/cli/options.hpp>
#include <ftpfs/fuse/libfuse.hpp>

namespace ftpfs::cli {

// Libraries that are loaded tell themselves what they are; the others are compiled in.
std::string version_text() {
  return fmt::format(
      "ftpfs {}\nlibfuse {}, FUSE protocol {}.{}\n{}\nBoost {}.{}.{}\nfmt {}.{}.{}\nspdlog {}.{}.{}\n",
      FTPFS_VERSION, fuse_pkgversion(), FUSE_KERNEL_VERSION, FUSE_KERNEL_MINOR_VERSION,
      OpenSSL_version(OPENSSL_VERSION), BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
      BOOST_VERSION % 100, FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100, SPDLOG_VER_MAJOR,
      SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
}

}  // namespace ftpfs::cli
