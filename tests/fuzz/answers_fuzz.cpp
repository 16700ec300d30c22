// SPDX-License-Identifier: MIT
// What a daemon answers to `ftpfs status`, `stats`, `list` and `flush`. It may be of another version, or
// somebody else's who means harm: what is no answer is an Error, and what is shown is safe for a terminal.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/list.hpp>
#include <ftpfs/cli/mount_status.hpp>
#include <ftpfs/cli/progress.hpp>

#include "check.hpp"

namespace {

using namespace ftpfs::cli;

void check_safe(std::string_view shown) {
  for (const unsigned char c : shown) check(c >= 0x20 ? c != 0x7F : c == '\n');
}

void show_all(const nlohmann::json& answer) {
  const Paint paint;
  check_safe(status_text(answer, paint));
  check_safe(file_text(answer, paint));
  check_safe(stats_text(answer));
  for (const std::string& line : unsent_lines("/mnt/\x1b[2J", answer)) {
    check_safe(line);
    check(line.find('\n') == line.npos);
  }
  // As `status --json` prints it again.
  const std::string again = answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  check(parse_answer(again) == answer);
}

void list(const std::string& text, bool understood) {
  const ftpfs::fuse::MountEntry mount{"0:52", "fuse.ftpfs", "/mnt", text, "rw,user_id=0"};
  const ListedMount one = listed(mount, {Heard::What::answer, 0, text});
  check((one.state == ListedMount::State::alive) == understood);
  const std::string shown = list_text({one}, Paint());
  check_safe(shown);
  check(shown.find('\n') == shown.size() - 1);
  check(!list_json({one}).empty());
}

void wait(const std::string& text) {
  const Pending now = parse_pending(text);
  check_safe(progress_line(now, now.left(), 79));
  check(progress_line(now, now.left() / 2, 79).size() <= 79);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bool understood = false;
  try {
    const nlohmann::json answer = parse_answer(text);
    understood = true;
    show_all(answer);
    wait(text);
  } catch (const Failure& failure) {
    check(!understood && failure.status() == ExitStatus::mount_failed);
  }
  list(text, understood);
  return 0;
}
