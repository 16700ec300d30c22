// SPDX-License-Identifier: MIT
#include "own_names.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ftpfs::ftp {
namespace {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string hidden_name(SessionContext& context, std::string_view what) {
  return fmt::format(".ftpfs-{}-{:020}", what, context.random());
}

}  // namespace

std::string child_path(std::string_view directory, std::string_view name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

std::string own_name(SessionContext& context, std::string_view what) {
  constexpr std::uint64_t seven_digits = 10'000'000;
  if (context.profile.relative) return fmt::format("F{:07}", context.random() % seven_digits);
  return hidden_name(context, what);
}

Probe::Probe(std::shared_ptr<SessionContext> context, std::string_view directory)
    : context_(std::move(context)),
      name_(hidden_name(*context_, "probe")),
      path_(child_path(directory, name_)) {
  context_->probes.insert(name_);
}

// A probe that is gone stays hidden: listings that were under way may still show it.
Probe::~Probe() {
  if (gone_) return;
  context_->probes.erase(name_);
  context_->logger->warn("{} may be left over on the server: it may be removed", escaped(path_));
}

bool is_probe(const SessionContext& context, std::string_view name) noexcept {
  const auto same = [](char left, char right) { return to_lower(left) == right; };
  return std::ranges::any_of(context.probes,
                             [&](const std::string& probe) { return std::ranges::equal(name, probe, same); });
}

}  // namespace ftpfs::ftp
