// SPDX-License-Identifier: MIT
// What lies on the scripted server, and how an honest server answers questions about it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::fuzz {

class SmallTree {
 public:
  bool is_directory(std::string_view path) const;
  std::string content(std::string_view path) const;  // "" where there is no file
  void store(const std::string& path, std::string content, bool append);
  std::string listing(const std::string& directory, bool facts) const;
  std::string look(std::string_view verb, const std::string& path) const;  // the reply to MLST, SIZE, MDTM
  std::string change(std::string_view verb, const std::string& path);      // to MKD, RMD, DELE, RNFR, RNTO

 private:
  using Content = std::optional<std::string>;  // absent: a directory

  std::string facts_of(std::string_view path) const;

  std::map<std::string, Content, std::less<>> entries_{
      {"/a", "content"}, {"/d", std::nullopt}, {"/d/inner", "inside"}};
  std::string from_;  // of RNFR
};

}  // namespace ftpfs::fuzz
