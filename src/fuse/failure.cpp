// SPDX-License-Identifier: MIT
#include <cerrno>
#include <new>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/fuse/failure.hpp>

namespace ftpfs::fuse {
namespace {

// The kernel refuses an answer outside 1..511, which would leave its request unanswered for ever, and reads
// ENOSYS as "never ask for this operation again", which no single failure may decide.
int acceptable(int code) noexcept {
  constexpr int kernel_internal = 512;
  if (code == ENOSYS) return EOPNOTSUPP;
  return code > 0 && code < kernel_internal ? code : EIO;
}

}  // namespace

int errno_of(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const ConnectionLost& lost) {
    // Which way the line died is nothing a program that reads a file could act on.
    const int code = lost.code();
    return code == ECONNRESET || code == ECONNREFUSED || code == EPIPE ? EIO : acceptable(code);
  } catch (const Revoked&) {
    return EIO;  // whoever reads or writes opens it again; EAGAIN would tell programs to poll
  } catch (const Error& error) {
    return acceptable(error.code());
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (...) {
    return EIO;
  }
}

spdlog::level::level_enum level_of(int code) noexcept {
  switch (code) {
    case EACCES:
    case EBADF:
    case EBUSY:
    case EEXIST:
    case EINTR:
    case EILSEQ:
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case ENOTEMPTY:
    case EOPNOTSUPP:
    case EPERM:
    case EROFS:
    case ESHUTDOWN:
    case ESTALE:
    case EXDEV:
      return spdlog::level::trace;
    default:
      return spdlog::level::warn;
  }
}

spdlog::level::level_enum level_of(const std::exception_ptr& failure, int code) noexcept {
  const auto level = level_of(code);
  if (level != spdlog::level::warn) return level;
  try {
    std::rethrow_exception(failure);
  } catch (const ConnectionLost& lost) {
    return lost.told ? spdlog::level::debug : level;
  } catch (...) {
    return level;
  }
}

std::string describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    std::string text = escaped(error.what());
    if (!error.server_said().empty()) text += " (server said: " + escaped(error.server_said()) + ")";
    return text;
  } catch (const std::exception& error) {
    return escaped(error.what());
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace ftpfs::fuse
