// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <ftpfs/proto/listing.hpp>

#include "listing/mlsd.hpp"
#include "listing/reader.hpp"
#include "text.hpp"

namespace ftpfs::proto {
namespace {

using listing::Reader;

bool is_self_or_parent(std::string_view name) noexcept {
  return name == "." || name == "..";
}

std::string_view without_line_end(std::string_view line) noexcept {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

// A date read as month-day that was meant as day-month.
void exchange_day_and_month(Entry& entry) noexcept {
  if (!entry.attributes.mtime) return;
  DateTime date = to_date_time(*entry.attributes.mtime);
  std::swap(date.day, date.month);
  if (const auto time = to_timestamp(date, 0)) entry.attributes.mtime = time;
}

}  // namespace

std::optional<Entry> to_entry(ListedLine&& line, std::int64_t now) {
  if (!Path::valid_name(line.name)) return std::nullopt;
  constexpr std::uint64_t largest = INT64_MAX;
  Entry entry;
  entry.name = std::move(line.name);
  entry.link_target = std::move(line.link_target);
  entry.attributes.kind = line.kind == ListedKind::directory ? Kind::directory
                          : line.kind == ListedKind::symlink ? Kind::symlink
                                                             : Kind::file;
  if (line.kind != ListedKind::directory) entry.attributes.size = std::min(line.size.value_or(0), largest);
  entry.attributes.size_known = !line.size_in_doubt && (line.size || line.kind != ListedKind::file);
  if (entry.attributes.kind != Kind::file) entry.attributes.size_known = true;
  if (line.mode) entry.attributes.mode = static_cast<std::uint16_t>(*line.mode & 0777);
  if (line.time) entry.attributes.mtime = to_timestamp(*line.time, now);
  return entry;
}

std::optional<ListedLine> parse_mlsd_line(std::string_view line) {
  auto facts = listing::read_fact_line(without_line_end(line));
  if (!facts || facts->self_or_parent || is_self_or_parent(facts->entry.name) || facts->entry.name.empty()) {
    return std::nullopt;
  }
  // Prose with a '=' and a ';' in it.
  if (facts->bad_fact || (!facts->typed && facts->bad_time)) return std::nullopt;
  return std::move(facts->entry);
}

std::optional<ListedLine> parse_list_line(std::string_view text) {
  Reader reader;
  std::vector<Reader::Line> lines;
  while (!text.empty()) reader.read(without_line_end(cut(text, '\n')), lines);
  reader.finish(lines);
  const auto is_entry = [](const Reader::Line& line) {
    return line.kind == Reader::Line::Kind::entry || line.kind == Reader::Line::Kind::guess;
  };
  const auto found = std::find_if(lines.begin(), lines.end(), is_entry);
  if (found == lines.end() || is_self_or_parent(found->entry.name)) return std::nullopt;
  return std::move(found->entry);
}

std::optional<Entry> parse_mlst_reply(const Reply& reply) {
  if (!reply.completion()) return std::nullopt;
  std::string_view rest = reply.text;
  while (!rest.empty()) {
    auto facts = listing::read_fact_line(without_line_end(cut(rest, '\n')));
    if (!facts || !facts->typed) continue;
    facts->entry.name = "x";  // any valid one; what the server calls it is not used
    auto entry = to_entry(std::move(facts->entry), 0);
    entry->name.clear();
    return entry;
  }
  return std::nullopt;
}

class ListingParser::Impl {
 public:
  Impl(ListingFormat format, std::int64_t now, std::string directory)
      : format_(format), now_(now), prefix_(std::move(directory)) {
    if (!prefix_.empty() && !prefix_.ends_with('/')) prefix_ += '/';
  }

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      collect(bytes.substr(0, end));
      if (end == bytes.npos) return;
      end_line();
      bytes.remove_prefix(end + 1);
    }
  }

  void finish() {
    if (!line_.empty() || overlong_) end_line();
    reader_.finish(read_);
    take_read_lines();
    release_guesses();
  }

  std::vector<Entry> take() { return std::exchange(ready_, {}); }

  std::uint64_t lines() const noexcept { return lines_; }
  std::uint64_t entries() const noexcept { return entries_ + guesses_.size(); }
  std::uint64_t unparsed() const noexcept { return unparsed_; }
  bool shows_self() const noexcept { return shows_self_; }
  const std::string& first_unparsed() const noexcept { return first_unparsed_; }

 private:
  void collect(std::string_view part) {
    const std::size_t room = max_line - line_.size();
    overlong_ = overlong_ || part.size() > room;
    line_ += part.substr(0, room);
  }

  void end_line() {
    ++lines_;
    const std::string_view line = without_line_end(line_);
    if (overlong_) {
      reject(line);
    } else if (format_ == ListingFormat::mlsd) {
      read_mlsd(line);
    } else {
      reader_.read(line, read_);
      take_read_lines();
    }
    overlong_ = false;
    line_.clear();
  }

  void read_mlsd(std::string_view line) {
    if (auto entry = parse_mlsd_line(line)) return accept(std::move(*entry), line);
    const auto facts = listing::read_fact_line(line);
    const bool known = facts && (facts->self_or_parent || is_self_or_parent(facts->entry.name));
    if (!known && !trim(line).empty()) reject(line);
  }

  void take_read_lines() {
    if (reader_.take_order_change()) std::for_each(ready_.begin(), ready_.end(), exchange_day_and_month);
    for (Reader::Line& line : read_) {
      switch (line.kind) {
        case Reader::Line::Kind::entry: {
          const std::string name = line.entry.name;
          accept(std::move(line.entry), name);
          break;
        }
        case Reader::Line::Kind::guess:
          if (auto entry = fit(std::move(line.entry))) guesses_.push_back(std::move(*entry));
          break;
        case Reader::Line::Kind::unparsed:
          reject(line.text);
          break;
        case Reader::Line::Kind::nothing:
          break;
      }
    }
    read_.clear();
  }

  // A path below the listed directory is an entry of it (some servers print what they were asked for in
  // front).
  std::optional<Entry> fit(ListedLine&& line) const {
    if (!prefix_.empty() && line.name.starts_with(prefix_)) line.name.erase(0, prefix_.size());
    if (line.name.starts_with("./")) line.name.erase(0, 2);
    if (line.kind == ListedKind::directory && line.name.ends_with('/')) line.name.pop_back();
    return to_entry(std::move(line), now_);
  }

  void accept(ListedLine&& listed, std::string_view line) {
    shows_self_ = shows_self_ || (listed.name == "." && listed.kind == ListedKind::directory);
    if (is_self_or_parent(listed.name)) return;
    auto entry = fit(std::move(listed));
    if (!entry) return reject(line);
    ++entries_;
    ready_.push_back(std::move(*entry));
  }

  void reject(std::string_view line) {
    constexpr std::size_t enough_for_a_log = 256;
    if (unparsed_++ == 0) first_unparsed_ = line.substr(0, enough_for_a_log);
  }

  // Guesses are right where the listing has little else to offer.
  void release_guesses() {
    const bool right = guesses_.size() > entries_ && guesses_.size() >= unparsed_;
    for (Entry& entry : std::exchange(guesses_, {})) {
      if (right) {
        ++entries_;
        ready_.push_back(std::move(entry));
      } else {
        reject(entry.name);
      }
    }
  }

  ListingFormat format_;
  std::int64_t now_;
  std::string prefix_;

  std::string line_;       // being received
  bool overlong_ = false;  // and what is beyond max_line was dropped
  Reader reader_;
  std::vector<Reader::Line> read_;  // scratch
  std::vector<Entry> ready_;
  std::vector<Entry> guesses_;

  std::uint64_t lines_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t unparsed_ = 0;
  bool shows_self_ = false;
  std::string first_unparsed_;
};

ListingParser::ListingParser(ListingFormat format, std::int64_t now, std::string directory)
    : impl_(std::make_unique<Impl>(format, now, std::move(directory))) {}
ListingParser::~ListingParser() = default;
ListingParser::ListingParser(ListingParser&&) noexcept = default;
ListingParser& ListingParser::operator=(ListingParser&&) noexcept = default;

void ListingParser::feed(std::string_view bytes) {
  impl_->feed(bytes);
}
void ListingParser::finish() {
  impl_->finish();
}
std::vector<Entry> ListingParser::take() {
  return impl_->take();
}
std::uint64_t ListingParser::lines() const noexcept {
  return impl_->lines();
}
std::uint64_t ListingParser::entries() const noexcept {
  return impl_->entries();
}
std::uint64_t ListingParser::unparsed() const noexcept {
  return impl_->unparsed();
}
bool ListingParser::shows_self() const noexcept {
  return impl_->shows_self();
}
const std::string& ListingParser::first_unparsed() const noexcept {
  return impl_->first_unparsed();
}

}  // namespace ftpfs::proto
