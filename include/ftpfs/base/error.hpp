// SPDX-License-Identifier: MIT
// The one family of failures. code() is always an errno, what() says in our words what failed and where,
// server_said() holds the server's own words (raw: escape them before they reach a log or a terminal).
// Expected absences are values (std::optional, a Reply), never exceptions.
// Caught in three places: the fuse guard (-> errno), the retry of an idempotent command on a fresh session,
// and background tasks (-> sticky error on the object they work for).
#pragma once

#include <stdexcept>
#include <string>

namespace ftpfs {

class Error : public std::runtime_error {
 public:
  Error(int code, std::string what, std::string server_said = {});

  int code() const noexcept { return code_; }
  const std::string& server_said() const noexcept { return server_said_; }

 private:
  int code_;
  std::string server_said_;
};

// The control or data connection is dead (or stayed silent too long): its session is unusable, a retry may
// help. code() is ETIMEDOUT for a time-out, ECONNREFUSED, EHOSTUNREACH... from connecting, EIO otherwise.
class ConnectionLost final : public Error {
 public:
  using Error::Error;

  bool told = false;  // the log has the reason: many calls fail for one
  // A command that changes something went unanswered, and the server may carry it out later than anything
  // that is sent now: to repeat it is no cure.
  bool may_be_late = false;
};

// The server, or a proxy on the way to it, will not have us: a password that was changed, an account that
// ended, a rule. It says nothing about the file that was asked for, and may be over later, or once the user
// has set it right. code() is EACCES.
class NotAdmitted final : public Error {
 public:
  explicit NotAdmitted(std::string what, std::string server_said = {});
};

// The caller's stop_token fired; nothing is wrong. code() is EINTR.
class Cancelled final : public Error {
 public:
  Cancelled();
};

// An idle Source or Sink whose session was taken for somebody who waits (a pool of one must work).
// Not a failure: open it again. code() is EAGAIN.
class Revoked final : public Error {
 public:
  Revoked();
};

}  // namespace ftpfs
