// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs {
namespace {

std::int64_t floor_to(std::int64_t seconds, Precision precision) noexcept {
  const std::int64_t unit = precision == Precision::day ? 86400 : precision == Precision::minute ? 60 : 1;
  const std::int64_t remainder = seconds % unit;
  return seconds - (remainder < 0 ? remainder + unit : remainder);
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
  const Precision coarser = std::max(left.precision, right.precision);
  return floor_to(left.seconds, coarser) == floor_to(right.seconds, coarser);
}

}  // namespace ftpfs
