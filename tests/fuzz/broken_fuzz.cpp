// SPDX-License-Identifier: MIT
// Does the mistake that the input names: the proof that the fuzzer notices it. See `run`.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <thread>
#include <vector>

#include "sanitizers/faults.hpp"

namespace {

void be_slow() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(8);
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

void grow() {
  std::vector<std::vector<char>> pieces;
  for (int i = 0; i < 60; ++i) pieces.emplace_back(10u << 20, 'x');
  be_slow();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view fault(reinterpret_cast<const char*>(data), size);
  if (fault == "slow")
    be_slow();
  else if (fault == "large")
    grow();
  else
    ftpfs::test::commit(fault);
  return 0;
}
