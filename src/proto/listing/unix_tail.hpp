// SPDX-License-Identifier: MIT
// What Unix-like formats share behind the permissions: "... size date name", found by its date.
#pragma once

#include <cstddef>
#include <optional>

#include <ftpfs/proto/listing.hpp>

#include "fields.hpp"

namespace ftpfs::proto::listing {

enum class NameColumn : bool { one_blank, padded };  // what stands between the date and the name

// Fills size, time, name and link target of `entry` from the fields behind `first`. False: there is no such
// tail.
bool read_unix_tail(const Fields& fields, std::size_t first, NameColumn column, ListedLine& entry);

// "drwxr-xr-x" with all that servers hang on it -> kind and mode. False: these are no permissions.
bool read_permissions(std::string_view text, ListedLine& entry) noexcept;

}  // namespace ftpfs::proto::listing
