// SPDX-License-Identifier: MIT
// Does what it is told to do wrong: the proof that whoever should notice is there and notices.
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Number {
  int value = 1;
  int plus(int other) const { return value + other; }
};

int use_after_free() {
  std::vector<int> numbers(100, 1);
  const int* first = numbers.data();
  std::vector<int>().swap(numbers);
  return *first;
}

int overflow_on_heap() {
  const std::vector<int> numbers(100, 1);
  const volatile std::size_t beyond = numbers.size();
  return numbers.data()[beyond];
}

// Several: one of them may still be seen on the stack.
int leak() {
  int sum = 0;
  for (int i = 0; i < 10; ++i) sum += (new Number)->value;
  return sum;
}

int signed_overflow() {
  const volatile int large = INT_MAX;
  return large + 1;
}

int call_of_nothing() {
  const Number* volatile none = nullptr;
  return none->plus(1);
}

int race() {
  int number = 0;
  std::thread other([&] { number = 1; });
  number = 2;
  other.join();
  return number;
}

int uninitialised() {
  void* const memory = std::malloc(100 * sizeof(int));
  const volatile int* const numbers = static_cast<int*>(memory);
  if (numbers[50] == 0) std::puts("it is zero");
  std::free(memory);
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view fault = count == 2 ? arguments[1] : "";
  int result = 0;
  if (fault == "use-after-free") result = use_after_free();
  if (fault == "heap-overflow") result = overflow_on_heap();
  if (fault == "leak") result = leak();
  if (fault == "signed-overflow") result = signed_overflow();
  if (fault == "null") result = call_of_nothing();
  if (fault == "race") result = race();
  if (fault == "uninitialised") result = uninitialised();
  if (result == 0) return 2;
  std::puts("nobody has noticed so far");
  return 0;
}
