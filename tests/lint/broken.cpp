// SPDX-License-Identifier: MIT
// Broken on purpose: a build whose sanitizers do not stop this program proves nothing with its other tests.
#include <climits>
#include <cstdlib>
#include <string_view>

namespace {

int use_after_free() {
  char* volatile memory = static_cast<char*>(std::malloc(8));
  std::free(memory);
  return memory[0];
}

int overflow(int operand) {
  return INT_MAX - 1 + 2 * operand;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return std::string_view(argv[1]) == "address" ? use_after_free() : overflow(argc);
}
