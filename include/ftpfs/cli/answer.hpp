// SPDX-License-Identifier: MIT
// What a daemon answers, as JSON. It may be of another version, or somebody else's who means harm: what is
// not there, or is of another kind, is empty.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace ftpfs::cli {

// Throws Failure(mount_failed): that is no answer.
nlohmann::json parse_answer(const std::string& text);

// What may not be there, or null.
const nlohmann::json& at(const nlohmann::json& value, const char* name);
// The same where it is to be a list.
const nlohmann::json& list_at(const nlohmann::json& value, const char* name);
std::string text(const nlohmann::json& value, const char* name);  // safe for a terminal
std::uint64_t number(const nlohmann::json& value, const char* name);
bool is_true(const nlohmann::json& value, const char* name);

}  // namespace ftpfs::cli
