// SPDX-License-Identifier: MIT
// From a refusal to the Error that the user shall see. The server's words decide where they are clear; where
// they are not, a look at the server does. ENOENT is never a guess.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <ftpfs/base/error.hpp>
#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

// What the server's words or code say for sure; 0: anything may be meant (a 550 without known words, or one
// that speaks of a missing file without saying which).
int certain(proto::Verb verb, const proto::Reply& reply) noexcept;

// "STOR /a/b refused", with the server's words.
Error refusal(proto::Verb verb, std::string_view path, const proto::Reply& reply, int code);

// For a command that wanted something to be at `path`. Absent -> ENOENT; a directory where a file was wanted
// (or the other way round) -> EISDIR (ENOTDIR); else what the words say, or `unclear`.
enum class Wants { file, directory, anything };
awaitable<Error> explain_refusal(std::shared_ptr<Session> session, proto::Verb verb, std::string path,
                                 proto::Reply reply, Wants wants, int unclear, std::stop_token stop);

// For a command that wanted to make something at `path`. Parent absent -> ENOENT, a file -> ENOTDIR;
// something is there -> `occupied` (0: that is no obstacle), a directory always -> EISDIR unless a directory
// was wanted.
awaitable<Error> explain_creation(std::shared_ptr<Session> session, proto::Verb verb, std::string path,
                                  proto::Reply reply, Wants wants, std::stop_token stop);

}  // namespace ftpfs::ftp
