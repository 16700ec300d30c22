// SPDX-License-Identifier: MIT
#include "refusal.hpp"

#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/proto/fault.hpp>

#include "look.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// The words' meaning where a look brought nothing against it.
int by_words(Verb verb, const Reply& reply, int unclear) noexcept {
  const int code = proto::errno_for(verb, reply);
  const bool guess = code == ENOENT || code == EIO || code == EISDIR || code == ENOTDIR || code == EEXIST;
  return guess ? unclear : code;
}

// Where neither the words nor a look tell: what the codes for passing troubles mean once they have lasted.
int by_code(const Reply& reply, int unclear) noexcept {
  return reply.code == 450 ? EBUSY : reply.code == 451 ? EIO : unclear;
}

struct Seen {
  bool known = false;
  std::optional<Attributes> what;
};

awaitable<Seen> see(std::shared_ptr<Session> session, std::string path, std::stop_token stop) {
  Seen seen;
  try {
    seen.what = co_await look(session, path, stop);
    seen.known = true;
  } catch (const Cancelled&) {
    throw;
  } catch (const ConnectionLost&) {
    throw;
  } catch (const Error&) {
    // No answer is an answer, too: unclear.
  }
  co_return seen;
}

}  // namespace

int certain(Verb verb, const Reply& reply) noexcept {
  const int code = proto::errno_for(verb, reply);
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EBUSY:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:
    case ENOTSUP:
    case EPROTO:
    case EAGAIN:
      return code;
    default:
      return 0;
  }
}

Error refusal(Verb verb, std::string_view path, const Reply& reply, int code) {
  return Error(code, fmt::format("{} {} refused", proto::verb_text(verb), escaped(path)), reply.last_line());
}

awaitable<Error> explain_refusal(std::shared_ptr<Session> session, Verb verb, std::string path, Reply reply,
                                 Wants wants, int unclear, std::stop_token stop) {
  if (const int code = certain(verb, reply)) co_return refusal(verb, path, reply, code);
  const Seen seen = co_await see(session, path, stop);
  int code = by_words(verb, reply, by_code(reply, unclear));
  if (seen.known) {
    if (!seen.what) {
      code = ENOENT;
    } else if (wants == Wants::file && seen.what->kind == Kind::directory) {
      code = EISDIR;
    } else if (wants == Wants::directory && seen.what->kind != Kind::directory) {
      code = ENOTDIR;
    } else if (reply.permanent()) {
      code = by_words(verb, reply, EACCES);  // it is there, of the right kind, and yet refused for good
    }
  }
  co_return refusal(verb, path, reply, code);
}

awaitable<Error> explain_creation(std::shared_ptr<Session> session, Verb verb, std::string path, Reply reply,
                                  Wants wants, std::stop_token stop) {
  if (const int code = certain(verb, reply)) co_return refusal(verb, path, reply, code);
  const Seen target = co_await see(session, path, stop);
  if (target.known && target.what) {
    if (wants == Wants::directory) co_return refusal(verb, path, reply, EEXIST);
    if (target.what->kind == Kind::directory) co_return refusal(verb, path, reply, EISDIR);
    co_return refusal(verb, path, reply, by_words(verb, reply, by_code(reply, EACCES)));
  }
  const Seen parent = co_await see(session, parent_of(path), stop);
  if (parent.known && !parent.what) co_return refusal(verb, path, reply, ENOENT);
  if (parent.known && parent.what->kind != Kind::directory) co_return refusal(verb, path, reply, ENOTDIR);
  co_return refusal(verb, path, reply, by_words(verb, reply, by_code(reply, EACCES)));
}

}  // namespace ftpfs::ftp
