// SPDX-License-Identifier: MIT
// Operations on open files, and reading a whole one.
#include "model/random_run.hpp"

namespace ftpfs::test {

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

void RandomRun::read_whole() {
  const Path path = some_path();
  if (model_.exists(path) && model_.find(path)->is_directory) return;
  same(
      "cat " + path.str(), [&] { return client().read_file(path.str()); },
      [&] { return model_.find(path)->content; });
}

}  // namespace ftpfs::test
