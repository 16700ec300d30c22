// SPDX-License-Identifier: MIT
// A nameless local file: what uploads send.
#pragma once

#include <string_view>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

class LocalFile {
 public:
  explicit LocalFile(std::string_view content) : file_(::memfd_create("content", MFD_CLOEXEC)) {
    while (!content.empty()) {
      const ssize_t count = ::write(file_.get(), content.data(), content.size());
      if (count < 0) throw std::system_error(errno, std::generic_category(), "memfd");
      content.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  int fd() const noexcept { return file_.get(); }

 private:
  UniqueFd file_;
};

}  // namespace ftpfs::test
