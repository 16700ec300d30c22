// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>

namespace ftpfs {

Error::Error(int code, std::string what, std::string server_said)
    : std::runtime_error(std::move(what)), code_(code), server_said_(std::move(server_said)) {}

NotAdmitted::NotAdmitted(std::string what, std::string server_said)
    : Error(EACCES, std::move(what), std::move(server_said)) {}

Cancelled::Cancelled() : Error(EINTR, "cancelled") {}

Revoked::Revoked() : Error(EAGAIN, "session given to another request") {}

}  // namespace ftpfs
