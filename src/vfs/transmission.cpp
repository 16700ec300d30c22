// SPDX-License-Identifier: MIT
// One run of a file's content to the server: by which way, under which name, and when it counts as saved.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/stop.hpp>
#include <ftpfs/vfs/patience.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

// Does "no" concern the temporary name only, so that writing in place may work?
bool refuses_the_name(int code) {
  return code == EACCES || code == EPERM || code == EINVAL || code == EILSEQ || code == ENAMETOOLONG ||
         code == EEXIST;
}

// Had it begun? If not, an idle session may have been dead for long, which says little about the line.
bool is_open(const Stage& stage) noexcept {
  const Transmission* const running = stage.transmission.get();
  return running && running->accepted && running->sink && running->sink->answer() != Sink::Answer::none;
}

}  // namespace

std::string_view stem_of(std::string_view name) noexcept {
  constexpr std::size_t longest = 200;  // servers and file systems stop at 255
  std::size_t size = std::min(name.size(), longest);
  while (size > 0 && size < name.size() && (name[size] & 0xC0) == 0x80) --size;
  return name.substr(0, size);
}

// Everything is at hand locally, so another attempt on a fresh session is safe: a temporary file is begun
// anew, a file of our own is truncated by STOR, an append in doubt is replaced by a whole upload
// (Stage::may_append).
awaitable<void> Uploads::save_content(NodeRef node) {
  const StagePtr stage = node->stage;
  const std::uint64_t wanted = stage->changes();
  for (unsigned deaths = 0;;) {
    bool in_place = false;
    // Of the deaths, those that end it without `hard`.
    unsigned beyond = 0;
    if (node->stage != stage) throw Cancelled();  // the mount has ended
    try {
      if (stage->transmission && stage->transmission->rewritten) discard(*stage);
      if (!stage->transmission) {
        const Opening how{.waits = deaths > 0};
        co_await open_transmission(node, how);
      }
      co_await send(node, 1);
      if (!stage->transmission->rewritten || stage->transmission->started_at >= wanted) {
        co_await finish(node);
        co_return;
      }
    } catch (const Revoked&) {
    } catch (const NotAdmitted&) {
      throw;
    } catch (const Error& error) {
      const bool temporary = stage->transmission && stage->transmission->way == Transmission::Way::temporary;
      const bool is_lost = dynamic_cast<const ConnectionLost*>(&error) != nullptr;
      const bool line_died = is_lost || error.code() == EIO;
      in_place =
          context_.config.upload == UploadMode::automatic && temporary && refuses_the_name(error.code());
      const unsigned allowed = context_.config.line_may_die + (is_open(*stage) ? 0 : 1);
      if (line_died) ++deaths;
      beyond = deaths - std::min(deaths, allowed);
      const bool goes_on = is_lost && context_.config.hard;
      if (!in_place && !(line_died && (beyond == 0 || goes_on))) throw;
    }
    discard(*stage);
    if (node->stage != stage) throw Cancelled();
    if (in_place) {
      co_await try_in_place(node);
      co_return;
    }
    co_await pause(node, beyond);
  }
}

// Until the next attempt; ends with the file, and with the mount.
awaitable<void> Uploads::pause(NodeRef node, unsigned beyond) {
  if (beyond == 0) co_return;
  const StagePtr stage = node->stage;
  const std::chrono::seconds length = pause_after(beyond);
  logger_->info("{}: its lines keep breaking, the next attempt is in {} s", escaped(node->name),
                length.count());
  std::stop_source over;
  const std::stop_callback on_removal(stage->stop.get_token(), RequestStop(over));
  const std::stop_callback on_end(context_.tasks.stop_token(), RequestStop(over));
  Clock& clock = context_.clock;
  const Clock::time_point next = clock.now() + length;
  const std::stop_token stop = over.get_token();
  co_await clock.sleep_until(next, stop);
}

Transmission::Way Uploads::choose_way(const Node& node) {
  const Stage& stage = *node.stage;
  using enum Transmission::Way;
  const bool doubtful = stage.aside || context_.remote.upload_in_doubt(context_.nodes.path(node));
  const bool appends = node.on_server && !stage.created_here && stage.append_only() && stage.may_append;
  if (appends && !doubtful) return append;
  if (context_.config.upload == UploadMode::inplace) return direct;
  if (context_.config.upload == UploadMode::atomic) return temporary;
  const bool no_old_content = !node.on_server || stage.created_here;
  return no_old_content && !doubtful ? direct : temporary;
}

bool Uploads::overwrites_in_place(const Node& node) const {
  return context_.config.upload == UploadMode::inplace && node.on_server && node.attributes.size > 0;
}

// What is small goes out at once: whoever waits hears of a refusal all the same, at the end, and for nobody
// else's content it makes a difference. A large one should not be sent in vain, nor anything to where the old
// content may have to be put back.
awaitable<void> Uploads::open_transmission(NodeRef node, Opening how) {
  const StagePtr stage = node->stage;
  auto next = std::make_shared<Transmission>();
  next->way = choose_way(*node);
  next->started_at = stage->changes();
  next->path = context_.nodes.path(*node);
  SinkRequest request;
  request.yields = how.yields;
  const std::stop_token stop = stage->stop.get_token();
  if (next->way == Transmission::Way::append) {
    request.mode = SinkRequest::Mode::append;
    next->sent = next->taken = stage->base_size();
  } else {
    // All at hand before a session is taken: with a single session the upload could not wait for a download.
    const Range all{0, stage->size()};
    co_await load(node, all, stop);
    if (next->way == Transmission::Way::temporary) {
      next->path = temporary_for(next->path);
      hidden_.hide(next->path);
    }
  }
  const Path path = next->path;
  const auto way = next->way;
  const bool old_goes_first = way == Transmission::Way::direct && (stage->old || overwrites_in_place(*node));
  const bool is_small = stage->size() - next->sent <= small_upload;
  request.unheard = is_small && !how.waits && !old_goes_first;
  request.brief = is_small && stage->retrying;  // in the background
  if (old_goes_first) co_await secure(node);
  stage->transmission = std::move(next);
  // Else a crash would leave the temporary name on the server for ever.
  if (way == Transmission::Way::temporary && !stage->following) journal_.note_wanted(*node);
  Remote& remote = context_.remote;
  std::unique_ptr<Sink> sink = co_await remote.open_sink(path, request, stop);
  if (!stage->transmission) throw Cancelled();
  stage->transmission->sink = std::move(sink);
  stage->transmission->accepted = true;
  if (way == Transmission::Way::direct) {
    stage->transmission->made = !node->on_server;
    if (!node->on_server) stage->created_here = true;  // whole or cut short, what lies there is our own
    node->on_server = true;
  }
  // Until it is known to have worked: repeating it blindly could add the same bytes twice.
  if (way == Transmission::Way::append) {
    stage->may_append = false;
    stage->loader.reset();
  }
}

// Sends what the stage has beyond `sent`, as long as there are `step` bytes or more. Whoever waits for a
// flush gets the file sent to its end though others go on changing it; a follower stops, its upload begins
// anew.
awaitable<void> Uploads::send(NodeRef node, std::uint64_t step) {
  const StagePtr stage = node->stage;
  const std::shared_ptr<Transmission> running = stage->transmission;
  while (stage->size() >= running->sent + step && !(stage->following && running->rewritten)) {
    const std::size_t size = std::min<std::uint64_t>(stage->size() - running->sent, piece_size);
    const std::uint64_t from = running->sent;
    running->taken = from + size;
    Sink& sink = *running->sink;
    const std::size_t done = co_await sink.write(stage->file(), from, size);
    if (stage->transmission != running || node->stage != stage) throw Cancelled();
    running->sent = from + done;  // fewer when it was truncated meanwhile
    if (done == 0 && stage->size() > from)
      throw Error(EIO, "the spool holds less of " + node->name + " than was written");
  }
}

awaitable<void> Uploads::finish(NodeRef node) {
  const StagePtr stage = node->stage;
  const std::shared_ptr<Transmission> running = stage->transmission;
  // A file that is written while it is uploaded: what was there at the beginning counts as saved, for no byte
  // sent is older; the rest is sent at the next flush. (Truncated below what was sent: likewise not one
  // version.)
  if (stage->size() < running->sent) running->rewritten = true;
  const std::uint64_t changes = running->rewritten ? running->started_at : stage->changes();
  Sink& sink = *running->sink;
  const Attributes now = co_await sink.commit();
  if (stage->transmission != running || node->stage != stage) throw Cancelled();
  running->sink.reset();
  if (running->way == Transmission::Way::temporary) co_await put_in_place(node, now);
  if (node->stage != stage) throw Cancelled();
  stage->may_append = true;
  if (node->parent) directories_.state(*node->parent).took_file = context_.clock.now();
  stage->transmission.reset();
  saved(*node, now, changes);
  stage->rebase(running->sent, !running->rewritten);
  stage->created_here = running->sent == 0;
}

awaitable<void> Uploads::put_in_place(NodeRef node, Attributes uploaded) {
  Remote& remote = context_.remote;
  const Path temporary = node->stage->transmission->path;
  const Path target = context_.nodes.path(*node);
  const std::stop_token stop = node->stage->stop.get_token();
  const std::optional<std::uint16_t> mode = node->attributes.mode;
  if (mode && mode != uploaded.mode && remote.capabilities().set_mode) {
    const std::uint16_t wanted = *mode;
    try {
      co_await remote.set_mode(temporary, wanted, stop);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const NotAdmitted&) {
      throw;
    } catch (const Error& error) {
      logger_->debug("mode of {} not kept: {}", escaped(node->name), error.what());
    }
  }
  co_await remote.rename(temporary, target, stop);
  hidden_.unhide(temporary);
}

void Uploads::saved(Node& node, const Attributes& now, std::uint64_t changes) {
  node.stage->saved = std::max(node.stage->saved, changes);
  node.stage->given_up = 0;
  // Whichever way it went: what was kept of an older version is put nowhere any more.
  Journal::forget_old(*node.stage);
  node.stage->old.reset();
  node.stage->old_is_lost = false;
  const std::optional<std::uint16_t> old_mode = node.attributes.mode;
  node.attributes = now;
  node.forget(&Marks::kept_mtime);
  node.attributes.kind = Kind::file;
  if (!node.attributes.mode) node.attributes.mode = old_mode;
  node.learned = context_.clock.now();
  node.on_server = true;
  const bool kernel_knew = node.marks().kernel_version == node.version;
  node.new_version();
  if (kernel_knew) node.mark().kernel_version = node.version;  // its pages are what was written
}

void Uploads::discard(Stage& stage) {
  const std::shared_ptr<Transmission> old = std::move(stage.transmission);
  if (!old) return;
  const bool refused = old->sink && old->sink->answer() == Sink::Answer::no;
  old->sink.reset();
  if (old->way != Transmission::Way::temporary) return;
  if (old->accepted && !refused)
    hidden_.remove(old->path);
  else
    hidden_.unhide(old->path);
}

// The server would not have it: nothing of ours lies under that name, and somebody else's may soon.
void Uploads::undo_refused(Node& node) noexcept {
  Stage& stage = *node.stage;
  const Transmission* const refused = stage.transmission.get();
  if (!refused || !refused->sink || refused->sink->answer() != Sink::Answer::no) return;
  if (refused->way == Transmission::Way::append) stage.may_append = true;
  if (!refused->made) return;
  stage.created_here = false;
  node.on_server = false;
}

Path Uploads::temporary_for(const Path& path) {
  const std::string_view stem = stem_of(path.name());
  return path.parent().child(fmt::format(".{}.ftpfs-{:08x}", stem, static_cast<std::uint32_t>(random_())));
}

}  // namespace ftpfs::vfs
