// SPDX-License-Identifier: MIT
#include "corpus.hpp"

#include <cstdio>

namespace ftpfs::test {
namespace {

using nlohmann::json;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

bool is_utf8(const std::string& text) {
  try {
    (void)json(text).dump();
    return true;
  } catch (const json::type_error&) {
    return false;
  }
}

// JSON is UTF-8. Bytes that are not go out as their Latin-1 view, as they came in.
std::string printable(const std::string& bytes) {
  if (is_utf8(bytes)) return bytes;
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string_view type_name(proto::ListedKind kind) {
  switch (kind) {
    case proto::ListedKind::file:
      return "file";
    case proto::ListedKind::directory:
      return "dir";
    case proto::ListedKind::symlink:
      return "link";
    case proto::ListedKind::other:
      break;
  }
  return "other";
}

}  // namespace

bool is_mlsd(const json& object) {
  return object.at("style") == "mlsd";
}

std::optional<proto::ListedLine> read_corpus_line(const json& object) {
  const std::string line = object.contains("raw_hex") ? from_hex(object.at("raw_hex").get<std::string>())
                                                      : object.at("line").get<std::string>();
  return is_mlsd(object) ? proto::parse_mlsd_line(line) : proto::parse_list_line(line);
}

std::string to_corpus_form(const proto::DateTime& date, bool utc) {
  char text[64];
  std::string result = "-";
  if (date.year) {
    std::snprintf(text, sizeof text, "%04d", *date.year);
    result = text;
  }
  std::snprintf(text, sizeof text, "-%02d-%02d", date.month, date.day);
  result += text;
  if (date.precision == Precision::day) return result;
  std::snprintf(text, sizeof text, "T%02d:%02d", date.hour, date.minute);
  result += text;
  if (date.precision == Precision::second) {
    std::snprintf(text, sizeof text, ":%02d", date.second);
    result += text;
  }
  return utc ? result + 'Z' : result;
}

json to_corpus_form(const std::optional<proto::ListedLine>& line, bool utc) {
  if (!line) return nullptr;
  json object = {{"name", printable(line->name)},
                 {"type", type_name(line->kind)},
                 {"size", nullptr},
                 {"link_target", nullptr},
                 {"perm", nullptr},
                 {"mtime", nullptr}};
  if (line->size) object["size"] = *line->size;
  if (!line->link_target.empty()) object["link_target"] = printable(line->link_target);
  if (line->mode) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(*line->mode));
    object["perm"] = mode;
  }
  if (line->time) object["mtime"] = to_corpus_form(*line->time, utc);
  return object;
}

}  // namespace ftpfs::test
