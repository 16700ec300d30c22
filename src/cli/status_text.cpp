// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/amounts.hpp>
#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/mount_status.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;

class StatusPage {
 public:
  explicit StatusPage(const Paint& paint) : paint_(paint) {}

  void heading(std::string_view line) { text_ += paint_.bold(line) + "\n"; }
  void line(std::string_view topic, std::string_view found) {
    text_ += fmt::format("{:<12}{}\n", topic, found);
  }
  const Paint& paint() const noexcept { return paint_; }
  std::string take() { return std::move(text_); }

 private:
  const Paint& paint_;
  std::string text_;
};

std::uint64_t rounded(const json& seconds) {
  const double told = seconds.get<double>();
  return told > 0 && told < 1e15 ? static_cast<std::uint64_t>(std::llround(told)) : 0;
}

std::string error_text(const json& error) {
  const std::string said = text(error, "server_said");
  return text(error, "what") + (said.empty() ? "" : fmt::format(" (server said: {})", said));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? ""
                    : fmt::format("{:.0f} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

void write_server(StatusPage& page, const json& server) {
  const std::string root = text(server, "root");
  page.line("Server", fmt::format("{}:{}, as {}{}", text(server, "host"), number(server, "port"),
                                  text(server, "user"), root.empty() ? "" : ", in " + root));
  if (root.empty())
    page.line("", page.paint().warning("not logged in yet"));
  else if (const json& tls = at(server, "tls"); tls.is_object())
    page.line("TLS", fmt::format("{} {}", text(tls, "version"), text(tls, "cipher")));
  else
    page.line("TLS", page.paint().warning("no"));
  if (const json& away = at(server, "away"); away.is_object())
    page.line("Away", page.paint().bad(fmt::format("for {}: {}; the next attempt is in {}",
                                                   seconds_text(number(away, "seconds")), error_text(away),
                                                   seconds_text(number(away, "next_attempt")))));
  if (at(server, "log_in_refused").is_string())
    page.line("Log-in", page.paint().bad("refused (server said: " + text(server, "log_in_refused") + ")"));
}

void write_sessions(StatusPage& page, const json& sessions) {
  std::string line = fmt::format("{} in use, {} idle, {} at most", number(sessions, "in_use"),
                                 number(sessions, "idle"), number(sessions, "limit"));
  const std::uint64_t wanted = number(sessions, "max_conns");
  if (number(sessions, "limit") < wanted)
    line += fmt::format(" (the server takes no more; max_conns={})", wanted);
  if (const std::uint64_t waiting = number(sessions, "waiting"))
    line += fmt::format(", {} for one", count_text(waiting, "operation waits", "operations wait"));
  page.line("Sessions", line);
}

std::string moved(const json& movement) {
  const std::uint64_t rate = number(movement, "per_second");
  return bytes_text(number(movement, "bytes")) +
         (rate == 0 ? "" : fmt::format(", now {}", rate_text(static_cast<double>(rate))));
}

void write_item(StatusPage& page, const json& item) {
  const std::string state = text(item, "state");
  std::string line = fmt::format("{:<8} {}  {}", state, text(item, "path"), bytes_text(number(item, "size")));
  if (state == "sending") line += fmt::format(", {}", percent(number(item, "sent"), number(item, "size")));
  if (state == "open") line += ", being written";
  page.line("", line);
  if (at(item, "error").is_object())
    page.line("", page.paint().bad("         " + error_text(at(item, "error"))));
}

void write_queue(StatusPage& page, const json& queue, const json& sent) {
  constexpr std::size_t most = 20;
  const std::uint64_t files = number(queue, "files");
  if (files == 0) return page.line("To be sent", page.paint().good("nothing"));
  std::string line =
      fmt::format("{}, {}", count_text(files, "file", "files"), bytes_text(number(queue, "bytes")));
  if (const std::uint64_t done = number(queue, "sent"))
    line += fmt::format(", {} of that are sent", bytes_text(done));
  if (at(queue, "seconds_left").is_number())
    line += fmt::format(", {}, {} left", rate_text(static_cast<double>(number(sent, "per_second"))),
                        seconds_text(number(queue, "seconds_left")));
  page.line("To be sent", page.paint().warning(line));
  const json& items = list_at(queue, "items");
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) write_item(page, items[i]);
  if (items.size() > most) page.line("", fmt::format("... and {} more", items.size() - most));
}

void write_errors(StatusPage& page, const json& errors) {
  for (const json& error : errors) {
    page.line("ERROR", page.paint().bad(
                           fmt::format("{} could not be sent: {}", text(error, "path"), error_text(error))));
    const std::string kept = text(error, "kept");
    const std::string when = time_text(static_cast<std::int64_t>(number(error, "when")));
    page.line(
        "", fmt::format("{}; {}", when, kept.empty() ? "its content is lost" : "its content is in " + kept));
  }
}

void write_spool(StatusPage& page, const json& spool) {
  const json& kept = list_at(spool, "kept");
  for (const json& file : kept)
    page.line(&file == &*kept.begin() ? "Kept" : "",
              fmt::format("{}  {}, {}", text(file, "file"), bytes_text(number(file, "size")),
                          time_text(static_cast<std::int64_t>(number(file, "mtime")))));
}

std::string cache_text(const json& cache, std::string_view one, std::string_view many) {
  const std::uint64_t hits = number(cache, "hits"), all = hits + number(cache, "misses");
  std::string line = fmt::format("{}, {} of {}", count_text(number(cache, "entries"), one, many),
                                 bytes_text(number(cache, "bytes")), bytes_text(number(cache, "capacity")));
  if (all > 0) line += fmt::format(", {} of {} hits", percent(hits, all), all);
  return line;
}

}  // namespace

std::string status_text(const json& status, const Paint& paint) {
  StatusPage page(paint);
  std::string heading = fmt::format("{}  {}", text(status, "mountpoint"), text(status, "source"));
  if (is_true(status, "read_only")) heading += "  (read-only)";
  if (text(status, "state") == "ending") heading += "  (being ended)";
  page.heading(heading);
  page.line("URL", text(status, "url"));
  write_server(page, at(status, "server"));
  write_sessions(page, at(status, "sessions"));
  page.line("Received", moved(at(status, "received")));
  page.line("Sent", moved(at(status, "sent")));
  if (const json& delay = at(status, "writeback_s"); delay.is_number() && delay.get<double>() > 0)
    page.line("Write-back", fmt::format("after {:g} s", delay.get<double>()));
  write_queue(page, at(status, "queue"), at(status, "sent"));
  write_errors(page, list_at(status, "errors"));
  write_spool(page, at(status, "spool"));
  const json& caches = at(status, "caches");
  page.line("Listings", cache_text(at(caches, "listings"), "directory", "directories"));
  page.line("Blocks", cache_text(at(caches, "blocks"), "block", "blocks"));
  if (const json& disk = at(caches, "disk"); disk.is_object()) {
    page.line("Cache", cache_text(disk, "file", "files"));
    page.line("", text(disk, "folder"));
  }
  return page.take();
}

std::string file_text(const json& file, const Paint& paint) {
  StatusPage page(paint);
  page.heading(text(file, "path"));
  const std::string url = text(file, "url");
  page.line("URL", url.empty() ? "not known: nobody has logged in yet" : url);
  if (!is_true(file, "known")) {
    page.line("", "nothing is known of it here: nobody has looked lately, or it is not there");
    return page.take();
  }
  std::string kind = text(file, "kind");
  if (at(file, "target").is_string()) kind += " to " + text(file, "target");
  if (kind == "file")
    kind += at(file, "size").is_number() ? ", " + bytes_text(number(file, "size")) : ", of unknown size";
  if (const json& mtime = at(file, "mtime"); mtime.is_number_integer())
    kind += ", of " + time_text(mtime.get<std::int64_t>());
  page.line("Kind", kind);
  if (at(file, "known_for_s").is_number())
    page.line("Known for", seconds_text(rounded(at(file, "known_for_s"))));
  if (!is_true(file, "on_server")) page.line("On server", page.paint().warning("no, not yet"));
  if (number(file, "handles") > 0)
    page.line("Open", fmt::format("{}, {} for writing", count_text(number(file, "handles"), "time", "times"),
                                  number(file, "writers")));
  if (at(file, "entries").is_number())
    page.line("Listing", fmt::format("at hand, {}", count_text(number(file, "entries"), "entry", "entries")));
  if (text(file, "kind") == "file") page.line("In memory", bytes_text(number(file, "in_memory")));
  if (at(file, "on_disk").is_number())
    page.line("On disk", fmt::format("{}, in the spool", bytes_text(number(file, "on_disk"))));
  if (const json& unsent = at(file, "unsent"); unsent.is_object()) {
    page.line("Changed", page.paint().warning("and not sent yet"));
    write_item(page, unsent);
  }
  if (at(file, "error").is_object()) page.line("ERROR", page.paint().bad(error_text(at(file, "error"))));
  return page.take();
}

namespace {

void write_counters(std::string& page, const std::string& prefix, const json& value) {
  for (const auto& [name, each] : value.items()) {
    const std::string full = prefix.empty() ? name : prefix + "." + name;
    if (each.is_object())
      write_counters(page, full, each);
    else if (each.is_number())
      page += fmt::format("{:<32}{}\n", escaped(full), number(value, name.c_str()));
  }
}

}  // namespace

std::string stats_text(const json& stats) {
  std::string page;
  write_counters(page, "", stats);
  return page;
}

std::vector<std::string> unsent_lines(const std::string& mountpoint, const json& report) {
  const std::string where = escaped(mountpoint);
  std::vector<std::string> lines;
  for (const json& each : list_at(report, "failed"))
    lines.push_back(
        fmt::format("{}{} is not on the server: {}", where, text(each, "path"), error_text(each)));
  for (const json& path : list_at(report, "open")) {
    const std::string name = path.is_string() ? escaped(path.get<std::string>()) : "";
    lines.push_back(fmt::format("{}{} is being written and was left alone", where, name));
  }
  return lines;
}

}  // namespace ftpfs::cli
