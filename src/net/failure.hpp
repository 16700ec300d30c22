// SPDX-License-Identifier: MIT
// The one place where a boost::system::error_code becomes an exception of ours.
#pragma once

#include <string>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/error.hpp>

namespace ftpfs::net {

// Throws ConnectionLost; `what` says what was being done ("connect to ftp.example.org:21").
[[noreturn]] void throw_connection_lost(const std::string& what, const boost::system::error_code& error);

}  // namespace ftpfs::net
