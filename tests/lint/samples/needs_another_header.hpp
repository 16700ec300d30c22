// SPDX-License-Identifier: MIT
// What the check of the public headers must refuse: it uses std::string without <string>.
#pragma once

namespace ftpfs {

std::string greeting();

}  // namespace ftpfs
