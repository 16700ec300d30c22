// SPDX-License-Identifier: MIT
// The callback table that libfuse gets; the session's userdata is the Context. What is absent from it answers
// ENOSYS once and is never asked again, which is what makes extended attributes free (architecture: a request
// costs tens of microseconds, so the best one is none).
#pragma once

#include <ftpfs/fuse/libfuse.hpp>

namespace ftpfs::fuse {

const fuse_lowlevel_ops& operations();

// By theme; each fills in its callbacks.
void add_lookup_operations(fuse_lowlevel_ops& table);
void add_attr_operations(fuse_lowlevel_ops& table);
void add_file_operations(fuse_lowlevel_ops& table);
void add_dir_operations(fuse_lowlevel_ops& table);
void add_control_operations(fuse_lowlevel_ops& table);

}  // namespace ftpfs::fuse
