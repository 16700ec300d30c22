// SPDX-License-Identifier: MIT
// Mistakes, made on purpose: whoever should notice them must. Each returns something else than 0, from what
// it should not have touched.
#pragma once

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace ftpfs::test {

struct Number {
  int value = 1;
  int plus(int other) const { return value + other; }
};

inline int use_after_free() {
  std::vector<int> numbers(100, 1);
  const int* first = numbers.data();
  std::vector<int>().swap(numbers);
  return *first;
}

inline int overflow_on_heap() {
  const std::vector<int> numbers(100, 1);
  const volatile std::size_t beyond = numbers.size();
  return numbers.data()[beyond];
}

// Several: one of them may still be seen on the stack. An optimiser may take away what is only made.
inline int leak() {
  int sum = 0;
  for (int i = 0; i < 10; ++i) {
    const Number* volatile const lost = new Number;
    sum += lost->value;
  }
  return sum;
}

inline int signed_overflow() {
  const volatile int large = INT_MAX;
  return large + 1;
}

inline int call_of_nothing() {
  const Number* volatile none = nullptr;
  return none->plus(1);
}

inline int race() {
  int number = 0;
  std::thread other([&] { number = 1; });
  number = 2;
  other.join();
  return number;
}

inline int uninitialised() {
  void* const memory = std::malloc(100 * sizeof(int));
  const volatile int* const numbers = static_cast<int*>(memory);
  if (numbers[50] == 0) std::puts("it is zero");
  std::free(memory);
  return 1;
}

// 0: there is no such fault.
inline int commit(std::string_view fault) {
  if (fault == "use-after-free") return use_after_free();
  if (fault == "heap-overflow") return overflow_on_heap();
  if (fault == "leak") return leak();
  if (fault == "signed-overflow") return signed_overflow();
  if (fault == "null") return call_of_nothing();
  if (fault == "race") return race();
  if (fault == "uninitialised") return uninitialised();
  return 0;
}

}  // namespace ftpfs::test
