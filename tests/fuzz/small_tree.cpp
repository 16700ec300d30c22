// SPDX-License-Identifier: MIT
#include "small_tree.hpp"

#include <utility>

namespace ftpfs::fuzz {
namespace {

std::string_view parent(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

bool SmallTree::is_directory(std::string_view path) const {
  const auto entry = entries_.find(path);
  return path == "/" || (entry != entries_.end() && !entry->second);
}

std::string SmallTree::content(std::string_view path) const {
  const auto entry = entries_.find(path);
  return entry == entries_.end() ? "" : entry->second.value_or("");
}

void SmallTree::store(const std::string& path, std::string content, bool append) {
  Content& file = entries_[path];
  file = (append ? file.value_or("") : "") + content;
}

std::string SmallTree::facts_of(std::string_view path) const {
  const std::string common = "modify=20240102030405;unix.mode=0755;";
  if (is_directory(path)) return "type=dir;" + common;
  return "type=file;size=" + std::to_string(content(path).size()) + ";" + common;
}

std::string SmallTree::listing(const std::string& directory, bool facts) const {
  std::string lines;
  for (const auto& [path, content] : entries_) {
    if (parent(path) != directory) continue;
    const std::string columns = (content ? "-rw-r--r-- 1 joe joe " + std::to_string(content->size())
                                         : std::string("drwxr-xr-x 2 joe joe 4096")) +
                                " Jan 02 03:04";
    const std::string name = path.substr(directory == "/" ? 1 : directory.size() + 1);
    lines += (facts ? facts_of(path) : columns) + " " + name + "\r\n";
  }
  return lines;
}

std::string SmallTree::look(std::string_view verb, const std::string& path) const {
  const auto entry = entries_.find(path);
  if (entry == entries_.end() && path != "/") return "550 not here\r\n";
  if (verb == "MLST") return "250-\r\n " + facts_of(path) + " " + path + "\r\n250 end\r\n";
  if (is_directory(path)) return "550 no file\r\n";
  return verb == "SIZE" ? "213 " + std::to_string(entry->second->size()) + "\r\n" : "213 20240102030405\r\n";
}

std::string SmallTree::change(std::string_view verb, const std::string& path) {
  const auto entry = entries_.find(path);
  if (verb == "MKD") {
    if (entry != entries_.end()) return "550 exists\r\n";
    entries_[path] = std::nullopt;
    return "257 \"" + path + "\"\r\n";
  }
  if (verb == "RNTO") {
    const auto from = entries_.find(from_);
    if (from == entries_.end()) return "503 RNFR first\r\n";
    Content content = std::move(from->second);
    entries_.erase(from);
    entries_[path] = std::move(content);
    return "250 renamed\r\n";
  }
  if (entry == entries_.end()) return "550 not here\r\n";
  if (verb == "RNFR") {
    from_ = path;
    return "350 to what?\r\n";
  }
  if (entry->second.has_value() != (verb == "DELE")) return "550 of the other kind\r\n";
  if (!listing(path, false).empty()) return "550 not empty\r\n";
  entries_.erase(entry);
  return "250 gone\r\n";
}

}  // namespace ftpfs::fuzz
