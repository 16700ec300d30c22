// SPDX-License-Identifier: MIT
// Child processes that end with the test: by kill when the object goes, by the kernel when the test itself is
// killed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/types.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

using namespace std::chrono_literals;

// Nothing a test waits for takes longer; what does is a hang.
inline constexpr std::chrono::milliseconds patience = 20s;

struct Spawn {
  std::vector<std::string> command;
  std::filesystem::path directory = "/";
  std::map<std::string, std::string> environment;  // added to ours
  std::filesystem::path output;                    // stdout and stderr, appended
  // Makes the child the first process of a pid namespace: when it is killed, the kernel kills every
  // descendant, also those that left its process group (vsftpd's sessions do).
  bool with_descendants = false;
};

class Process {
 public:
  explicit Process(const Spawn& spawn);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t pid() const noexcept { return pid_; }
  int descriptor() const noexcept { return pidfd_.get(); }  // readable when it has ended
  bool running();
  void signal(int number) const;                            // to the process
  void signal_tree(int number) const;                       // to it and all its descendants
  std::vector<pid_t> generation(std::size_t number) const;  // 1: its children, 2: theirs
  // Its end: the exit status, or 128 + the signal that killed it, as a shell says; nothing when it takes too
  // long.
  std::optional<int> wait(std::chrono::milliseconds limit = patience);

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<int> status_;
};

// Whether it waits for an answer of a mount, and for nothing else.
bool waits_for_a_mount(const Process& process);
// The children of this process, those it inherited included.
std::vector<pid_t> children();

struct Outcome {
  int status = -1;  // 124 when it had to be killed for taking too long, as timeout(1) says
  std::string output;
};

// Runs `command` by /bin/sh to its end; output is stdout and stderr.
Outcome shell(const std::string& command, const std::filesystem::path& directory,
              const std::map<std::string, std::string>& environment,
              std::chrono::milliseconds limit = patience);

// Waits for something that sends no event. Returns whether it came true.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view content);
std::size_t occurrences(std::string_view what, std::string_view text);
// `size` bytes that do not repeat and do not compress, the same for the same seed.
std::string noise(std::size_t size, unsigned seed = 1);

}  // namespace ftpfs::test
