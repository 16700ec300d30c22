// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs {
namespace {

std::int64_t begin_of(Timestamp time) noexcept {
  if (time.precision != Precision::minute) return time.seconds;
  const std::int64_t remainder = time.seconds % 60;
  return time.seconds - (remainder < 0 ? remainder + 60 : remainder);
}

}  // namespace

Path::Path(std::string_view text) {
  text_.clear();
  while (!text.empty()) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view component = text.substr(0, slash);
    text.remove_prefix(std::min(slash + 1, text.size()));
    if (component.empty()) continue;
    if (component == "." || component == ".." || component.find('\0') != component.npos) {
      throw Error(EINVAL, "not a path: " + escaped(component));
    }
    text_ += '/';
    text_ += component;
  }
  if (text_.empty()) text_ = "/";
}

Path Path::child(std::string_view name) const {
  if (!valid_name(name)) throw Error(EINVAL, "not a file name: " + escaped(name));
  Path result = *this;
  if (!is_root()) result.text_ += '/';
  result.text_ += name;
  return result;
}

Path Path::parent() const {
  Path result;
  const std::size_t slash = text_.rfind('/');
  if (slash > 0) result.text_ = text_.substr(0, slash);
  return result;
}

std::string_view Path::name() const noexcept {
  return std::string_view(text_).substr(text_.rfind('/') + 1);
}

bool Path::is_below(const Path& ancestor) const noexcept {
  if (ancestor.is_root()) return !is_root();
  return text_.size() > ancestor.text_.size() && text_.starts_with(ancestor.text_) &&
         text_[ancestor.text_.size()] == '/';
}

bool Path::valid_name(std::string_view name) noexcept {
  constexpr std::size_t name_max = 255;
  return !name.empty() && name.size() <= name_max && name != "." && name != ".." &&
         name.find('/') == name.npos && name.find('\0') == name.npos;
}

bool consistent(Timestamp left, Timestamp right) noexcept {
  if (left.precision < right.precision) std::swap(left, right);
  // A day is that of the server's zone, and begins an hour earlier or later when summer time was not like
  // now.
  const std::int64_t slack = left.precision == Precision::day ? 3600 : 0;
  const std::int64_t later = begin_of(right) - begin_of(left);
  if (left.precision == right.precision) return -slack <= later && later <= slack;
  const std::int64_t unit = left.precision == Precision::day ? 86400 : 60;
  return -slack <= later && later < unit + slack;
}

bool same_version(const Attributes& left, const Attributes& right) noexcept {
  if (left.kind != right.kind) return false;
  if (left.size_known && right.size_known && left.size != right.size) return false;
  return !left.mtime || !right.mtime || consistent(*left.mtime, *right.mtime);
}

}  // namespace ftpfs
