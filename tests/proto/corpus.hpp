// SPDX-License-Identifier: MIT
// Lines of a listing corpus: JSON objects with "style", "line" and perhaps "raw_hex", and what was read from
// them in the same vocabulary.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <ftpfs/proto/listing.hpp>

namespace ftpfs::test {

// What a client has: the bytes of the line, and whether they came by MLSD or by LIST.
std::optional<proto::ListedLine> read_corpus_line(const nlohmann::json& object);

// {name, type, size, link_target, perm, mtime}, or null for no entry.
nlohmann::json to_corpus_form(const std::optional<proto::ListedLine>& line, bool utc);

// "2002-02-13", "2002-02-13T23:32", "2002-02-13T23:32:40"; "--02-13T23:32" without a year; "Z" at the end for
// UTC.
std::string to_corpus_form(const proto::DateTime& date, bool utc);

bool is_mlsd(const nlohmann::json& object);

}  // namespace ftpfs::test
