// SPDX-License-Identifier: MIT
// What malloc does with memory that nobody needs. Without glibc: what it likes.
#pragma once

namespace ftpfs {

// Pieces of 64 KiB and more come from the system and go back to it at once, always: by itself malloc raises
// that size with the largest piece that was ever freed (mallopt(3), M_MMAP_THRESHOLD). Chunks and blocks of
// files then lay between what is small and lives long, which cut up the holes that they left: after eight
// minutes of the soak 22 of the heap's 40 MiB were holes, and they grew. Before the first thread.
void keep_heap_small() noexcept;

// The holes that are left; for when there will be a long pause. Milliseconds.
void give_back_free_memory() noexcept;

}  // namespace ftpfs
