// SPDX-License-Identifier: MIT
// One run of random operations on the real file system and on the naive one: every byte, name and errno must
// agree, whatever the server is like, and in the end the server must hold exactly the model's tree.
#pragma once

#include <algorithm>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/model_fs.hpp"
#include "vfs/vfs_world.hpp"

namespace ftpfs::test {

class RandomRun : VfsWorld {
 public:
  explicit RandomRun(unsigned seed) : random_(seed) { choose_a_server(); }

  // Stops at the first difference.
  void run(unsigned steps) {
    for (unsigned i = 0; i < steps && agree_; ++i) step();
    while (!opened_.empty() && agree_) close();
    settle(io_);
    if (agree_) compare_everything();
    if (agree_) compare_server();
  }
  bool agree() const noexcept { return agree_; }

 private:
  struct Opened {
    vfs::Handle handle;
    vfs::Ino ino;
    ModelFs::File file;
  };
  struct Outcome {
    int code = 0;
    std::string text;
    friend bool operator==(const Outcome&, const Outcome&) = default;
  };

  void choose_a_server();
  void step();

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  Path some_path();
  Opened& some_handle() { return opened_[below(opened_.size())]; }
  std::string some_bytes();
  bool holds_removed_file(const Path& path);
  bool is_open(const ModelFs::File& file) const {
    return std::ranges::any_of(opened_, [&](const Opened& opened) { return opened.file == file; });
  }

  void open();
  void read();
  void write();
  void append();
  void truncate();
  void truncate_handle();
  void flush();
  void close();
  void close_handle(Opened opened);
  void mkdir();
  void rmdir();
  void unlink();
  void rename();
  void list();
  void stat();
  void read_whole();
  void disturb();
  void intrude();

  void compare_everything();
  void compare_server();

  template <class Real, class Reference>
  void same(std::string what, Real real, Reference reference);
  template <class Function>
  static Outcome outcome(Function function);
  static std::string joined(const std::vector<std::string>& names);

  std::mt19937 random_;
  ModelFs model_;
  std::vector<Opened> opened_;
  std::deque<std::string> journal_;  // the latest operations
  bool agree_ = true;
};

template <class Function>
RandomRun::Outcome RandomRun::outcome(Function function) {
  Outcome result;
  result.code = errno_of([&] { result.text = function(); });
  return result;
}

template <class Real, class Reference>
void RandomRun::same(std::string what, Real real, Reference reference) {
  journal_.push_back(what);
  if (journal_.size() > 30) journal_.pop_front();
  const Outcome expected = outcome(reference);
  Outcome actual;
  try {
    actual = outcome(real);
  } catch (const std::runtime_error& hang) {
    actual = {-1, hang.what()};
  }
  if (actual == expected) return;
  agree_ = false;
  std::string history;
  for (const std::string& line : journal_) history += "  " + line + "\n";
  std::size_t at = 0;
  while (at < actual.text.size() && at < expected.text.size() && actual.text[at] == expected.text[at]) ++at;
  ADD_FAILURE() << "the model and the file system disagree at the last of\n"
                << history << "expected errno " << expected.code << ", " << expected.text.size()
                << " bytes; got errno " << actual.code << ", " << actual.text.size()
                << " bytes; first different byte " << at << "\nexpected " << escaped(expected.text, 100)
                << "\ngot      " << escaped(actual.text, 100);
}

}  // namespace ftpfs::test
