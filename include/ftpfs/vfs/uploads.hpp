// SPDX-License-Identifier: MIT
// Brings stages to the server: which way (straight to the name, by a temporary name and rename, by
// appending), when (behind the writer for large sequential files, else at flush), and what happens when it
// fails. An upload belongs to the file, not to the request that asked for it: an interrupted close() does not
// stop it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ftpfs/vfs/directories.hpp>
#include <ftpfs/vfs/journal.hpp>
#include <ftpfs/vfs/reader.hpp>
#include <ftpfs/vfs/spool.hpp>
#include <ftpfs/vfs/status.hpp>

namespace ftpfs::vfs {

// Did the server merely refuse to set a mode or a time? With perms=ignore that fails nothing.
bool refuses_attributes(const Error& error) noexcept;
// Did the server understand and say no, so that another time will not help?
bool is_final(const Error& error) noexcept;
std::string shown_path(const Node& node);  // from the root, also of what has no name any more

// As much of a name as leaves room for an ending of ours; not cut inside a character of UTF-8.
std::string_view stem_of(std::string_view name) noexcept;

// One run of a file's content to the server.
struct Transmission {
  enum class Way { direct, temporary, append };
  Way way = Way::direct;
  Path path;  // where the bytes go: the file itself or the temporary name
  std::unique_ptr<Sink> sink;
  bool accepted = false;         // by the server, or sent: there may be a file of that name
  bool made = false;             // by this run: there was none before
  std::uint64_t sent = 0;        // everything before is with the server
  std::uint64_t taken = 0;       // everything before was read from the stage (being sent)
  std::uint64_t started_at = 0;  // Stage::changes() when it began: no byte sent is older
  bool rewritten = false;        // somebody wrote before `taken`: what the server gets is not one version
};

class Uploads {
 public:
  Uploads(ReaderContext& context, Directories& directories, HiddenFiles& hidden, Journal& journal,
          Spool* spool, Logger logger);

  // A stage over the node's present version; the content is fetched as needed. Throws Error(EROFS,
  // ENOSPC...).
  Stage& stage(Node& node);
  // The node was just created: opens its STOR at once, so that a refusal is heard by open() and not by
  // close().
  awaitable<void> start_new(NodeRef node, std::stop_token stop);
  void resize(Node& node, std::uint64_t size);  // its stage, which is made where there is none
  // Called after each write and resize.
  void modified(NodeRef node, std::uint64_t from);

  // Fetches what is missing of the range into the stage.
  awaitable<void> load(NodeRef node, Range range, std::stop_token stop);
  // What close() and fsync() wait for: that the server has everything that was written before the call or,
  // with writeback, that this disk has it. Throws what the upload threw, or an earlier one that nobody heard.
  awaitable<void> commit(NodeRef node, std::stop_token stop);
  awaitable<void> deliver(NodeRef node, std::stop_token stop);  // the former, in any case
  // The same for what nobody waits for: another version on the server is not overwritten.
  awaitable<void> send_now(NodeRef node, std::stop_token stop);
  static void tell_unheard(Node& node);  // throws it, once
  // Written here, closed perhaps, and the server has not heard of it: it may be renamed without its help.
  static bool never_sent(const Node& node) noexcept;
  // Of files that could not be sent and whose programs were not told so.
  std::vector<std::string> take_untold() { return std::exchange(untold_, {}); }
  // Somebody else has changed the file meanwhile: both versions are to be kept.
  using Part = std::function<awaitable<void>(NodeRef node, Attributes theirs, std::stop_token stop)>;
  void on_conflict(Part part) { part_ = std::move(part); }
  // The last writer closed: lets a clean stage go; tries again later, by itself, what could not be saved.
  void settle(NodeRef node);
  // The file is about to be removed: stops what is on its way and starts nothing new; returns when nothing
  // is.
  awaitable<void> abandon(NodeRef node, std::stop_token stop);
  void revive(NodeRef node);  // it was not removed after all: what is unsaved will be saved

  // While it lives, the server is at the name of the node: nothing is sent to it, nor to what lies below.
  class Pause {
   public:
    Pause(Uploads& uploads, NodeRef node) : uploads_(uploads), node_(std::move(node)) {
      ++node_->mark().moving;
    }
    ~Pause() {
      --node_->mark().moving;
      uploads_.moved_.wake_all();
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Uploads& uploads_;
    NodeRef node_;
  };
  // Ends when nothing is on its way to the node any more, nor below; what a Pause holds back does not count.
  awaitable<void> quiet(NodeRef node, std::stop_token stop);

  // The server refuses it for good: keeps the data in the spool under a name, logs where.
  void give_up(Node& node);
  // Whatever becomes of us, the next mount will send it. False, and told in the log: it would not survive.
  awaitable<bool> secure(NodeRef node);
  // Last chance at unmount: what another time may help is left to the next mount, else it is given up.
  // Returns the path.
  awaitable<std::string> leave_behind(NodeRef node);

  const UploadCounts& counts() const noexcept { return counts_; }
  const std::deque<Refused>& refused() const noexcept { return refused_; }

 private:
  using StagePtr = std::shared_ptr<Stage>;
  // Sent before the server has said yes: so much is taken by any socket without its reader, and is little to
  // have sent in vain.
  static constexpr std::uint64_t small_upload = 64u << 10;
  static constexpr std::size_t piece_size = 256u << 10;  // read from a stage and sent at once

  static awaitable<void> upload(Uploads* self, NodeRef node);
  class Turn;
  static awaitable<void> send_later(Uploads* self, NodeRef node);
  bool has_turn(bool is_small) const noexcept;
  awaitable<void> wait_for_session(StagePtr stage, std::stop_token stop);
  awaitable<bool> is_taken(NodeRef node, std::stop_token stop);
  awaitable<int> try_to_send(NodeRef node, std::stop_token stop);
  void settle_later(NodeRef node);
  awaitable<void> wait_until_due(StagePtr stage, Clock::time_point due);
  bool writes_back() const noexcept { return context_.config.writeback.count() > 0; }
  static bool builds_on_theirs(const Node& node) noexcept;
  awaitable<void> part_if_changed(NodeRef node, std::stop_token stop);  // throws Error(ESTALE)
  awaitable<std::optional<Attributes>> find_conflict(NodeRef node, std::stop_token stop);
  // uploads.cpp: when, how often, and what becomes of it
  awaitable<void> save(NodeRef node);
  awaitable<void> save_attributes(NodeRef node);
  void ignore_refusal(const Node& node, const Error& error) const;
  void forget_on_disk(const Node& node);
  static bool moves(const Node& node) noexcept;
  awaitable<void> until_kept(NodeRef node, std::stop_token stop);

  // uploads_early.cpp
  bool worth_following(const Node& node) const;
  static awaitable<void> follow(Uploads* self, NodeRef node);

  // transmission.cpp: one run
  awaitable<void> save_content(NodeRef node);
  awaitable<void> pause(NodeRef node, unsigned beyond);
  struct Opening {
    bool yields = false;
    bool waits = false;  // for the server's yes, also where the file is small
  };
  awaitable<void> open_transmission(NodeRef node, Opening how);
  awaitable<void> send(NodeRef node, std::uint64_t step);
  awaitable<void> finish(NodeRef node);
  awaitable<void> put_in_place(NodeRef node, Attributes uploaded);
  Transmission::Way choose_way(const Node& node);
  bool overwrites_in_place(const Node& node) const;

  // in_place.cpp
  awaitable<void> try_in_place(NodeRef node);
  awaitable<void> fetch_old(NodeRef node);
  awaitable<void> put_back(NodeRef node);

  void discard(Stage& stage);
  static void undo_refused(Node& node) noexcept;
  void saved(Node& node, const Attributes& now, std::uint64_t changes);
  Path temporary_for(const Path& path);

  // giving_up.cpp
  static bool refused_for_good(const Stage& stage);
  void let_go(Node& node);
  void remember_refused(const Node& node, const std::string& kept);

  ReaderContext& context_;
  Directories& directories_;
  HiddenFiles& hidden_;
  Journal& journal_;
  Spool* spool_;  // nullptr: read-only mount
  Logger logger_;
  std::mt19937 random_{std::random_device{}()};  // for temporary names
  bool in_place_logged_ = false;
  std::vector<std::string> untold_;
  std::multiset<Clock::time_point> turns_;  // when the uploads under way began that nobody waits for
  WaitList turn_ended_;                     // who has little to send
  WaitList large_turn_ended_;               // and the others, who leave a session alone
  Part part_;
  WaitList moved_;  // woken when a Pause ends
  UploadCounts counts_;
  std::deque<Refused> refused_;
};

}  // namespace ftpfs::vfs
