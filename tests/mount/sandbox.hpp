// SPDX-License-Identifier: MIT
// A world of its own for the mount tests: a mount namespace (a mount that is forgotten goes with the process,
// nothing is ever left on the machine), a network namespace (loopback only; fixed ports, tests run side by
// side, every byte can be counted), and a scratch directory on a tmpfs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ftpfs::test {

// Enters the namespaces; the first call of a process does it, later ones only report. Returns the reason why
// mount tests cannot run here, in words, or nothing when they can.
std::optional<std::string> enter_sandbox();

// While it lives every packet of the sandbox is lost, without a word to anybody.
class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
};

// Bytes that went over the sandbox's loopback interface so far (headers included).
std::uint64_t loopback_bytes();

// An empty directory in memory, gone with the object.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ftpfs::test
