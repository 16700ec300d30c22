// SPDX-License-Identifier: MIT
// File names in the server's character set <-> the same names in the local one, by iconv(3).
//
// Every name of the server has exactly one local spelling, which leads back to the very same bytes: what is
// listed can be opened, renamed and removed. A byte that the server's character set does not know, or a
// character that the local one cannot write, is spelt \xHH (upper case). A name of the server that holds such
// four characters itself has its backslash written \x5C, so the two never meet. The other way round, a local
// name that no name of the server would be shown as has no spelling there.
//
// Works on single names; a path is converted component by component. Not for several threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::proto {

class NameCodec {
 public:
  NameCodec();  // both are the same: bytes pass unchanged, whatever they mean
  // Names of character sets as iconv(1) -l lists them. Throws std::invalid_argument, with a line for the
  // user, for one that is unknown or no extension of ASCII (UTF-16, EBCDIC): FTP itself speaks ASCII.
  NameCodec(const std::string& server, const std::string& local);
  ~NameCodec();
  NameCodec(NameCodec&&) noexcept;
  NameCodec& operator=(NameCodec&&) noexcept;

  // nullopt: no name on the server is shown so.
  std::optional<std::string> to_server(std::string_view name) const;
  std::string to_local(std::string_view name) const;

  // A path or the target of a symlink; slashes stay where they are.
  std::optional<std::string> path_to_server(std::string_view path) const;
  std::string path_to_local(std::string_view path) const;

  bool transparent() const noexcept { return !tables_; }

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace ftpfs::proto
