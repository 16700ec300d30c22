// SPDX-License-Identifier: MIT
#include "kept_names.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include <fmt/format.h>

#include "listing.hpp"
#include "look.hpp"
#include "probe.hpp"

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

// A name of ours with one trait of `name`: the very characters that make it up.
std::string sample(std::string_view name, NameTraits trait) {
  const std::string plain = probe_name();
  if (trait == leading_blank) return ' ' + plain;
  if (trait == trailing_blank || trait == trailing_dot) return plain + name.back();
  std::string text = plain + '-';
  for (const char c : name) {
    const bool wanted = (trait_of(c) & trait) != 0;
    const bool known = trait != beyond_ascii && text.ends_with(c);  // characters of several bytes stay whole
    if (wanted && !known) text += c;
  }
  return text + '-';
}

// The digits of a probe's name are the one thing that no server changes.
std::string_view digits_of(std::string_view probe) noexcept {
  const std::size_t begin = probe.find_first_of("0123456789");
  return probe.substr(begin, 20);
}

awaitable<std::vector<Entry>> list_or_nothing(std::shared_ptr<Session> session, std::string path,
                                              std::stop_token stop) {
  std::vector<Entry> entries;
  try {
    entries = co_await list_directory(session, path, stop);
  } catch (const ConnectionLost&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error&) {
    // May not be read: then nothing is known.
  }
  co_return entries;
}

struct Probe {
  NameTraits trait;
  std::string name;
};

std::vector<Probe> probes_for(std::string_view name, NameTraits traits) {
  std::vector<Probe> probes;
  for (; traits != 0; traits &= traits - 1) {
    const NameTraits trait = NameTraits{1} << std::countr_zero(traits);
    probes.push_back({trait, sample(name, trait)});
  }
  return probes;
}

// A name that the server refused is not listed: that does no harm, what was wanted goes to it as it is.
void judge(SessionContext& context, const Probe& probe, const std::vector<Entry>& entries) {
  ServerProfile& profile = context.profile;
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.name.find(digits_of(probe.name)) != entry.name.npos;
  });
  const std::string& name = found == entries.end() ? probe.name : found->name;
  const bool kept = name == probe.name;
  (kept ? profile.kept_traits : profile.lost_traits) |= probe.trait;
  if (kept) return;
  context.logger->info("the server makes '{}' of the name '{}': such names are refused", escaped(name),
                       escaped(probe.name));
}

// What there is to remove; as it was asked for where the server does not list it.
std::vector<std::string> leftovers(const std::vector<Probe>& probes, const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  if (!names.empty()) return names;
  for (const Probe& probe : probes) names.push_back(probe.name);
  return names;
}

// In a directory of their own, which is quickly listed.
awaitable<void> find_out(std::shared_ptr<Session> session, std::string directory, std::vector<Probe> probes) {
  const std::stop_token stop = session->context().tasks.stop_token();  // what is made is removed
  const std::string place = child_path(directory, probe_name());
  const Reply made = co_await session->command(Verb::mkd, place, stop);
  std::vector<Entry> entries;
  if (made.completion()) {
    for (const Probe& probe : probes) {
      const std::string path = child_path(place, probe.name);
      co_await session->command(Verb::mkd, path, stop);
    }
    entries = co_await list_or_nothing(session, place, stop);
  }
  for (const Probe& probe : probes) judge(session->context(), probe, entries);
  const std::vector<std::string> names = leftovers(probes, entries);
  for (const std::string& name : names) {
    const std::string path = child_path(place, name);
    if (made.completion()) co_await session->command(Verb::rmd, path, stop);
  }
  if (made.completion()) co_await session->command(Verb::rmd, place, stop);
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
    std::vector<Probe> probes = probes_for(name, unknown);
    co_await find_out(session, directory, std::move(probes));
  }
  if (known_lost(profile, path))
    throw Error(EINVAL, fmt::format("{}: the server would give it another name", escaped(path)));
}

}  // namespace

awaitable<void> require_kept(std::shared_ptr<Session> session, std::string path) {
  return require(std::move(session), std::move(path), ~NameTraits{0});
}

awaitable<void> require_unconfused(std::shared_ptr<Session> session, std::string path) {
  return require(std::move(session), std::move(path), confusing);
}

void learn_from(ServerProfile& profile, std::span<const Entry> entries) noexcept {
  if ((profile.kept_traits & upper_case) != 0) return;
  for (const Entry& entry : entries)
    profile.kept_traits |= traits_of(std::string_view(entry.name)) & upper_case;
}

}  // namespace ftpfs::ftp
