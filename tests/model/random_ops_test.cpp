// SPDX-License-Identifier: MIT
// Random operations on the real file system and on the naive one: every byte, name and errno must agree,
// whatever the server is like, and in the end the server must hold exactly the model's tree.
//
// FTPFS_MODEL_SEED=n runs that seed alone; FTPFS_MODEL_RUNS and FTPFS_MODEL_STEPS make it longer.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "support/model_fs.hpp"
#include "vfs/vfs_world.hpp"

namespace ftpfs::test {
namespace {

unsigned setting(const char* name, unsigned usual) {
  const char* const text = std::getenv(name);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : usual;
}

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

std::string RandomRun::joined(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) result += name + " ";
  return result;
}

void RandomRun::open() {
  const Path path = some_path();
  const bool truncates = chance(20);
  const int flags = O_RDWR | (truncates ? O_TRUNC : 0);
  Opened opened{};
  same(
      "open " + path.str() + (truncates ? " O_TRUNC" : ""),
      [&] {
        opened.handle = client().exists(path.str()) ? client().open(path.str(), flags)
                                                    : client().create(path.str(), flags | O_EXCL);
        opened.ino = client().ino(path.str());
        return std::string();
      },
      [&] {
        opened.file = model_.open(path);
        if (truncates) opened.file->content.clear();
        return std::string();
      });
  if (agree_ && opened.handle != 0) opened_.push_back(opened);
}

void RandomRun::read() {
  const Opened& opened = some_handle();
  const std::size_t offset = below(opened.file->content.size() + 100);
  const std::size_t size = 1 + below(chance(20) ? 200'000 : 8'192);
  same(
      "read #" + std::to_string(opened.handle) + " " + std::to_string(size) + "@" + std::to_string(offset),
      [&] { return client().read(opened.handle, offset, size); },
      [&] { return ModelFs::read(*opened.file, offset, size); });
}

void RandomRun::write() {
  const Opened& opened = some_handle();
  const std::string bytes = some_bytes();
  const std::size_t offset = below(opened.file->content.size() + (chance(20) ? 20'000 : 1));
  same(
      "write #" + std::to_string(opened.handle) + " " + std::to_string(bytes.size()) + "@" +
          std::to_string(offset),
      [&] {
        client().write(opened.handle, offset, bytes);
        return std::string();
      },
      [&] {
        ModelFs::write(*opened.file, offset, bytes);
        return std::string();
      });
}

void RandomRun::append() {
  const Opened& opened = some_handle();
  const std::string bytes = some_bytes();
  const std::size_t offset = opened.file->content.size();
  same(
      "append #" + std::to_string(opened.handle) + " " + std::to_string(bytes.size()) + "@" +
          std::to_string(offset),
      [&] {
        client().write(opened.handle, offset, bytes);
        return std::string();
      },
      [&] {
        ModelFs::write(*opened.file, offset, bytes);
        return std::string();
      });
}

void RandomRun::truncate() {
  const Path path = some_path();
  const std::size_t size = chance(20) ? 0 : below(20'000);
  if (model_.exists(path) && model_.find(path)->is_directory) return;  // the kernel refuses that by itself
  same(
      "truncate " + path.str() + " " + std::to_string(size),
      [&] {
        client().truncate(path.str(), size);
        return std::string();
      },
      [&] {
        model_.truncate(path, size);
        return std::string();
      });
}

void RandomRun::truncate_handle() {
  const Opened& opened = some_handle();
  const std::size_t size = below(20'000);
  same(
      "ftruncate #" + std::to_string(opened.handle) + " " + std::to_string(size),
      [&] {
        client().truncate(opened.handle, opened.ino, size);
        return std::string();
      },
      [&] {
        opened.file->content.resize(size);
        return std::string();
      });
}

void RandomRun::flush() {
  const Opened& opened = some_handle();
  same(
      "flush #" + std::to_string(opened.handle),
      [&] {
        client().flush(opened.handle);
        for (const auto& [path, node] : model_.all()) {
          if (node == opened.file) return tree().content(path.str()).value_or("missing on the server");
        }
        return opened.file->content;  // unlinked: nothing to see
      },
      [&] { return opened.file->content; });
}

void RandomRun::close() {
  const std::size_t index = below(opened_.size());
  const Opened opened = opened_[index];
  opened_.erase(opened_.begin() + static_cast<std::ptrdiff_t>(index));
  close_handle(opened);
}

void RandomRun::close_handle(Opened opened) {
  const bool flushes = chance(90);
  same((flushes ? "close #" : "release #") + std::to_string(opened.handle),
       [&] {
         if (flushes) client().flush(opened.handle);
         client().release(opened.handle);
         return std::string();
       },
       [] { return std::string(); });
}

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

void RandomRun::read_whole() {
  const Path path = some_path();
  if (model_.exists(path) && model_.find(path)->is_directory) return;
  same(
      "cat " + path.str(), [&] { return client().read_file(path.str()); },
      [&] { return model_.find(path)->content; });
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
