// SPDX-License-Identifier: MIT
// What is chosen by chance, who disturbs, and what must hold in the end.
#include "model/random_run.hpp"

namespace ftpfs::test {

void RandomRun::choose_a_server() {
  constexpr std::size_t pieces[] = {100, 5'000, 64 * 1024};
  remote_.set_piece(pieces[below(3)]);
  remote_.set_sessions(below(4));
  remote_.set_spare(below(6));
  remote_.set_capabilities({.cheap_stat = chance(50), .set_mtime = chance(50), .set_mode = chance(50)});
  remote_.set_list_precision(chance(50) ? Precision::second : Precision::minute);
  remote_.set_tells_mode(chance(50));
  constexpr vfs::UploadMode modes[] = {vfs::UploadMode::automatic, vfs::UploadMode::atomic,
                                       vfs::UploadMode::inplace};
  config_.upload = modes[below(3)];
  config_.readahead_bytes = 64 * 1024 << below(8);
  config_.block_bytes = 64 * 1024 << below(8);
}

void RandomRun::step() {
  using Operation = void (RandomRun::*)();
  static constexpr std::pair<unsigned, Operation> named[] = {
      {12, &RandomRun::open},   {6, &RandomRun::mkdir},   {3, &RandomRun::rmdir},
      {6, &RandomRun::unlink},  {10, &RandomRun::rename}, {6, &RandomRun::truncate},
      {5, &RandomRun::list},    {6, &RandomRun::stat},    {8, &RandomRun::read_whole},
      {8, &RandomRun::disturb}, {2, &RandomRun::intrude}};
  static constexpr std::pair<unsigned, Operation> on_handle[] = {
      {10, &RandomRun::read},           {16, &RandomRun::write}, {6, &RandomRun::append},
      {4, &RandomRun::truncate_handle}, {5, &RandomRun::flush},  {8, &RandomRun::close}};
  std::vector<Operation> bag;
  for (const auto& [weight, operation] : named) bag.insert(bag.end(), weight, operation);
  if (!opened_.empty()) {
    for (const auto& [weight, operation] : on_handle) bag.insert(bag.end(), weight, operation);
  }
  (this->*bag[below(bag.size())])();
  if (chance(50)) settle(io_);
}

Path RandomRun::some_path() {
  static constexpr std::string_view names[] = {"a", "b", "c", "d"};
  Path path;
  const std::size_t depth = 1 + below(3);
  for (std::size_t i = 0; i < depth; ++i) path = path.child(names[below(4)]);
  return path;
}

std::string RandomRun::some_bytes() {
  const std::size_t size = chance(10) ? 100'000 + below(200'000) : 1 + below(10'000);
  return pattern(size, static_cast<unsigned>(random_()) | 1);
}

// A file that was removed while open keeps a hidden name on the server until it is closed, as with NFS: till
// then its directory cannot be removed, which POSIX would allow.
bool RandomRun::holds_removed_file(const Path& path) {
  const MemoryTree::NodePtr node = tree().find(path);
  return node &&
         std::ranges::any_of(node->children, [](const auto& child) { return child.first.starts_with('.'); });
}

std::string RandomRun::joined(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += name + " ";
  return result;
}

void RandomRun::disturb() {
  switch (below(5)) {
    case 0:
      journal_.push_back("drop caches");
      return fs().drop_caches();
    case 1:
      journal_.push_back("revoke");
      remote_.revoke_streams();
      return;
    case 2:
      journal_.push_back("a second passes");
      return advance(std::chrono::seconds(1));
    case 3:
      journal_.push_back("a minute passes");
      return advance(std::chrono::seconds(61));
    default:
      journal_.push_back("forget");
      return client().forget_all();
  }
}

// Somebody else replaces a file that nobody has open here.
void RandomRun::intrude() {
  const Path path = some_path();
  if (!model_.exists(path)) return;
  const ModelFs::File file = model_.find(path);
  if (file->is_directory || is_open(file)) return;
  journal_.push_back("somebody else writes " + path.str());
  settle(io_);
  advance(std::chrono::seconds(61));
  file->content = some_bytes();
  tree().put_file(path.str(), file->content);
  advance(std::chrono::seconds(61));
}

void RandomRun::compare_everything() {
  for (const auto& [path, node] : model_.all()) {
    if (node->is_directory) {
      same(
          "list " + path.str(), [&] { return joined(client().names(path.str())); },
          [&] { return joined(model_.names(path)); });
    } else {
      same(
          "cat " + path.str(), [&] { return client().read_file(path.str()); }, [&] { return node->content; });
    }
    if (!agree_) return;
  }
}

void RandomRun::compare_server() {
  for (const auto& [path, node] : model_.all()) {
    if (node->is_directory) {
      same(
          "the server's names in " + path.str(), [&] { return joined(tree().names(path.str())); },
          [&] { return joined(model_.names(path)); });
    } else {
      same(
          "the server's " + path.str(), [&] { return tree().content(path.str()).value_or("missing"); },
          [&] { return node->content; });
    }
    if (!agree_) return;
  }
}

}  // namespace ftpfs::test
