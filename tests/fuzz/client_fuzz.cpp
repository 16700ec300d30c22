// SPDX-License-Identifier: MIT
// The whole client - sessions, pool, listings, transfers - against a server that answers as the input says
// (script.hpp). Whatever that is: each operation ends in time, by a result that makes sense or by an Error;
// nothing is left when the client has gone. Time is moved by hand, so that silence costs none.
//
// The first record says what the client does, a letter each:
//   l L  list /, /d            r R  read /a, from byte 3 on    w W  write /new, heard or unheard
//   s h  stat, has_file        p    fetch_whole                a    append to /a
//   m d u n  mkdir, rmdir, unlink, rename                      t c y f  time, mode, symlink, space
//   x X  examine, also by writing                              *    the next one does not wait for this one
//   !    the next one is given up while it waits               digits: settings (`settings_of`)
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <ftpfs/ftp/ftp_remote.hpp>

#include "check.hpp"
#include "scripted_server.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace ftpfs::fuzz {
namespace {

constexpr std::size_t most_operations = 8;
constexpr std::chrono::seconds step{5};
constexpr std::chrono::hours patience{2};  // of a script that stays silent hundreds of times

int local_file() {
  static const int file = [] {
    const int fd = ::memfd_create("to be sent", MFD_CLOEXEC);
    check(::ftruncate(fd, 1000) == 0);
    return fd;
  }();
  return file;
}

ftp::FtpConfig settings_of(std::string_view operations) {
  const auto has = [&](char digit) { return operations.find(digit) != operations.npos; };
  ftp::FtpConfig config;
  config.host = ScriptedServer::name;
  config.user = "joe";
  config.password = "secret";
  config.timeout = std::chrono::seconds(10);
  config.greeting_timeout = config.connect_timeout = std::chrono::seconds(10);
  config.queue_timeout = std::chrono::seconds(30);
  config.max_entries = 1000;
  config.max_listing_bytes = 1 << 16;
  config.tls = has('1') ? ftp::TlsMode::automatic : has('2') ? ftp::TlsMode::require : ftp::TlsMode::off;
  config.active.on = has('3');
  config.disable_epsv = has('4');
  config.pipelining = !has('5');
  config.prime = !has('6');
  config.follow_symlinks = has('7');
  if (has('8')) config.codepage = "GBK";
  if (has('9')) config.max_conns = 1;
  if (has('0')) config.directory = "d";
  return config;
}

void check_attributes(const Attributes& attributes) {
  check(attributes.mode.value_or(0) <= 0777);
  check(attributes.size <= static_cast<std::uint64_t>(INT64_MAX));
}

awaitable<void> list(Remote& remote, Path directory, std::stop_token stop) {
  const std::vector<Entry> entries = co_await remote.list(directory, stop);
  std::set<std::string> names;
  for (const Entry& entry : entries) {
    check(Path::valid_name(entry.name));
    check(names.insert(entry.name).second);
    check(entry.link_target.empty() || entry.attributes.kind == Kind::symlink);
    check_attributes(entry.attributes);
  }
}

awaitable<void> read(Remote& remote, std::uint64_t offset, std::stop_token stop) {
  const Path path("/a");
  const auto source = co_await remote.open_source(path, offset, stop);
  std::array<std::byte, 100> into;
  for (int pieces = 0; pieces < 20; ++pieces) {
    const std::size_t size = co_await source->read_some(into);
    check(size <= into.size());
    if (size == 0) co_return;
  }
}

awaitable<void> write(Remote& remote, Path path, SinkRequest request, std::stop_token stop) {
  const auto sink = co_await remote.open_sink(path, request, stop);
  const std::size_t written = co_await sink->write(local_file(), 0, 1000);
  check(written == 1000);
  const Attributes stored = co_await sink->commit();
  check_attributes(stored);
  if (request.mode == SinkRequest::Mode::replace && stored.size_known) check(stored.size == 1000);
}

awaitable<void> stat(Remote& remote, std::stop_token stop) {
  const Path path("/a");
  const auto attributes = co_await remote.stat(path, stop);
  if (attributes) check_attributes(*attributes);
}

awaitable<void> fetch_whole(Remote& remote, std::stop_token stop) {
  const Path path("/a");
  const auto whole = co_await remote.fetch_whole(path, 1000, stop);
  if (whole) check(whole->content.size() == whole->attributes.size && whole->content.size() <= 1000);
}

awaitable<void> change(Remote& remote, char what, std::stop_token stop) {
  const Path file("/a");
  const Path directory("/d");
  const Path fresh("/fresh");
  const std::string target = "a";
  switch (what) {
    case 'm':
      co_return co_await remote.make_directory(fresh, stop);
    case 'd':
      co_return co_await remote.remove_directory(directory, stop);
    case 'u':
      co_return co_await remote.remove_file(file, stop);
    case 'n':
      co_return co_await remote.rename(file, fresh, stop);
    case 't':
      co_return co_await remote.set_mtime(file, 1700000000, stop);
    case 'y':
      co_return co_await remote.make_symlink(target, fresh, stop);
    default:
      break;
  }
  const std::uint16_t mode = co_await remote.set_mode(file, 0640, stop);
  check(mode <= 0777);
}

awaitable<void> perform(ftp::FtpRemote& remote, char what, std::stop_token stop) {
  SinkRequest request;
  const Path root;
  const Path directory("/d");
  const Path file("/a");
  const Path fresh("/new");
  switch (what) {
    case 'l':
      co_return co_await list(remote, root, stop);
    case 'L':
      co_return co_await list(remote, directory, stop);
    case 'r':
      co_return co_await read(remote, 0, stop);
    case 'R':
      co_return co_await read(remote, 3, stop);
    case 'w':
      co_return co_await write(remote, fresh, request, stop);
    case 'W':
      request.unheard = request.yields = true;
      co_return co_await write(remote, fresh, request, stop);
    case 'a':
      request.mode = SinkRequest::Mode::append;
      co_return co_await write(remote, file, request, stop);
    case 's':
      co_return co_await stat(remote, stop);
    case 'p':
      co_return co_await fetch_whole(remote, stop);
    default:
      break;
  }
  if (what == 'h') {
    const bool there = co_await remote.has_file(file, stop);
    static_cast<void>(there);
  } else if (what == 'f') {
    const auto space = co_await remote.space(stop);
    static_cast<void>(space);
  } else if (what == 'x' || what == 'X') {
    const ftp::ServerReport report = co_await remote.examine(what == 'X', stop);
    static_cast<void>(report);
  } else {
    co_await change(remote, what, stop);
  }
}

// A client with its server, from the log-in to the end.
class World {
 public:
  explicit World(std::string_view input) : script_(input), server_(script_) {
    const ftp::FtpConfig settings = settings_of(script_.operations());
    if (settings.tls == ftp::TlsMode::require) server_.demand_tls();
    // The log is written, to nobody: what is in it is formatted all the same.
    remote_ = std::make_unique<ftp::FtpRemote>(io_.get_executor(), server_, clock_,
                                               make_logger(LogSink::none, spdlog::level::trace), settings);
    std::uint64_t number = 0;
    remote_->leave_chance_to([number]() mutable { return number += 0x9E3779B97F4A7C15; });
  }

  void play() {
    start(remote_->connect({}));
    finish();
    std::size_t operations = 0;
    for (const char letter : script_.operations()) {
      if (letter == '*') beside_ = true;
      if (letter == '!') give_up_ = true;
      if (std::string_view("lLrRwWashpmdunctyfxX").find(letter) == std::string_view::npos) continue;
      if (++operations > most_operations) break;
      start(perform(*remote_, letter, stop_.get_token()));
      if (std::exchange(give_up_, false)) {
        test::settle(io_);
        stop_.request_stop();
        stop_ = std::stop_source();
      }
      if (!std::exchange(beside_, false)) finish();
    }
    finish();
    start(remote_->close());
    finish();
    remote_.reset();
    end();
  }

 private:
  void start(awaitable<void> task) {
    ++running_;
    asio::co_spawn(io_, std::move(task), [this](std::exception_ptr failure) {
      --running_;
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const Error& error) {
        check(error.code() > 0 && error.what()[0] != '\0');
      }
    });
  }

  // Until all that was started has ended, which takes time where the server is silent.
  void finish() {
    Clock::duration passed{};
    for (test::settle(io_); running_ > 0; pass(), passed += step) check(passed < patience);
  }

  // What goes on in the background must come to an end as well.
  void end() {
    Clock::duration passed{};
    for (test::settle(io_); !io_.stopped(); pass(), passed += step) check(passed < patience);
    check(server_.nobody_connected());
  }

  void pass() {
    clock_.advance(step);
    server_.pass(step);
    test::settle(io_);
  }

  asio::io_context io_;
  test::ManualClock clock_;
  Script script_;
  ScriptedServer server_;
  std::unique_ptr<ftp::FtpRemote> remote_;
  std::stop_source stop_;
  std::size_t running_ = 0;
  bool beside_ = false;
  bool give_up_ = false;
};

}  // namespace
}  // namespace ftpfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ftpfs::fuzz::World world({reinterpret_cast<const char*>(data), size});
  world.play();
  return 0;
}
