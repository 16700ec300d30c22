// SPDX-License-Identifier: MIT
// An invariant of a fuzz target: the fuzzer reports the abort together with the input.
#pragma once

#include <cstdlib>

inline void check(bool holds) {
  if (!holds) std::abort();
}
