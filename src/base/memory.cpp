// SPDX-License-Identifier: MIT
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <ftpfs/base/memory.hpp>

namespace ftpfs {

#ifdef __GLIBC__

void keep_heap_small() noexcept {
  ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

void give_back_free_memory() noexcept {
  ::malloc_trim(0);
}

#else

void keep_heap_small() noexcept {}
void give_back_free_memory() noexcept {}

#endif

}  // namespace ftpfs
