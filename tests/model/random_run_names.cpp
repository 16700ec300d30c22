// SPDX-License-Identifier: MIT
// Operations on names.
#include "model/random_run.hpp"

namespace ftpfs::test {

void RandomRun::mkdir() {
  const Path path = some_path();
  same(
      "mkdir " + path.str(),
      [&] {
        if (client().exists(path.str())) throw Error(EEXIST, "the kernel refuses that by itself");
        client().mkdir(path.str());
        return std::string();
      },
      [&] {
        model_.mkdir(path);
        return std::string();
      });
}

void RandomRun::rmdir() {
  const Path path = some_path();
  if (holds_removed_file(path)) return;
  same(
      "rmdir " + path.str(),
      [&] {
        client().rmdir(path.str());
        return std::string();
      },
      [&] {
        model_.rmdir(path);
        return std::string();
      });
}

void RandomRun::unlink() {
  const Path path = some_path();
  same(
      "unlink " + path.str(),
      [&] {
        client().unlink(path.str());
        return std::string();
      },
      [&] {
        model_.unlink(path);
        return std::string();
      });
}

void RandomRun::rename() {
  const Path from = some_path();
  const Path to = some_path();
  if (from.is_below(to)) return;  // the kernel refuses that by itself
  if (holds_removed_file(to)) return;
  same(
      "rename " + from.str() + " " + to.str(),
      [&] {
        client().rename(from.str(), to.str());
        return std::string();
      },
      [&] {
        model_.rename(from, to);
        return std::string();
      });
}

void RandomRun::list() {
  const Path path = chance(30) ? Path() : some_path();
  same(
      "list " + path.str(), [&] { return joined(client().names(path.str())); },
      [&] { return joined(model_.names(path)); });
}

void RandomRun::stat() {
  const Path path = some_path();
  same(
      "stat " + path.str(),
      [&] {
        const auto stat = client().stat(path.str());
        return S_ISDIR(stat.st_mode) ? "directory" : std::to_string(stat.st_size);
      },
      [&] {
        const ModelFs::File node = model_.find(path);
        return node->is_directory ? "directory" : std::to_string(node->content.size());
      });
}

}  // namespace ftpfs::test
