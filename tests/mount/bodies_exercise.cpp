// SPDX-License-Identifier: MIT
// Random operations, checked against memory (one file) and against a local directory (trees). Short here,
// long with FTPFS_LONG in the environment (`ctest -C long`, see tests/README.md).
#include <cstdlib>

#include "mount/file_exerciser.hpp"
#include "mount/fixture.hpp"
#include "mount/tls_fixture.hpp"
#include "mount/tree_exerciser.hpp"

namespace ftpfs::test {
namespace {

bool is_long() {
  return std::getenv("FTPFS_LONG") != nullptr;
}

template <class Base>
class Exercising : public Base {
 protected:
  // `seeds` runs, each on a new file.
  void exercise_files(FileExercise wanted, unsigned first, unsigned seeds) {
    wanted.stored = this->root("file");
    wanted.remount = [this] { this->remount(); };
    for (unsigned seed = first; seed < first + seeds; ++seed) {
      wanted.seed = seed;
      const auto wrong = exercise_file(this->mnt("file"), wanted);
      ASSERT_FALSE(wrong) << *wrong;
      std::filesystem::remove(this->mnt("file"));
    }
  }
  void exercise_closed_files() {
    FileExercise wanted;
    wanted.operations = is_long() ? 5000 : 100;
    wanted.close_each = true;
    exercise_files(wanted, 1, is_long() ? 5 : 1);
  }

  TreePair trees() {
    std::filesystem::create_directory(this->mnt("tree"));
    std::filesystem::create_directory(this->tmp("tree"));
    return {this->mnt("tree"), this->tmp("tree"), this->root("tree"), [this] { return this->at_rest(); }};
  }
  void exercise_trees(unsigned first, unsigned runs) {
    const TreePair pair = trees();
    for (unsigned seed = first; seed < first + runs; ++seed) {
      const auto wrong = exercise_tree(pair, seed, 100);
      ASSERT_FALSE(wrong) << *wrong;
    }
  }
};

class Exercise : public Exercising<MountTest> {
 protected:
  // Different operations on each server.
  unsigned first_seed() const { return 1 + 1000 * static_cast<unsigned>(kind()); }
};

TEST_P(Exercise, AFile) {
  FileExercise wanted;
  wanted.operations = is_long() ? 100'000 : 1000;
  exercise_files(wanted, first_seed(), is_long() ? 3 : 1);
}

TEST_P(Exercise, AFileClosedAfterEachOperation) {
  exercise_closed_files();
}

TEST_P(Exercise, ATree) {
  exercise_trees(first_seed(), is_long() ? 250 : 5);
}

// What random steps found, each sequence as short as it became.
TEST_P(Exercise, SequencesThatOnceWentWrong) {
  const TreePair pair = trees();
  for (const char* const text : {
           // Some servers set the times of files only.
           "make_directory d - 0 0\n"
           "set_time d - 8806 0\n",
           // A removed file goes from the server when its last holder closes it.
           "create b - 1808 5000\n"
           "hold b - 0 0\n"
           "unlink b - 0 0\n",
           // It does not keep its directory from being removed.
           "make_directory a - 0 0\n"
           "create a/b - 0 100\n"
           "hold a/b - 0 0\n"
           "unlink a/b - 0 0\n"
           "remove_directory a - 0 0\n"
           "hold_read - - 0 0\n",
       }) {
    const auto wrong = compare_steps(pair, parse_steps(text));
    ASSERT_FALSE(wrong) << text << wrong->what;
  }
}

FTPFS_ON_ALL_SERVERS(Exercise);

class ExerciseTls : public Exercising<TlsMountTest> {
 protected:
  void SetUp() override {
    TlsMountTest::SetUp();
    if (IsSkipped()) return;
    start();
    mount(trust());
  }
};

TEST_P(ExerciseTls, AFileClosedAfterEachOperation) {
  exercise_closed_files();
}

TEST_P(ExerciseTls, ATree) {
  exercise_trees(1, is_long() ? 25 : 2);
}

FTPFS_ON_SOME_TLS_SERVERS(ExerciseTls);

}  // namespace
}  // namespace ftpfs::test
