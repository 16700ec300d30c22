// SPDX-License-Identifier: MIT
// Many small files in one directory, and what became of those that were fetched ahead.
#pragma once

#include <ftpfs/vfs/files_ahead.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using vfs::AheadCounts;
using vfs::FilesAhead;
using vfs::Handle;

class FilesAheadTest : public VfsTest {
 protected:
  static constexpr std::size_t small = 4096;

  void put_files(int count, const std::string& above = "/") {
    for (int i = 0; i < count; ++i) tree().put_file(above + name(i), text(i));
  }
  static std::string name(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }
  static std::string text(int number) { return pattern(small, static_cast<unsigned>(number) + 1); }

  // As `cat` reads a file; what that sets off happens too.
  std::string cat(std::string_view path) {
    std::string content = client().read_file(path);
    settle(io_);
    return content;
  }
  // The listing is there, and two files of a row were read: the next ones are on their way or here.
  void begin_a_row(int files) {
    put_files(files);
    client().names("/");
    cat("/00");
    cat("/01");
  }
  // What the server was asked since the last call of this function.
  struct Cost {
    std::size_t looks, streams;
    friend bool operator==(const Cost&, const Cost&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Cost& cost) {
      return out << cost.looks << " looks, " << cost.streams << " streams";
    }
  };
  Cost cost() {
    const Cost now{remote_.calls(Op::stat), remote_.calls(Op::open_source)};
    const Cost result{now.looks - before_.looks, now.streams - before_.streams};
    before_ = now;
    return result;
  }
  std::vector<std::string> fetched() {
    std::vector<std::string> paths;
    for (; seen_ < remote_.fetched().size(); ++seen_) paths.push_back(remote_.fetched()[seen_].str());
    return paths;
  }
  AheadCounts counts() { return fs().fetched_ahead().files; }

  // Opened and not waited for.
  Pending<vfs::Opened> open_later(std::string_view path) {
    const vfs::Ino ino = client().ino(path);
    std::stop_source stop;
    return {io_, fs().open(ino, O_RDONLY, stop.get_token()), stop};
  }

 private:
  Cost before_{0, 0};
  std::size_t seen_ = 0;
};

}  // namespace ftpfs::test
