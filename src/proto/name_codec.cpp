// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <iconv.h>

#include <ftpfs/proto/name_codec.hpp>
#include <ftpfs/remote/types.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

constexpr std::size_t escape_size = 4;  // \xHH

constexpr bool is_upper_hex(char c) noexcept {
  return is_digit(c) || (c >= 'A' && c <= 'F');
}

bool is_escape(std::string_view text) noexcept {
  return text.size() >= escape_size && text.starts_with("\\x") && is_upper_hex(text[2]) &&
         is_upper_hex(text[3]);
}

std::size_t find_escape(std::string_view text) noexcept {
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at + 1)) {
    if (is_escape(text.substr(at))) return at;
  }
  return text.npos;
}

void append_escape(std::string& out, char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += digits[value >> 4];
  out += digits[value & 15];
}

char escaped_byte(std::string_view escape) noexcept {
  return static_cast<char>(to_number<unsigned>(escape.substr(2, 2), 16).value_or(0));
}

constexpr bool is_portable(char c) noexcept {
  return is_digit(c) || is_alpha(c) || c == '.' || c == '_' || c == '-' || c == ' ';
}

// One direction. iconv keeps shift states, hence the reset before and the flush behind each text.
class Converter {
 public:
  Converter(const std::string& to, const std::string& from)
      : handle_(::iconv_open(to.c_str(), from.c_str())) {
    if (handle_ == invalid())
      throw std::invalid_argument("no conversion from '" + from + "' to '" + to +
                                  "' (iconv -l lists what there is)");
  }
  ~Converter() { ::iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // Appends what `text` means up to the first thing that means nothing; returns how many bytes that was.
  std::size_t convert(std::string_view text, std::string& out) {
    ::iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    char* in = const_cast<char*>(text.data());  // iconv(3) does not write to it
    std::size_t left = text.size();
    while (left > 0 && step(&in, &left, out)) {
    }
    step(nullptr, nullptr, out);
    return text.size() - left;
  }

  std::optional<std::string> whole(std::string_view text) {
    std::string out;
    if (convert(text, out) != text.size()) return std::nullopt;
    return out;
  }

 private:
  static iconv_t invalid() noexcept { return reinterpret_cast<iconv_t>(-1); }

  bool step(char** in, std::size_t* left, std::string& out) {
    char buffer[512];
    char* end = buffer;
    std::size_t room = sizeof buffer;
    const std::size_t result = ::iconv(handle_, in, left, &end, &room);
    const bool go_on = result != static_cast<std::size_t>(-1) || errno == E2BIG;
    out.append(buffer, end);
    return go_on;
  }

  iconv_t handle_;
};

}  // namespace

struct NameCodec::Tables {
  Tables(const std::string& server, const std::string& local) : decode(local, server), encode(server, local) {
    for (char c = ' '; c <= '~'; ++c) {
      const std::string text(1, c);
      const bool same = decode.whole(text) == text && encode.whole(text) == text;
      if (!same && (is_portable(c) || c == '/')) {
        throw std::invalid_argument("names cannot be converted between '" + server + "' and '" + local +
                                    "': both must be extensions of ASCII");
      }
      extends_ascii = extends_ascii && same;
    }
  }

  // Most names: nothing to convert, nothing to escape.
  bool is_plain(std::string_view name) const noexcept {
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    return extends_ascii && std::all_of(name.begin(), name.end(), printable) &&
           find_escape(name) == name.npos;
  }

  std::string decoded(std::string_view name) {
    std::string out;
    while (!name.empty()) {
      std::string text;
      name.remove_prefix(decode.convert(name, text));
      append_guarded(out, text);
      if (name.empty()) break;
      append_escape(out, name.front());
      name.remove_prefix(1);
    }
    return out;
  }

  // What looks like an escape, and is none.
  static void append_guarded(std::string& out, std::string_view text) {
    for (std::size_t at = find_escape(text); at != text.npos; at = find_escape(text)) {
      out += text.substr(0, at);
      append_escape(out, '\\');
      text.remove_prefix(at + 1);
    }
    out += text;
  }

  std::optional<std::string> encoded(std::string_view name) {
    std::string out;
    while (!name.empty()) {
      const std::string_view text = name.substr(0, find_escape(name));
      if (encode.convert(text, out) != text.size()) return std::nullopt;
      name.remove_prefix(text.size());
      if (name.empty()) break;
      out += escaped_byte(name);
      name.remove_prefix(escape_size);
    }
    return out;
  }

  // Where a character set has two spellings for one character, or the local one has no room for it.
  static std::string spelt_out(std::string_view name) {
    std::string out;
    for (const char c : name) {
      if (is_portable(c)) {
        out += c;
      } else {
        append_escape(out, c);
      }
    }
    return out;
  }

  Converter decode;
  Converter encode;
  bool extends_ascii = true;  // in both directions, punctuation included (not so: Shift_JIS, UTF-7)
};

NameCodec::NameCodec() = default;
NameCodec::~NameCodec() = default;
NameCodec::NameCodec(NameCodec&&) noexcept = default;
NameCodec& NameCodec::operator=(NameCodec&&) noexcept = default;

NameCodec::NameCodec(const std::string& server, const std::string& local) {
  // To iconv_open(3) an empty name is the locale's, and a slash begins wishes such as //TRANSLIT.
  for (const std::string& name : {server, local}) {
    if (name.empty() || name.find('/') != name.npos)
      throw std::invalid_argument("'" + name + "' is not a character set");
  }
  const auto canonical = [](std::string name) {
    std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
    return lower(name);
  };
  auto tables = std::make_unique<Tables>(server, local);  // also to find out whether there are such
  if (canonical(server) != canonical(local)) tables_ = std::move(tables);
}

std::string NameCodec::to_local(std::string_view name) const {
  if (!tables_ || tables_->is_plain(name)) return std::string(name);
  std::string local = tables_->decoded(name);
  const bool sound = !local.empty() && local != "." && local != ".." &&
                     local.find_first_of(std::string_view("/\0", 2)) == local.npos;
  if (sound && tables_->encoded(local) == name) return local;
  return Tables::spelt_out(name);
}

std::optional<std::string> NameCodec::to_server(std::string_view name) const {
  if (!tables_ || tables_->is_plain(name)) return std::string(name);
  std::optional<std::string> raw = tables_->encoded(name);
  const bool usable = raw && Path::valid_name(*raw) && to_local(*raw) == name;
  return usable ? std::move(raw) : std::nullopt;
}

namespace {

template <class Convert>
std::optional<std::string> each_component(std::string_view path, Convert convert) {
  std::string out;
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    const std::optional<std::string> converted = name.empty() ? std::string() : convert(name);
    if (!converted) return std::nullopt;
    out += *converted;
    if (slash == path.npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<std::string> NameCodec::path_to_server(std::string_view path) const {
  if (!tables_) return std::string(path);
  return each_component(path, [this](std::string_view name) { return to_server(name); });
}

std::string NameCodec::path_to_local(std::string_view path) const {
  if (!tables_) return std::string(path);
  const auto convert = [this](std::string_view name) { return std::optional(to_local(name)); };
  return each_component(path, convert).value_or(std::string(path));
}

}  // namespace ftpfs::proto
