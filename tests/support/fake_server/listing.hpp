// SPDX-License-Identifier: MIT
// Lines of directory listings and times, as servers write them.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "support/fake_server/behaviour.hpp"
#include "support/fake_server/tree.hpp"

namespace ftpfs::test::fake {

std::string timestamp(std::time_t time);  // YYYYMMDDhhmmss, UTC
std::optional<std::time_t> parse_timestamp(std::string_view text);

// RFC 3659 facts with their final "; "-separator; `target` is what a symlink leads to, nullptr when it
// dangles.
std::string facts(const Node& node, const Node* target, std::string_view type, const Behaviour& behaviour);
// `offset`: of the clock that the listing shows. `now`: decides between clock and year.
std::string unix_line(const std::string& name, const Node& node, std::time_t now, std::time_t offset);
std::string dos_line(const std::string& name, const Node& node, std::time_t offset);
std::string vms_line(const std::string& name, const Node& node, std::time_t offset);
// Of data sets, or of the members of one.
std::string zos_lines(const Node& directory, bool members);

}  // namespace ftpfs::test::fake
