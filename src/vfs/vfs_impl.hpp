// SPDX-License-Identifier: MIT
// The state behind Vfs and the steps its operations share; the operations themselves are in vfs_*.cpp by
// theme.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/vfs/directories.hpp>
#include <ftpfs/vfs/files_ahead.hpp>
#include <ftpfs/vfs/hidden_files.hpp>
#include <ftpfs/vfs/open_file.hpp>
#include <ftpfs/vfs/remains.hpp>
#include <ftpfs/vfs/spool.hpp>
#include <ftpfs/vfs/uploads.hpp>
#include <ftpfs/vfs/vfs.hpp>
#include <ftpfs/vfs/walk_ahead.hpp>

namespace ftpfs::vfs {

// Fires `waits` at the deadline, unless `done` fires before.
awaitable<void> stop_at(Clock& clock, Clock::time_point deadline, std::stop_source waits,
                        std::stop_token done);

// How much of what a mount has left is on the server; `other`: something that is not of it.
enum class Arrived { nothing, part, all, other };

bool is_unsaved(const Node& node);  // the server has not all of it
// Does a program change the file just now, so that it is no whole one? It has a stage.
bool is_being_written(const Node& node);

class Vfs::Impl {
 public:
  Impl(Executor executor_, Remote& remote_, Clock& clock_, Logger logger_, VfsConfig config_);

  // vfs_lookup.cpp
  std::optional<Looked> lookup_now(Ino parent, std::string_view name);
  awaitable<Looked> lookup(Ino parent, std::string name, std::stop_token stop);
  // The child as it is now, or nothing; takes no kernel reference.
  awaitable<std::optional<NodeRef>> resolve(NodeRef parent, std::string name, std::stop_token stop);
  std::optional<std::optional<NodeRef>> resolve_now(Node& parent, std::string_view name);
  // A file whose content waits to be sent is there, whatever the server says of its name by now.
  std::optional<NodeRef> unsaved(Node& parent, std::string_view name);
  Node& node_for(Node& parent, const EntryView& entry, Clock::time_point learned);
  void learn(Node& node, const Attributes& attributes, std::string_view link_target, Clock::time_point when);
  void learn_newer(Node& node, const Attributes& attributes, std::string_view link_target,
                   Clock::time_point when);
  Looked looked(Node& node);  // takes the kernel's reference
  Looked absent() const;
  bool fresh(const Node& node) const;
  NodeRef directory_at(Ino ino);

  // vfs_attr.cpp
  Attr attr(const Node& node);
  nlink_t links(const Node& node);
  std::int64_t wall_seconds() const;
  void changed(Node& node) { node.mark().ctime = wall_seconds(); }  // as POSIX marks the last status change
  void entries_changed(Node& directory);                            // a name in it came, went or moved
  std::optional<Attr> getattr_now(Ino ino);
  awaitable<Attr> getattr(Ino ino, std::stop_token stop);
  awaitable<void> refresh(NodeRef node, std::stop_token stop);     // by the parent's listing or by itself
  awaitable<void> revalidate(NodeRef node, std::stop_token stop);  // asks the server about this one file
  bool lacks_exact_time(const Node& node) const;
  awaitable<Attr> setattr(Ino ino, Changes changes, std::stop_token stop);
  awaitable<void> set_size(NodeRef node, std::uint64_t size, std::stop_token stop);
  awaitable<void> set_mode(NodeRef node, std::uint16_t mode, std::stop_token stop);
  awaitable<void> set_mtime(NodeRef node, std::int64_t seconds, std::stop_token stop);
  void tolerate(const Error& error, std::string_view operation);
  void access(Ino ino, int mask);

  // vfs_size.cpp
  static bool lacks_size(const Node& node);
  bool may_ask_size(const Node& node);
  awaitable<void> ask_size(NodeRef node, std::stop_token stop);
  awaitable<void> require_size(NodeRef node, std::stop_token stop);  // whatever it costs
  awaitable<void> measure(NodeRef node, std::stop_token stop);       // the same after revalidate()
  struct ByteCount {
    std::uint64_t bytes = 0;
    std::vector<std::shared_ptr<Buffer>> blocks;  // the first ones
    std::shared_ptr<Buffer> rest;                 // takes all others, one after another
  };
  awaitable<void> count_bytes(NodeRef node, std::stop_token stop);
  awaitable<bool> count_streams(NodeRef node, ByteCount* count, std::stop_token stop);
  awaitable<bool> is_still(NodeRef node, Attributes* expected, std::stop_token stop);
  static awaitable<void> count_stream(Impl* self, NodeRef node, ByteCount* count, std::stop_token stop);

  // vfs_symlink.cpp
  awaitable<std::string> readlink(Ino ino, std::stop_token stop);
  awaitable<Looked> symlink(Ino parent, std::string name, std::string target, std::stop_token stop);
  bool is_contained(const Node& link) const;

  // vfs_space.cpp
  std::optional<struct ::statvfs> statfs_now();
  awaitable<struct ::statvfs> statfs(std::stop_token stop);
  static awaitable<void> ask_space(Impl* self);

  // vfs_names.cpp
  awaitable<Looked> mkdir(Ino parent, std::string name, mode_t mode, std::stop_token stop);
  awaitable<void> set_first_mode(NodeRef node, std::uint16_t mode, std::stop_token stop);
  awaitable<void> unlink(Ino parent, std::string name, std::stop_token stop);
  awaitable<void> rmdir(Ino parent, std::string name, std::stop_token stop);
  static bool may_be_here_only(const Node& node);
  awaitable<void> remove_from_server(NodeRef node, std::stop_token stop);
  void removed(Node& node);
  bool has_unsent(const Node& directory) const;
  bool has_unsent(Node& directory, const std::string& name);
  void doubt(Node& directory, std::string_view name);
  void check_new_name(std::string_view name) const;
  awaitable<void> check_twin(NodeRef directory, std::string name, std::stop_token stop);

  // vfs_rename.cpp
  awaitable<void> rename(Ino parent, std::string name, Ino new_parent, std::string new_name, unsigned flags,
                         std::stop_token stop);
  awaitable<void> make_way(NodeRef source, NodeRef target, std::stop_token stop);
  awaitable<void> move_on_server(NodeRef source, std::optional<NodeRef> target, Path from, Path to,
                                 std::stop_token stop);
  awaitable<void> take_place(NodeRef source, std::optional<NodeRef> target, std::stop_token stop);
  awaitable<void> make_again(NodeRef directory, Path path);
  awaitable<void> forget_on_disk(NodeRef source, Path from, Path to);
  awaitable<void> save_what_moves(NodeRef source, std::stop_token stop);
  awaitable<std::optional<NodeRef>> rename_target(NodeRef from, std::string name, NodeRef to,
                                                  std::string new_name, bool no_replace,
                                                  std::stop_token stop);

  // vfs_unlinked.cpp
  bool must_stay_readable(const Node& node) const;
  awaitable<void> hide_open_file(NodeRef node, std::stop_token stop);
  awaitable<void> bring_back(NodeRef node, Path path);
  awaitable<void> vacate(NodeRef directory, std::stop_token stop);
  awaitable<void> move_up(NodeRef node, std::stop_token stop);
  void move_hidden(const Path& from, const Path& to);
  void closed(Node& node) noexcept;

  // vfs_file.cpp
  awaitable<Opened> open(Ino ino, int flags, std::stop_token stop);
  awaitable<Created> create(Ino parent, std::string name, mode_t mode, int flags, std::stop_token stop);
  void refresh_names(NodeRef directory);
  awaitable<std::optional<NodeRef>> look_again(NodeRef directory, std::string name, std::stop_token stop);
  Opened opened(NodeRef node, int flags);
  std::optional<Slices> read_now(Handle handle, std::uint64_t offset, std::size_t size);
  awaitable<Slices> read(Handle handle, std::uint64_t offset, std::size_t size, std::stop_token stop);
  std::size_t write(Handle handle, std::uint64_t offset, Bytes bytes, Writer writer);
  awaitable<void> flush(Handle handle, std::stop_token stop);
  awaitable<void> allocate(Handle handle, std::uint64_t end, std::stop_token stop);
  void release(Handle handle) noexcept;
  std::optional<Slices> read_stage(Stage& stage, std::uint64_t offset, std::size_t size);
  OpenFile& file_at(Handle handle);
  static awaitable<void> sweep(Impl* self);

  // vfs_versions.cpp
  Attr tell(Node& node);
  bool kernel_has_dropped(const Node& node) const;
  void notice(Node& node, Attributes now, Clock::time_point when);
  const std::shared_ptr<Reader>& reader(OpenFile& file);
  void adopt(OpenFile& file, std::shared_ptr<Reader> reader);
  void handed_out(OpenFile& file, std::uint64_t offset, const Slices& slices);
  awaitable<void> follow(std::shared_ptr<OpenFile> file, std::uint64_t offset, std::size_t size,
                         std::stop_token stop);
  awaitable<void> outgrow(std::shared_ptr<OpenFile> file, std::stop_token stop);

  // late_recovery.cpp
  awaitable<void> recover(std::stop_token stop);
  void recover_later();
  // Throws ConnectionLost: what an earlier mount has left could not be brought to the server yet.
  awaitable<void> recovered(std::stop_token stop);
  void find_left_over();
  awaitable<void> recover_left_over(std::stop_token stop);
  static awaitable<void> recover_again(Impl* self);
  static awaitable<void> try_to_recover(Impl* self);
  std::vector<std::string> leave_left_over();

  // vfs_recovery.cpp
  awaitable<void> recover_one(Remains* remains, std::stop_token stop);
  awaitable<std::optional<NodeRef>> directory_of(Path path, std::stop_token stop);
  awaitable<Arrived> find_out(const Remains* remains, std::shared_ptr<Stage> stage, Path path,
                              std::optional<Attributes> there, std::stop_token stop);
  awaitable<Arrived> find_out_in_place(std::shared_ptr<Stage> stage, Path path,
                                       std::optional<Attributes> there, std::stop_token stop);
  awaitable<bool> same_bytes(Path path, std::shared_ptr<Stage> stage, Range range, std::stop_token stop);
  awaitable<void> store_beside(Remains* remains, std::shared_ptr<Stage> stage, NodeRef directory, Path path,
                               std::stop_token stop);
  void keep(Remains* remains, const Stage& stage, const Path& path, std::string_view why);
  void keep_old(const Remains& remains, const Stage& stage, const Path& path);
  awaitable<void> part_ways(NodeRef node, Attributes theirs, std::stop_token stop);
  awaitable<std::string> free_name(NodeRef directory, std::string_view name, std::stop_token stop);
  NodeRef take_over(NodeRef directory, std::string name, std::shared_ptr<Stage> stage,
                    std::optional<Attributes> there);

  // vfs_dir.cpp
  awaitable<DirHandle> opendir(Ino ino, std::stop_token stop);
  void readdir(DirHandle handle, off_t cookie, bool plus, DirFiller& filler);
  void begin(OpenDirectory& opened);
  bool fill_entry(Node& directory, const EntryView& entry, Clock::time_point fetched, bool plus, off_t next,
                  DirFiller& filler);

  // vfs_status.cpp
  Unsent unsent();
  Status status();
  Node* known(const Path& path);  // nullptr: not, or not any more
  FileStatus status_of(const Node& node);
  std::optional<FileStatus> file_status(const Path& path);

  // vfs_send.cpp
  struct Sending;
  awaitable<SendReport> send_all(std::stop_token stop);
  void find_unsaved(Sending& sending);
  static awaitable<void> send_next(Impl* self, std::shared_ptr<Sending> sending, std::stop_token stop);

  // vfs_shutdown.cpp
  struct Saving;
  awaitable<std::vector<std::string>> shutdown(Clock::time_point deadline);
  awaitable<std::vector<std::string>> save_all(std::stop_token waits);
  static awaitable<void> save_next(Impl* self, std::shared_ptr<Saving> saving, std::stop_token waits);
  awaitable<bool> saved(NodeRef node, std::stop_token waits);
  void drop_stages();

  // vfs.cpp
  void writable() const;   // throws Error(EROFS)
  void accepting() const;  // throws Error(ESHUTDOWN)
  WalkAhead::Context walking();
  FilesAhead::Context reading_in_a_row();
  void log_fetched_ahead() const;
  void stop_fetching_ahead() noexcept;
  void drop_caches() noexcept;
  awaitable<void> forget_below(Ino ino, std::stop_token stop);

  Executor executor;
  Remote& remote;
  Clock& clock;
  Logger logger;
  const VfsConfig config;
  TaskSet tasks;
  std::unique_ptr<DiskCache> disk;  // before whoever reads from it
  InodeTable nodes;
  BlockCache blocks;
  ChunkPool chunks;
  HiddenFiles hidden;
  Directories directories;
  std::optional<Spool> spool;
  MoreStreams more_streams;
  ReaderContext reading;
  Journal journal;
  Uploads uploads;
  WalkAhead walk_ahead;
  FilesAhead files_ahead;
  std::unordered_map<Handle, std::shared_ptr<OpenFile>> files;
  std::unordered_map<DirHandle, OpenDirectory> open_directories;
  std::uint64_t next_handle = 1;
  std::optional<std::uint16_t> made_mode;  // of a directory that the server has just made
  std::optional<Space> space;              // as the server last told
  std::optional<Clock::time_point> space_asked;
  bool asking_space = false;
  WaitList space_told;
  std::list<Remains> left_over;  // of mounts that died; until it is on its way to the server
  bool recovering = false;
  unsigned recovery_attempts = 0;
  std::exception_ptr recovery_failure;  // of the last one
  WaitList recovery_tried;
  bool shutting_down = false;
  bool sweeping = false;
  std::vector<std::string> tolerated;  // operations whose refusal was logged
};

}  // namespace ftpfs::vfs
