// SPDX-License-Identifier: MIT
#include <ftpfs/ftp/profile.hpp>

namespace ftpfs::ftp {

std::string_view command_name(MtimeCommand command) noexcept {
  switch (command) {
    case MtimeCommand::mfmt:
      return "MFMT";
    case MtimeCommand::mff:
      return "MFF";
    case MtimeCommand::mdtm:
      return "MDTM";
    case MtimeCommand::site_utime:
    case MtimeCommand::site_utime_utc:
      return "SITE UTIME";
    case MtimeCommand::untested:
    case MtimeCommand::none:
      break;
  }
  return {};
}

std::string_view command_name(ModeCommand command) noexcept {
  switch (command) {
    case ModeCommand::mff:
      return "MFF";
    case ModeCommand::site_chmod:
      return "SITE CHMOD";
    case ModeCommand::untested:
    case ModeCommand::none:
      break;
  }
  return {};
}

}  // namespace ftpfs::ftp
