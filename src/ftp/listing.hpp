// SPDX-License-Identifier: MIT
// One directory, whole or not at all.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::ftp {

// By MLSD where there is one, else LIST -a where a probe proved it, else LIST. Throws ENOENT, ENOTDIR,
// EACCES, EIO (no line of the listing makes sense, or the server cut it), EFBIG (FtpConfig), ConnectionLost.
awaitable<std::vector<Entry>> list_directory(std::shared_ptr<Session> session, std::string path,
                                             std::stop_token stop);
// The same where it is only of help: empty, too, when the directory may not be read.
awaitable<std::vector<Entry>> list_if_readable(std::shared_ptr<Session> session, std::string path,
                                               std::stop_token stop);

}  // namespace ftpfs::ftp
