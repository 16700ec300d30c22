// SPDX-License-Identifier: MIT
// Secrets beside the password of the log-in that only a person can tell, asked for on the terminal.
#pragma once

namespace ftpfs::cli {

struct Settings;

// The passphrase of an encrypted key (cert=, key=), and the password of a proxy's user, where neither a file
// nor the environment has given them. Throws Failure: usage where an encrypted key cannot be asked about,
// interrupted on Ctrl-C. A proxy may do without a password, so it is only asked for, never demanded.
void ask_for_secrets(Settings& settings);

}  // namespace ftpfs::cli
