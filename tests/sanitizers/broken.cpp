// SPDX-License-Identifier: MIT
// Does what it is told to do wrong: the proof that whoever should notice is there and notices.
#include <cstdio>

#include "faults.hpp"

int main(int count, char** arguments) {
  if (ftpfs::test::commit(count == 2 ? arguments[1] : "") == 0) return 2;
  std::puts("nobody has noticed so far");
  return 0;
}
