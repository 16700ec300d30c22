// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/amounts.hpp>
#include <ftpfs/cli/recover.hpp>
#include <ftpfs/cli/spool.hpp>

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using vfs::LeftFolder;
using vfs::Leftover;

std::string_view name_of(Leftover::State state) {
  constexpr std::string_view names[] = {"unsent", "unfinished", "damaged", "kept"};
  return names[static_cast<std::size_t>(state)];
}

// Record::source holds user, host, port and directory, a line each.
std::string shown_source(const std::string& source) {
  std::string text;
  std::vector<std::string> parts(1);
  for (const char c : source) {
    if (c == '\n')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (parts.size() != 4) return escaped(source);
  return escaped(
      fmt::format("{}@{}{}:{}", parts[0], parts[1], parts[2] == "21" ? "" : ":" + parts[2], parts[3]));
}

std::vector<LeftFolder> look_below(const fs::path& base) {
  std::vector<LeftFolder> found;
  std::error_code failure;
  std::vector<fs::path> folders{base};
  for (const auto& entry : fs::directory_iterator(base, failure)) {
    if (entry.is_directory(failure)) folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    try {
      LeftFolder left = vfs::look_into(folder.string(), boot_id());
      if (!left.files.empty()) found.push_back(std::move(left));
    } catch (const Error& error) {
      if (error.code() == ENOENT && folder != base) continue;  // its mount has just ended
      throw Failure(ExitStatus::local_files, error.what(), {}, error.code());
    }
  }
  return found;
}

// Of one server: by the names of the folders, for nobody may know yet who would log in.
std::vector<LeftFolder> of_server(const fs::path& base, const Settings& settings) {
  ftp::FtpConfig config = settings.ftp;
  config.user = settings.user.value_or("");
  const std::string name = spool_folder_name(config);  // user@host-hash
  const std::string beginning = name.substr(0, name.rfind('-') + 1);
  std::vector<LeftFolder> found = look_below(base);
  std::erase_if(found, [&](const LeftFolder& folder) {
    const std::string its = fs::path(folder.path).filename();
    const bool same = settings.user ? its.starts_with(beginning) : its.find(beginning) != its.npos;
    return !same;
  });
  return found;
}

std::vector<LeftFolder> asked_for(const Settings& settings) {
  const std::string base =
      settings.vfs.spool_directory.empty() ? default_spool_base() : settings.vfs.spool_directory;
  std::error_code failure;
  if (settings.source.empty() && !fs::exists(base, failure)) return {};
  if (settings.source.empty()) return look_below(base);
  if (fs::is_directory(settings.source, failure)) return look_below(settings.source);
  if (settings.source.starts_with('/') || settings.source.starts_with('.'))
    throw Failure(ExitStatus::local_files, fmt::format("{}: no such directory", escaped(settings.source)), {},
                  ENOENT);
  Settings complete_settings = settings;
  complete(complete_settings);
  return fs::exists(base, failure) ? of_server(base, complete_settings) : std::vector<LeftFolder>();
}

std::string name_of(const Leftover& file) {
  if (file.path.empty()) return escaped(fs::path(file.file).filename().string());
  return escaped(file.path);
}

}  // namespace

std::string leftovers_text(const std::vector<LeftFolder>& folders, const Paint& paint) {
  std::string text;
  std::size_t unsent = 0;
  for (const LeftFolder& folder : folders) {
    text += paint.bold(escaped(folder.path)) + (folder.in_use ? "  (a mount is using it)\n" : "\n");
    for (const Leftover& file : folder.files) {
      const std::string state = fmt::format("{:<10}", name_of(file.state));
      const bool waits = file.state == Leftover::State::unsent;
      unsent += waits && !folder.in_use ? 1 : 0;
      text += fmt::format("  {}  {:>10}  {}  {}", waits ? paint.warning(state) : paint.bad(state),
                          bytes_text(file.size), time_text(file.when), name_of(file));
      if (!file.source.empty()) text += fmt::format("  of {}", shown_source(file.source));
      if (file.append) text += fmt::format("  ({} to be appended)", bytes_text(file.size - file.from));
      if (!file.complete && !file.append) text += "  (parts that were not changed are not here)";
      if (file.file.empty()) text += "  (its content is lost)";
      text += "\n";
    }
  }
  if (unsent > 0)
    text += fmt::format("{} can be sent: mount it again, or ftpfs recover --send SOURCE\n",
                        count_text(unsent, "file", "files"));
  return text;
}

std::string leftovers_json(const std::vector<LeftFolder>& folders) {
  json all = json::array();
  for (const LeftFolder& folder : folders) {
    json files = json::array();
    for (const Leftover& file : folder.files)
      files.push_back({{"state", name_of(file.state)},
                       {"source", file.source.empty() ? json() : json(shown_source(file.source))},
                       {"path", file.path.empty() ? json() : json(file.path)},
                       {"file", file.file.empty() ? json() : json(file.file)},
                       {"size", file.size},
                       {"when", file.when},
                       {"complete", file.complete},
                       {"append_from", file.append ? json(file.from) : json()}});
    all.push_back({{"folder", folder.path}, {"in_use", folder.in_use}, {"files", files}});
  }
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

ExitStatus recover(const Settings& settings) {
  const std::vector<LeftFolder> folders = asked_for(settings);
  if (!settings.export_directory.empty()) {
    for (const std::string& line : export_leftovers(folders, settings.export_directory))
      fmt::print("{}\n", line);
    return ExitStatus::success;
  }
  if (settings.json)
    fmt::print("{}", leftovers_json(folders));
  else
    fmt::print("{}", folders.empty() ? "nothing is left in the spool\n"
                                     : leftovers_text(folders, Paint(STDOUT_FILENO)));
  return ExitStatus::success;
}

}  // namespace ftpfs::cli
