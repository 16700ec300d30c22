// SPDX-License-Identifier: MIT
// A Vfs over a server in memory, and a log to look into: what every test here stands on.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <stdlib.h>

#include <ftpfs/vfs/vfs.hpp>

#include "support/manual_clock.hpp"
#include "support/memory_remote.hpp"
#include "support/run.hpp"

namespace ftpfs::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ftpfs-fuse-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

inline vfs::VfsConfig config_with_spool(const std::filesystem::path& folder, bool read_only) {
  vfs::VfsConfig config;
  config.read_only = read_only;
  config.spool_directory = folder / "spool";
  return config;
}

struct Rig {
  explicit Rig(bool read_only = false) : config(config_with_spool(folder.path(), read_only)) {
    logger->set_level(spdlog::level::trace);
  }
  // Nothing of the vfs may be left on the loop when it dies.
  ~Rig() {
    for (std::size_t op = 0; op < op_count; ++op) remote.on(static_cast<Op>(op)).release();
    run(io, vfs.shutdown(clock.now() + std::chrono::hours(1)));
    settle(io);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  bool logged(std::string_view text) const { return log.str().find(text) != std::string::npos; }

  asio::io_context io{1};
  ManualClock clock;
  MemoryRemote remote{clock};
  TemporaryFolder folder;
  std::ostringstream log;
  Logger logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
  vfs::VfsConfig config;
  vfs::Vfs vfs{io.get_executor(), remote, clock, logger, config};
};

}  // namespace ftpfs::test
