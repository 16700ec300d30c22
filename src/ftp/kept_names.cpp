// SPDX-License-Identifier: MIT
#include "kept_names.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "listing.hpp"
#include "look.hpp"
#include "own_names.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

enum Trait : NameTraits {
  leading_blank = 1U << 0,
  trailing_blank = 1U << 1,
  trailing_dot = 1U << 2,
  control = 1U << 3,
  upper_case = 1U << 4,
  beyond_ascii = 1U << 5,
  first_sign = 1U << 6,  // and one more bit for each of `signs`
};

// Where another name may be there already.
constexpr NameTraits confusing = leading_blank | trailing_blank | trailing_dot;

constexpr std::string_view signs = "<>:\"|?*\\";  // what Windows keeps out of names

NameTraits trait_of(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80) return beyond_ascii;
  if (byte < 0x20 || byte == 0x7F) return control;
  if (c >= 'A' && c <= 'Z') return upper_case;
  const std::size_t sign = signs.find(c);
  return sign == signs.npos ? 0 : NameTraits{first_sign} << sign;
}

// `plain` with one trait of `name`: the very characters that make it up.
std::string with_trait(const std::string& plain, std::string_view name, NameTraits trait) {
  if (trait == leading_blank) return ' ' + plain;
  if (trait == trailing_blank) return plain + ' ';
  if (trait == trailing_dot) return plain + '.';
  std::string text = plain + '-';
  for (const char c : name) {
    const bool wanted = (trait_of(c) & trait) != 0;
    const bool known = trait != beyond_ascii && text.ends_with(c);  // characters of several bytes stay whole
    if (wanted && !known) text += c;
  }
  return text + '-';
}

// The digits of a sample's name are the one thing that no server changes.
std::string_view digits_of(std::string_view sample) noexcept {
  constexpr std::string_view digits = "0123456789";
  const std::size_t begin = sample.find_first_of(digits);
  return sample.substr(begin, sample.find_first_not_of(digits, begin) - begin);
}

struct Sample {
  NameTraits trait;
  std::string name;
  bool refused = false;  // by a server that made the directory for it
};

std::vector<Sample> samples_for(SessionContext& context, std::string_view name, NameTraits traits) {
  std::vector<Sample> samples;
  for (; traits != 0; traits &= traits - 1) {
    const NameTraits trait = NameTraits{1} << std::countr_zero(traits);
    samples.push_back({trait, with_trait(own_name(context, "probe"), name, trait)});
  }
  return samples;
}

// A name that the server refused is not listed: that does no harm, what was wanted goes to it as it is. So
// does what could not be tried, unless it might hit something else.
void judge(SessionContext& context, const Sample& sample, const std::vector<Entry>& entries) {
  ServerProfile& profile = context.profile;
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.name.find(digits_of(sample.name)) != entry.name.npos;
  });
  const bool tried = found != entries.end() || sample.refused;
  if (!tried && (sample.trait & confusing) != 0) return;
  const std::string& name = found == entries.end() ? sample.name : found->name;
  const bool kept = name == sample.name;
  (kept ? profile.kept_traits : profile.lost_traits) |= sample.trait;
  if (kept) return;
  context.logger->info("the server makes '{}' of the name '{}': such names are refused", escaped(name),
                       escaped(sample.name));
}

// What there is to remove; as it was asked for where the server does not list it.
std::vector<std::string> leftovers(const std::vector<Sample>& samples, const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  if (!names.empty()) return names;
  for (const Sample& sample : samples) names.push_back(sample.name);
  return names;
}

// In a directory of their own, which is quickly listed. What is made is removed, whoever stops waiting.
awaitable<void> find_out(std::shared_ptr<Session> session, std::string directory,
                         std::vector<Sample> samples) {
  SessionContext& context = session->context();
  const std::stop_token stop = context.tasks.stop_token();
  Probe place(session->shared_context(), directory);
  std::vector<Entry> entries;
  // pure-ftpd 1.0.50 ends the session ("421 chdir") at the first listing after its own directory was removed.
  co_await session->command(Verb::cwd, directory, stop);
  const Reply made = co_await session->command(Verb::mkd, place.path(), stop);
  if (made.completion()) {
    for (Sample& sample : samples) {
      const std::string path = child_path(place.path(), sample.name);
      const Reply reply = co_await session->command(Verb::mkd, path, stop);
      sample.refused = reply.permanent();
    }
    entries = co_await list_if_readable(session, place.path(), stop);
  }
  for (const Sample& sample : samples) judge(context, sample, entries);
  if (!made.completion()) {
    place.gone();
    co_return;
  }
  const std::vector<std::string> names = leftovers(samples, entries);
  for (const std::string& name : names) {
    const std::string path = child_path(place.path(), name);
    co_await session->command(Verb::rmd, path, stop);
  }
  const Reply removed = co_await session->command(Verb::rmd, place.path(), stop);
  if (removed.completion()) place.gone();
}

}  // namespace

NameTraits traits_of(std::string_view name) noexcept {
  if (name.empty()) return 0;
  NameTraits traits = 0;
  for (const char c : name) traits |= trait_of(c);
  if (name.front() == ' ') traits |= leading_blank;
  if (name.back() == ' ') traits |= trailing_blank;
  if (name.back() == '.') traits |= trailing_dot;
  return traits;
}

bool known_lost(const ServerProfile& profile, std::string_view path) noexcept {
  return (traits_of(name_of(path)) & profile.lost_traits) != 0;
}

bool may_be_confused(const ServerProfile& profile, std::string_view path) noexcept {
  return (traits_of(name_of(path)) & confusing & ~profile.kept_traits) != 0;
}

namespace {

awaitable<void> require(std::shared_ptr<Session> session, std::string path, NameTraits which) {
  const ServerProfile& profile = session->profile();
  const std::string_view name = name_of(path);
  const NameTraits unknown = traits_of(name) & which & ~profile.kept_traits & ~profile.lost_traits;
  if (unknown != 0 && !known_lost(profile, path)) {
    const std::string directory = parent_of(path);
    std::vector<Sample> samples = samples_for(session->context(), name, unknown);
    co_await find_out(session, directory, std::move(samples));
  }
  if (known_lost(profile, path))
    throw Error(EINVAL, fmt::format("{}: the server would give it another name", escaped(path)));
  if (may_be_confused(profile, path))
    throw Error(EINVAL, fmt::format("{}: nothing tells whether the server would keep that name, or take it "
                                    "for another file's",
                                    escaped(path)));
}

}  // namespace

awaitable<void> require_kept(std::shared_ptr<Session> session, std::string path) {
  return require(std::move(session), std::move(path), ~NameTraits{0});
}

awaitable<void> require_unconfused(std::shared_ptr<Session> session, std::string path) {
  return require(std::move(session), std::move(path), confusing);
}

awaitable<void> learn_traits(std::shared_ptr<Session> session, std::string directory, std::string foreign) {
  const ServerProfile& profile = session->profile();
  const std::string everything = fmt::format("A\x01{}{}", signs, foreign);
  const NameTraits traits = traits_of(everything) | confusing;
  const NameTraits unknown = traits & ~profile.kept_traits & ~profile.lost_traits;
  std::vector<Sample> samples = samples_for(session->context(), everything, unknown);
  if (!samples.empty()) co_await find_out(session, directory, std::move(samples));
}

std::vector<std::string> in_words(NameTraits traits) {
  constexpr std::pair<NameTraits, const char*> words[] = {{leading_blank, "blanks at the beginning"},
                                                          {trailing_blank, "blanks at the end"},
                                                          {trailing_dot, "dots at the end"},
                                                          {control, "control characters"},
                                                          {upper_case, "capitals"},
                                                          {beyond_ascii, "letters beyond ASCII"}};
  std::vector<std::string> result;
  for (const auto& [trait, word] : words) {
    if ((traits & trait) != 0) result.emplace_back(word);
  }
  for (std::size_t i = 0; i < signs.size(); ++i) {
    if ((traits & NameTraits{first_sign} << i) != 0) result.emplace_back(1, signs[i]);
  }
  return result;
}

void learn_from(ServerProfile& profile, std::span<const Entry> entries) noexcept {
  if ((profile.kept_traits & upper_case) != 0) return;
  for (const Entry& entry : entries)
    profile.kept_traits |= traits_of(std::string_view(entry.name)) & upper_case;
}

}  // namespace ftpfs::ftp
