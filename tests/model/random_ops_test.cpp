// SPDX-License-Identifier: MIT
// FTPFS_MODEL_SEED=n runs that seed alone; FTPFS_MODEL_RUNS and FTPFS_MODEL_STEPS make it longer.
#include <cstdlib>

#include "model/random_run.hpp"

namespace ftpfs::test {
namespace {

unsigned setting(const char* name, unsigned usual) {
  const char* const text = std::getenv(name);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : usual;
}

TEST(RandomOperations, AgreeWithTheModel) {
  const unsigned only = setting("FTPFS_MODEL_SEED", 0);
  const unsigned runs = only != 0 ? 1 : setting("FTPFS_MODEL_RUNS", 200);
  const unsigned steps = setting("FTPFS_MODEL_STEPS", 200);
  const unsigned first = only != 0 ? only : 1;
  for (unsigned seed = first; seed < first + runs; ++seed) {
    SCOPED_TRACE("replay with FTPFS_MODEL_SEED=" + std::to_string(seed) +
                 " FTPFS_MODEL_STEPS=" + std::to_string(steps));
    RandomRun run(seed);
    run.run(steps);
    ASSERT_TRUE(run.agree());
  }
}

}  // namespace
}  // namespace ftpfs::test
