// SPDX-License-Identifier: MIT
// A Remote in memory, as awkward as a real server on request: calls are counted, held and failed one kind at
// a time (CallControl), streams come in small pieces, end early, break in the middle or lose their session,
// sessions run out, and tree() changes the files behind everybody's back.
//
// As an FTP server does, an upload truncates its target when it opens and shows what has arrived so far.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <ftpfs/base/wait.hpp>
#include <ftpfs/remote/remote.hpp>

#include "support/call_control.hpp"
#include "support/memory_tree.hpp"

namespace ftpfs::test {

enum class Op {
  stat,
  list,
  open_source,
  read,
  open_sink,
  write,
  commit,
  make_directory,
  remove_file,
  remove_directory,
  rename,
  set_mtime,
  set_mode,
  make_symlink,
  space,
  fetch_whole,
  settle,
};
inline constexpr std::size_t op_count = 17;

class MemoryRemote final : public Remote {
 public:
  struct OpenedSource {
    Path path;
    std::uint64_t offset;
    friend bool operator==(const OpenedSource&, const OpenedSource&) = default;
  };
  struct OpenedSink {
    Path path;
    SinkRequest request;
  };

  explicit MemoryRemote(const Clock& clock);
  ~MemoryRemote() override;

  MemoryTree& tree() noexcept { return tree_; }
  CallControl& on(Op op) noexcept { return controls_[static_cast<std::size_t>(op)]; }
  std::size_t calls(Op op) const noexcept { return controls_[static_cast<std::size_t>(op)].calls(); }
  std::size_t calls() const noexcept;  // every call but those on open streams

  // What the server is like; may change at any time.
  void set_capabilities(Capabilities capabilities) noexcept { capabilities_ = capabilities; }
  void set_list_precision(Precision precision) noexcept { list_precision_ = precision; }
  void set_stat_precision(Precision precision) noexcept { stat_precision_ = precision; }
  // Who tells the size of a file. An upload always knows what it sent.
  enum class Sizes { in_listings, by_stat, never };
  void set_sizes(Sizes sizes) noexcept { sizes_ = sizes; }
  void set_tells_mode(bool tells) noexcept { tells_mode_ = tells; }
  // Like pure-ftpd, which could change a file it may not read no more.
  void keep_rights(std::uint16_t bits) noexcept { kept_rights_ = bits; }
  void set_space(std::optional<Space> space) noexcept { space_ = space; }
  void set_piece(std::size_t bytes) noexcept { piece_ = bytes; }  // the most one read_some delivers
  void set_sessions(std::size_t limit) noexcept;                  // 0: no limit
  // Streams that begin within a file come with what it is (Source::shown).
  void show_with_streams() noexcept { shows_with_streams_ = true; }
  // How many sessions spare() counts with, less those in use or asked for.
  void set_spare(std::size_t sessions) noexcept { spare_ = sessions; }

  // The next `times` streams: every source ends quietly, or any stream fails, once it has carried `bytes`.
  void end_sources_after(std::uint64_t bytes, std::size_t times = 1);
  template <class Failure>
  void fail_sources_after(std::uint64_t bytes, const Failure& failure, std::size_t times = 1) {
    source_faults_.insert(source_faults_.end(), times, Fault{bytes, std::make_exception_ptr(failure)});
  }
  template <class Failure>
  void fail_sinks_after(std::uint64_t bytes, const Failure& failure, std::size_t times = 1) {
    sink_faults_.insert(sink_faults_.end(), times, Fault{bytes, std::make_exception_ptr(failure)});
  }
  // So many uploads are refused, as by a 5xx to STOR: at once, or in the end where they do not wait to be
  // heard.
  void refuse_uploads(Error why, std::size_t times) {
    refusal_ = std::move(why);
    refusals_ = times;
  }
  // Whatever is under way and whatever comes fails, without an effect: the line is dead.
  void die();
  // The server is well again: nothing is held, nothing will fail any more.
  void recover();
  // An upload of that name was never answered. Ends when something is renamed over it.
  void doubt(std::string_view path) { doubtful_.insert(Path(path)); }
  // Takes the session of every stream that allows it now; returns how many those were.
  std::size_t revoke_streams();

  const std::vector<OpenedSource>& sources() const noexcept { return sources_; }  // every one that was opened
  const std::vector<OpenedSink>& sinks() const noexcept { return sinks_; }
  const std::vector<Path>& listed() const noexcept { return listed_; }    // every directory, in order
  const std::vector<Path>& fetched() const noexcept { return fetched_; }  // every whole file, in order
  std::size_t most_at_once()
      const noexcept;  // calls of list, stat, open_source, fetch_whole, and open streams
  std::size_t live_sources() const noexcept { return live(false); }
  std::size_t live_sinks() const noexcept { return live(true); }
  std::size_t expected() const noexcept { return expected_; }  // by expect(), in all
  bool bewares_of_late_commands() const noexcept { return feared_; }
  std::uint64_t bytes_read() const noexcept { return *bytes_read_; }
  std::uint64_t bytes_written() const noexcept { return *bytes_written_; }

  awaitable<std::optional<Attributes>> stat(Path path, std::stop_token stop) override;
  awaitable<bool> has_file(Path path, std::stop_token stop) override;  // counts as Op::stat
  awaitable<std::vector<Entry>> list(Path directory, std::stop_token stop) override;
  awaitable<std::unique_ptr<Source>> open_source(Path path, std::uint64_t offset,
                                                 std::stop_token stop) override;
  // Looked at, then sent (Op::read).
  awaitable<std::optional<WholeFile>> fetch_whole(Path path, std::uint64_t at_most,
                                                  std::stop_token stop) override;
  awaitable<std::unique_ptr<Sink>> open_sink(Path path, SinkRequest request, std::stop_token stop) override;
  awaitable<void> make_directory(Path path, std::stop_token stop) override;
  awaitable<void> remove_file(Path path, std::stop_token stop) override;
  awaitable<void> remove_directory(Path path, std::stop_token stop) override;
  awaitable<void> rename(Path from, Path to, std::stop_token stop) override;
  awaitable<void> set_mtime(Path path, std::int64_t seconds, std::stop_token stop) override;
  awaitable<std::uint16_t> set_mode(Path path, std::uint16_t mode, std::stop_token stop) override;
  awaitable<void> make_symlink(std::string target, Path path, std::stop_token stop) override;
  awaitable<std::optional<Space>> space(std::stop_token stop) override;
  bool upload_in_doubt(const Path& path) const override { return doubtful_.contains(path); }
  void beware_of_late_commands() noexcept override { feared_ = true; }
  awaitable<void> settle(std::stop_token stop) override;
  Capabilities capabilities() const noexcept override { return capabilities_; }
  std::size_t spare() const noexcept override;
  void expect(std::size_t operations) override { expected_ += operations; }
  std::size_t sessions() const noexcept override { return std::max<std::size_t>(spare_, 1); }

 private:
  class Sessions;
  class Session;
  class Asking;
  struct Stream;
  class MemorySource;
  class MemorySink;
  struct Fault {
    std::uint64_t after;
    std::exception_ptr failure;  // null: a quiet end
  };

  awaitable<Session> acquire(std::stop_token stop);
  std::shared_ptr<Stream> new_stream(const Path& path, MemoryTree::NodePtr node, std::vector<Fault>& faults,
                                     Session session);
  Attributes attributes(const MemoryTree::Node& node, Precision precision) const;
  void hide_size(Attributes& attributes, bool told) const noexcept;
  bool revoke_one();
  std::size_t live(bool sinks) const noexcept;

  MemoryTree tree_;
  std::array<CallControl, op_count> controls_;
  Capabilities capabilities_{.cheap_stat = true};
  Precision list_precision_ = Precision::second;
  Precision stat_precision_ = Precision::second;
  bool tells_mode_ = true;
  bool shows_with_streams_ = false;
  Sizes sizes_ = Sizes::in_listings;
  std::optional<Space> space_;
  std::uint16_t kept_rights_ = 0;
  std::size_t piece_ = 64 * 1024;
  std::size_t spare_ = 4;
  bool feared_ = false;
  std::size_t expected_ = 0;
  std::optional<Error> refusal_;
  std::size_t refusals_ = 0;
  std::shared_ptr<Sessions> sessions_;
  std::vector<std::weak_ptr<Stream>> streams_;
  std::vector<Fault> source_faults_;
  std::vector<Fault> sink_faults_;
  std::vector<OpenedSource> sources_;
  std::vector<OpenedSink> sinks_;
  std::set<Path> doubtful_;
  std::vector<Path> listed_;
  std::vector<Path> fetched_;
  std::shared_ptr<std::uint64_t> bytes_read_ = std::make_shared<std::uint64_t>(0);
  std::shared_ptr<std::uint64_t> bytes_written_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace ftpfs::test
