// SPDX-License-Identifier: MIT
// One "name value" a line, in a fixed order; the last line is the checksum of what precedes it. Bytes of
// names that are no plain characters are written %XX.
#include <charconv>
#include <cstddef>
#include <exception>
#include <vector>

#include <fmt/format.h>

#include <ftpfs/base/hash.hpp>
#include <ftpfs/vfs/record.hpp>

namespace ftpfs::vfs {
namespace {

struct Malformed final : std::exception {};

constexpr std::string_view heading = "ftpfs-record 1\n";
constexpr std::string_view seal = "checksum ";

std::string plain(std::string_view text) {
  std::string result;
  for (const unsigned char c : text) {
    if (c > ' ' && c < 0x7F && c != '%')
      result += static_cast<char>(c);
    else
      result += fmt::format("%{:02X}", c);
  }
  return result;
}

std::string line_of(const Attributes& base) {
  std::string text = fmt::format("base {} {}", base.size, base.size_known ? 1 : 0);
  if (base.mtime) text += fmt::format(" {} {}", base.mtime->seconds, static_cast<int>(base.mtime->precision));
  return text + "\n";
}

// Reads the lines one by one; the first one that is not as it must be makes it all invalid.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next_is(std::string_view name) const {
    return rest_.substr(0, name.size()) == name && rest_.substr(name.size(), 1) == " ";
  }
  // The words behind the name of the next line.
  std::vector<std::string_view> words(std::string_view name) {
    if (!next_is(name)) throw Malformed();
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos) throw Malformed();
    std::string_view line = rest_.substr(name.size() + 1, end - name.size() - 1);
    rest_.remove_prefix(end + 1);
    std::vector<std::string_view> found;
    for (std::size_t blank = line.find(' '); blank != line.npos; blank = line.find(' ')) {
      found.push_back(line.substr(0, blank));
      line.remove_prefix(blank + 1);
    }
    found.push_back(line);
    return found;
  }
  std::string_view word(std::string_view name) {
    const auto found = words(name);
    if (found.size() != 1) throw Malformed();
    return found.front();
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

template <class Number>
Number number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failure != std::errc() || end != text.data() + text.size()) throw Malformed();
  return value;
}

std::string unplain(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    if (text.size() - at < 3) throw Malformed();
    result += static_cast<char>(number<std::uint8_t>(text.substr(at + 1, 2), 16));
    at += 2;
  }
  return result;
}

Attributes base_of(const std::vector<std::string_view>& words) {
  if (words.size() != 2 && words.size() != 4) throw Malformed();
  Attributes base;
  base.size = number<std::uint64_t>(words[0]);
  base.size_known = number<int>(words[1]) != 0;
  if (words.size() == 4) {
    const int precision = number<int>(words[3]);
    if (precision < 0 || precision > static_cast<int>(Precision::day)) throw Malformed();
    base.mtime = Timestamp{number<std::int64_t>(words[2]), static_cast<Precision>(precision)};
  }
  return base;
}

Stage::Extent extent_of(Lines& lines) {
  Stage::Extent extent;
  const auto sizes = lines.words("sizes");
  if (sizes.size() != 4) throw Malformed();
  extent.size = number<std::uint64_t>(sizes[0]);
  extent.server_size = number<std::uint64_t>(sizes[1]);
  extent.base_size = number<std::uint64_t>(sizes[2]);
  extent.lowest_change = number<std::uint64_t>(sizes[3]);
  const bool fits = extent.base_size <= extent.size && extent.base_size <= extent.server_size &&
                    extent.size <= Stage::largest;
  if (!fits) throw Malformed();
  while (lines.next_is("present")) {
    const auto range = lines.words("present");
    if (range.size() != 2) throw Malformed();
    const Range present{number<std::uint64_t>(range[0]), number<std::uint64_t>(range[1])};
    if (present.begin >= present.end || present.end > extent.base_size) throw Malformed();
    extent.present.push_back(present);
  }
  return extent;
}

Record parse(std::string_view body) {
  Lines lines(body);
  Record record;
  record.source = unplain(lines.word("source"));
  record.path = Path(unplain(lines.word("path")));
  record.state = number<int>(lines.word("complete")) != 0 ? Record::State::complete : Record::State::open;
  if (lines.next_is("base")) record.base = base_of(lines.words("base"));
  record.extent = extent_of(lines);
  record.may_append = number<int>(lines.word("append")) != 0;
  record.written_at = number<std::int64_t>(lines.word("written"));
  if (lines.next_is("mtime")) record.mtime = number<std::int64_t>(lines.word("mtime"));
  if (lines.next_is("mode")) record.mode = number<std::uint16_t>(lines.word("mode"), 8);
  if (lines.next_is("temporary")) record.temporary = Path(unplain(lines.word("temporary")));
  if (lines.next_is("boot")) record.boot = unplain(lines.word("boot"));
  if (lines.next_is("replaces")) record.replaces = number<std::uint64_t>(lines.word("replaces"));
  if (!lines.at_end()) throw Malformed();
  return record;
}

}  // namespace

std::string encode(const Record& record) {
  std::string text(heading);
  text += fmt::format("source {}\npath {}\n", plain(record.source), plain(record.path.str()));
  text += fmt::format("complete {}\n", record.state == Record::State::complete ? 1 : 0);
  if (record.base) text += line_of(*record.base);
  const Stage::Extent& extent = record.extent;
  text += fmt::format("sizes {} {} {} {}\n", extent.size, extent.server_size, extent.base_size,
                      extent.lowest_change);
  for (const Range& range : extent.present) text += fmt::format("present {} {}\n", range.begin, range.end);
  text += fmt::format("append {}\nwritten {}\n", record.may_append ? 1 : 0, record.written_at);
  if (record.mtime) text += fmt::format("mtime {}\n", *record.mtime);
  if (record.mode) text += fmt::format("mode {:o}\n", *record.mode);
  if (record.temporary) text += fmt::format("temporary {}\n", plain(record.temporary->str()));
  if (record.boot) text += fmt::format("boot {}\n", plain(*record.boot));
  if (record.replaces) text += fmt::format("replaces {}\n", *record.replaces);
  return text + fmt::format("{}{:016x}\n", seal, fnv1a(text));
}

std::optional<Record> decode(std::string_view text) {
  constexpr std::size_t seal_size = seal.size() + 16 + 1;
  if (!text.starts_with(heading) || text.size() < heading.size() + seal_size) return std::nullopt;
  const std::string_view sealed = text.substr(0, text.size() - seal_size);
  if (text.substr(sealed.size()) != fmt::format("{}{:016x}\n", seal, fnv1a(sealed))) return std::nullopt;
  try {
    return parse(sealed.substr(heading.size()));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace ftpfs::vfs
