// SPDX-License-Identifier: MIT
#include "failure.hpp"

#include <cerrno>

namespace ftpfs::net {
namespace {

// The codes that tell a user something keep their meaning; whatever else ends a connection is EIO
// (error.hpp).
int errno_of(const boost::system::error_code& error) {
  const auto& category = error.category();
  if (category == asio::error::get_netdb_category() || category == asio::error::get_addrinfo_category())
    return EHOSTUNREACH;  // the name is not known
  if (category != boost::system::system_category()) return EIO;
  switch (error.value()) {
    case ETIMEDOUT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return error.value();
    case EHOSTDOWN:
      return EHOSTUNREACH;
    case ENETDOWN:
      return ENETUNREACH;
    case ENOBUFS:
      return ENOMEM;
    default:
      return EIO;
  }
}

}  // namespace

void throw_connection_lost(const std::string& what, const boost::system::error_code& error) {
  throw ConnectionLost(errno_of(error), what + ": " + error.message());
}

}  // namespace ftpfs::net
