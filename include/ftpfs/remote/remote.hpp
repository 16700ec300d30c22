// SPDX-License-Identifier: MIT
// The port: what the file system needs from any server. The vfs sees only this; FtpRemote implements it,
// tests/support/memory_remote.hpp fakes it.
//
// Every call goes to the server: no cache below this line. Failures throw Error with the errno the user
// should see (ENOENT only when the server said so; ConnectionLost when the line died and retrying did not
// help). Idempotent calls are retried once on a fresh session inside; a command whose reply was lost is
// looked after, never blindly repeated. A `stop` that fires throws Cancelled; what it may have started on the
// server is settled inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/bytes.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs {

// A file's bytes from an offset on, as one long stream. Not reading is the back-pressure. Destroying it early
// aborts the transfer, also while a read_some is pending (which then fails soon); the session behind it is
// tidied up in the background. `into` must stay valid until read_some has returned.
class Source {
 public:
  virtual ~Source() = default;
  // At least one byte; 0 = the end, and the server confirmed the whole transfer (final 2xx reply).
  // Throws Revoked when the session was needed elsewhere, ConnectionLost when the line died, Error when the
  // server reports a failure. After a throw the Source is dead.
  virtual awaitable<std::size_t> read_some(MutableBytes into) = 0;
  // What the server showed of the file, asked right before the stream and in one trip with it; nullopt: it
  // was not asked, because that would have taken a trip of its own, or it did not tell. Only streams that
  // begin behind the start of a file come with it: those that are to go on where another one was.
  virtual std::optional<Attributes> shown() const { return std::nullopt; }
};

// A file on its way up. Destroyed uncommitted = aborted, also while an operation is pending: the server may
// keep a partial file under that name.
class Sink {
 public:
  virtual ~Sink() = default;
  // `size` bytes of a local file from `offset` on; returns how many of them it had. Bytes that are changed
  // meanwhile are sent in either state. The file must stay open until write() has returned. Throws as
  // Source::read_some.
  virtual awaitable<std::size_t> write(int file, std::uint64_t offset, std::size_t size) = 0;
  // Ends the file and returns only when the server confirmed it (final 2xx) and shows exactly the size that
  // was sent (for append: what was there before plus what was sent). The attributes are the server's, read
  // after the upload.
  virtual awaitable<Attributes> commit() = 0;
  // What the server has said to the upload as such. No: refused, and nothing of it is there. Without an
  // answer (SinkRequest::unheard) what becomes of it may be anything.
  enum class Answer : std::uint8_t { none, yes, no };
  virtual Answer answer() const noexcept { return Answer::yes; }
};

struct SinkRequest {
  enum class Mode { replace, append };  // STOR (creates or truncates) / APPE
  Mode mode = Mode::replace;
  bool yields =
      false;  // while no write() or commit() runs, the session may be taken away (then they throw Revoked)
  // open_sink need not wait until the server has accepted: a refusal may come from write() or commit().
  bool unheard = false;
  // Over as soon as a listing, and nobody's program waits for it: may have the session that transfers leave
  // alone.
  bool brief = false;
  bool only_if_free = false;  // open_sink answers nullptr at once instead of waiting for a session
};

// A small file, with what the server showed of it right before it was sent.
struct WholeFile {
  Attributes attributes;
  Buffer content;  // attributes.size bytes
};

class Remote {
 public:
  virtual ~Remote() = default;

  virtual awaitable<std::optional<Attributes>> stat(Path path,
                                                    std::stop_token stop) = 0;  // nullopt: does not exist
  // Is there a file that an upload under this name would replace? One round trip where stat() may take
  // several to make sure of an absence.
  virtual awaitable<bool> has_file(Path path, std::stop_token stop) = 0;
  // Without "." and "..", each name once, invalid names left out. Complete or throws (ENOENT, ENOTDIR,
  // EACCES, EIO).
  virtual awaitable<std::vector<Entry>> list(Path directory, std::stop_token stop) = 0;

  // Returns when the server accepted the transfer (1xx), so refusals (ENOENT, EACCES, ENOSPC...) throw here.
  virtual awaitable<std::unique_ptr<Source>> open_source(Path path, std::uint64_t offset,
                                                         std::stop_token stop) = 0;
  // For work that nobody has asked for: never waits for a session. nullopt where none is to spare, for what
  // is no file or may be larger than `at_most`, and when other than the size that was shown arrived.
  virtual awaitable<std::optional<WholeFile>> fetch_whole(Path path, std::uint64_t at_most,
                                                          std::stop_token stop) = 0;
  virtual awaitable<std::unique_ptr<Sink>> open_sink(Path path, SinkRequest request,
                                                     std::stop_token stop) = 0;

  virtual awaitable<void> make_directory(Path path, std::stop_token stop) = 0;    // EEXIST, ENOENT...
  virtual awaitable<void> remove_file(Path path, std::stop_token stop) = 0;       // EISDIR...
  virtual awaitable<void> remove_directory(Path path, std::stop_token stop) = 0;  // ENOTEMPTY, ENOTDIR...
  // As rename(2): a file replaces a file, also where the server's RNTO would refuse to.
  virtual awaitable<void> rename(Path from, Path to, std::stop_token stop) = 0;
  // EOPNOTSUPP when the server has no way to do it (Capabilities then says so too).
  virtual awaitable<void> set_mtime(Path path, std::int64_t seconds, std::stop_token stop) = 0;
  // Returns the mode that the server then shows: `mode`, or more where its account needs a right to itself.
  virtual awaitable<std::uint16_t> set_mode(Path path, std::uint16_t mode, std::stop_token stop) = 0;
  // `target` as symlink(2) takes it. Servers may demand that it exists (EPERM), and may spell it in another
  // way.
  virtual awaitable<void> make_symlink(std::string target, Path path, std::stop_token stop) = 0;
  // nullopt: the server does not say.
  virtual awaitable<std::optional<Space>> space(std::stop_token stop) = 0;

  // May an upload under that name still begin, one that the server never answered? Whatever is sent to it
  // directly could be emptied then; a file that is renamed over it could not.
  virtual bool upload_in_doubt(const Path& path) const = 0;
  // A mount that was killed may have left commands on their way to the server, which carries them out later
  // than what comes after them. From now on a change waits until that is no longer to be feared.
  virtual void beware_of_late_commands() noexcept = 0;
  // Returns when it is not, at once nearly always: before a look that is to decide something.
  virtual awaitable<void> settle(std::stop_token stop) = 0;

  virtual Capabilities capabilities() const noexcept = 0;
  // How many more operations could begin now without waiting and without anybody waiting because of them, as
  // far as is known now: for work that nobody has asked for. 0 where there is but one session for all.
  virtual std::size_t spare() const noexcept = 0;
  // So many more operations are likely to begin soon: what they need may be got ready meanwhile, in the
  // background and as far as spare() allows. A hint, which nobody waits for and which cannot fail.
  virtual void expect(std::size_t operations) = 0;
  // How many operations may run at once, as far as is known now; at least 1.
  virtual std::size_t sessions() const noexcept = 0;
};

}  // namespace ftpfs
