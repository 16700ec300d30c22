// SPDX-License-Identifier: MIT
#include "support/fake_server/listing.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace ftpfs::test::fake {
namespace {

std::tm utc(std::time_t time) {
  std::tm fields{};
  gmtime_r(&time, &fields);
  return fields;
}

std::string formatted(std::time_t time, const char* format) {
  const std::tm fields = utc(time);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &fields)};
}

std::string permissions(const Node& node) {
  std::string text = node.is_directory() ? "d" : node.kind == Node::Kind::symlink ? "l" : "-";
  for (int bit = 8; bit >= 0; --bit) text += (node.mode >> bit & 1) != 0 ? "xwr"[bit % 3] : '-';
  return text;
}

std::size_t size_of(const Node& node) {
  return node.kind == Node::Kind::file ? node.content.size() : node.target.size();
}

}  // namespace

std::string timestamp(std::time_t time) {
  return formatted(time, "%Y%m%d%H%M%S");
}

std::optional<std::time_t> parse_timestamp(std::string_view text) {
  if (text.size() != 14 || !std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); }))
    return {};
  const std::string copy(text);
  std::tm fields{};
  if (strptime(copy.c_str(), "%Y%m%d%H%M%S", &fields) == nullptr) return {};
  return timegm(&fields);
}

std::string facts(const Node& node, const Node* target, std::string_view type, const Behaviour& behaviour) {
  using Links = Behaviour::Links;
  const Links links = behaviour.mlsd_links;
  const Node* shown = &node;
  std::string shown_type(type);
  if (node.kind == Node::Kind::symlink) {
    if (links == Links::followed && target != nullptr) {
      shown = target;
      shown_type = target->is_directory() ? "dir" : "file";
    } else {
      shown_type = links == Links::slink ? "OS.unix=slink:" + node.target : "OS.unix=symlink";
    }
  }
  std::string text = "type=" + shown_type + ";modify=" + timestamp(shown->mtime) + ";";
  const bool sized = behaviour.facts_have_size && !behaviour.facts_hide_size;
  if (sized && !shown->is_directory()) text += fmt::format("size={};", size_of(*shown));
  return text + fmt::format("UNIX.mode={:04o}; ", shown->mode);
}

std::string unix_line(const std::string& name, const Node& node, std::time_t now, std::time_t offset) {
  const bool recent = now - node.mtime < 180 * 86'400;
  std::string line = fmt::format("{}   1 joe      users    {:>10} {} {}", permissions(node), size_of(node),
                                 formatted(node.mtime + offset, recent ? "%b %e %H:%M" : "%b %e  %Y"), name);
  if (node.kind == Node::Kind::symlink) line += " -> " + node.target;
  return line;
}

std::string dos_line(const std::string& name, const Node& node, std::time_t offset) {
  const std::string size =
      node.is_directory() ? fmt::format("{:<20}", "      <DIR>") : fmt::format("{:>20}", size_of(node));
  return formatted(node.mtime + offset, "%m-%d-%y  %I:%M%p ") + size + " " + name;
}

std::string vms_line(const std::string& name, const Node& node, std::time_t offset) {
  const std::size_t blocks = (size_of(node) + 511) / 512;
  return fmt::format("{}{};1  {}/{}  {}  [JOE]  (RWED,RWED,RE,)", name, node.is_directory() ? ".DIR" : "",
                     blocks, blocks + 2, formatted(node.mtime + offset, "%d-%b-%Y %H:%M:%S"));
}

std::string zos_lines(const Node& directory, bool members) {
  std::string text = members ? " Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\n"
                             : "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\n";
  for (const auto& [name, node] : directory.children) {
    const std::string day = formatted(node->mtime, "%Y/%m/%d");
    if (members) {
      text += fmt::format("{:<9} 01.01 {} {} {:>5} {:>5} {:>5} JOE\r\n", name, day,
                          formatted(node->mtime, "%Y/%m/%d %H:%M"), 1, 1, 0);
    } else {
      text += fmt::format("USER01 3390   {}  1    1  FB      80  8000  {:<4}  {}\r\n", day,
                          node->is_directory() ? "PO" : "PS", name);
    }
  }
  return text;
}

}  // namespace ftpfs::test::fake
