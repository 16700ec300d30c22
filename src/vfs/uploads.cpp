// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/uploads.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t load_step = 1u << 20;

}  // namespace

// Would trying again later help? Not when the server understood and said no.
bool is_final(const Error& error) noexcept {
  if (dynamic_cast<const NotAdmitted*>(&error)) return false;
  switch (error.code()) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
    case EILSEQ:
    case EOPNOTSUPP:
    case ESTALE:
    case EFBIG:
      return true;
    default:
      return false;
  }
}

// From the root of the mount, also of what has no name any more.
std::string shown_path(const Node& node) {
  std::string path = node.name.str();
  for (const Node* up = node.parent; up && up->parent; up = up->parent) path.insert(0, up->name + "/");
  return "/" + path;
}

bool refuses_attributes(const Error& error) noexcept {
  if (dynamic_cast<const NotAdmitted*>(&error)) return false;
  const int code = error.code();
  return code == EOPNOTSUPP || code == EACCES || code == EPERM;
}

Uploads::Uploads(ReaderContext& context, Directories& directories, HiddenFiles& hidden, Journal& journal,
                 Spool* spool, Logger logger)
    : context_(context),
      directories_(directories),
      hidden_(hidden),
      journal_(journal),
      spool_(spool),
      logger_(std::move(logger)) {}

Stage& Uploads::stage(Node& node) {
  if (!node.stage) {
    if (!spool_) throw Error(EROFS, "mounted read-only");
    // Not removed through us (then it would lie under its hidden name): there is nothing to write to.
    if (!node.linked && !node.marks().hidden_as)
      throw Error(ESTALE, node.name + " was removed on the server");
    const std::uint64_t base = node.on_server ? node.attributes.size : 0;
    node.stage = std::make_shared<Stage>(spool_->own().create(), base);
    node.stage->may_append = node.attributes.size_known;  // else it was emptied, whatever it held
    const auto wall = context_.clock.wall().time_since_epoch();
    node.stage->written_at = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  }
  return *node.stage;
}

// What this disk has of the server's content is that of another version soon, of the same size and time
// perhaps.
void Uploads::forget_on_disk(const Node& node) {
  if (context_.disk && node.linked) context_.disk->forget(context_.nodes.path(node));
}

void Uploads::resize(Node& node, std::uint64_t size) {
  Stage& its = stage(node);
  journal_.shrinks(node, size);
  its.truncate(size);
}

awaitable<void> Uploads::load(NodeRef node, Range range, std::stop_token stop) {
  const StagePtr stage = node->stage;
  while (const auto piece = stage->missing(range)) {
    if (!stage->loader || stage->loader_version != node->version) {
      const FileVersion version{node->version, node->attributes};
      const auto trust = stage->may_append ? Reader::Trust::none : Reader::Trust::every_stream;
      stage->loader = std::make_shared<Reader>(context_, node, version, trust);
      stage->loader_version = node->version;
    }
    const std::size_t size = std::min<std::uint64_t>(piece->end - piece->begin, load_step);
    const std::shared_ptr<Reader> loader = stage->loader;
    Slices slices;
    try {
      slices = co_await loader->read(piece->begin, size, stop);
    } catch (const Replaced& replaced) {  // for good: our changes belong to a version that is no more
      throw Error(ESTALE, std::string(replaced.what()) + " and changed");
    }
    if (slices.empty())
      throw Error(EIO, node->name + " became shorter on the server while it was changed here");
    std::uint64_t offset = piece->begin;
    for (const Slice& slice : slices) {
      stage->fill(offset, slice.bytes);
      offset += slice.bytes.size();
    }
  }
}

awaitable<void> Uploads::deliver(NodeRef node, std::stop_token stop) {
  const StagePtr stage = node->stage;
  if (!stage) co_return;
  const std::uint64_t wanted = stage->changes();
  // Joining the one that runs is fine. What create() has begun is none of them.
  const std::uint64_t earlier = stage->attempts - (stage->running && stage->attempts > 0 ? 1 : 0);
  while (stage->saved < wanted || stage->mtime || stage->mode) {
    co_await until_kept(node, stop);
    const bool has_gone =
        stage->stop.stop_requested() || node->stage != stage;  // removed; or under another name
    if (has_gone) co_return;
    if (!stage->running && moves(*node)) {
      co_await moved_.wait(stop);
      continue;
    }
    if (!stage->running) {
      const bool tried = stage->attempts > earlier && stage->failed >= wanted;
      if (tried && stage->failure) std::rethrow_exception(stage->failure);
      stage->running = true;
      ++stage->attempts;  // here, for somebody else may ask before it has begun
      context_.tasks.spawn(upload(this, node));
    }
    co_await stage->finished.wait(stop);
  }
  if (wanted == 0 || stage->given_up < wanted) co_return;
  if (stage->failure) std::rethrow_exception(stage->failure);
  throw Error(EIO, node->name + " could not be saved on the server; it is kept in the spool");
}

// Of what is being removed, or replaced, nothing is to be saved; unless that fails, which is waited for.
awaitable<void> Uploads::until_kept(NodeRef node, std::stop_token stop) {
  const StagePtr stage = node->stage;
  while (stage && stage->stop.stop_requested() && node->linked && moves(*node)) co_await moved_.wait(stop);
}

awaitable<void> Uploads::upload(Uploads* self, NodeRef node) {
  const StagePtr stage = node->stage;
  const std::stop_token never;
  if (!stage) co_return;  // the mount has ended before it began
  while (stage->following) co_await stage->finished.wait(never);
  const std::uint64_t attempted = stage->changes();
  ++self->counts_.begun;
  self->forget_on_disk(*node);
  stage->failure = nullptr;
  if (noted(*stage) && stage->dirty() && node->linked) self->journal_.note_wanted(*node);
  try {
    co_await self->save(node);
  } catch (const Cancelled&) {
    stage->failure = std::current_exception();
  } catch (const Error& error) {
    self->logger_->info("{} could not be saved: {} ({})", escaped(node->name), error.what(),
                        escaped(error.server_said()));
    stage->failure = std::current_exception();
  } catch (...) {
    stage->failure = std::current_exception();
  }
  if (stage->stop.stop_requested()) stage->failure = nullptr;
  // Whoever hears of the failure is to know that the content is safe.
  if (stage->failure && stage->dirty() && node->linked && node->stage == stage) co_await self->secure(node);
  if (stage->failure) stage->failed = attempted;
  ++(stage->failure ? self->counts_.failed : self->counts_.saved);
  if (stage->failure && node->parent) self->directories_.state(*node->parent).took_file.reset();
  if (stage->failure && node->stage == stage) undo_refused(*node);
  if (stage->dirty())
    self->discard(*stage);
  else if (!stage->mtime && !stage->mode)
    self->journal_.forget(*stage);
  stage->running = false;
  stage->finished.wake_all();
  if (node->stage == stage) self->settle(node);
}

awaitable<bool> Uploads::secure(NodeRef node) {
  std::string why;
  try {
    co_await journal_.secure(node);
  } catch (const std::exception& error) {
    why = error.what();
  }
  if (!why.empty()) logger_->error("{} would not survive a crash: {}", escaped(node->name), why);
  co_return why.empty();
}

awaitable<void> Uploads::save(NodeRef node) {
  const StagePtr stage = node->stage;
  if (!node->linked) {  // nobody can ask for it by name any more
    journal_.forget(*stage);
    stage->saved = stage->changes();
    stage->mtime.reset();
    stage->mode.reset();
    co_return;
  }
  if (stage->dirty()) co_await save_content(node);
  co_await save_attributes(node);
  if (!stage->dirty() && stage->size() != node->attributes.size) {
    journal_.forget(*stage);
    node->stage.reset();  // others appended too: the server's version is the right one
    node->new_version();
  }
  directories_.publish(*node);
  if (node->linked) directories_.remember_exact(context_.nodes.path(*node), node->attributes);
}

awaitable<void> Uploads::save_attributes(NodeRef node) {
  const StagePtr stage = node->stage ? node->stage : nullptr;
  if (!stage || (!stage->mode && !stage->mtime)) co_return;
  const Path path = context_.nodes.path(*node);
  Remote& remote = context_.remote;
  const std::stop_token stop = stage->stop.get_token();
  const std::optional<std::uint16_t> mode = stage->mode;
  const std::optional<std::int64_t> mtime = stage->mtime;
  try {
    if (mode && mode != node->attributes.mode) {
      const std::uint16_t wanted = *mode;
      const std::uint16_t taken = co_await remote.set_mode(path, wanted, stop);
      node->took_mode(wanted, taken);
    }
  } catch (const Error& error) {
    ignore_refusal(*node, error);
  }
  if (stage->mode == mode) stage->mode.reset();  // else another one was asked for meanwhile
  try {
    if (mtime) {
      const std::int64_t wanted = *mtime;
      co_await remote.set_mtime(path, wanted, stop);
      node->attributes.mtime = Timestamp{wanted, Precision::second};
    }
  } catch (const Error& error) {
    ignore_refusal(*node, error);
  }
  if (stage->mtime == mtime) stage->mtime.reset();
}

// The content is saved: close() does not fail for what comes on top, unless perms=strict asks for that.
void Uploads::ignore_refusal(const Node& node, const Error& error) const {
  const bool strict = context_.config.perms == PermsMode::strict && error.code() != EOPNOTSUPP;
  const bool refused = refuses_attributes(error) || error.code() == EINVAL;  // a time before 1970, say
  if (strict || !refused) throw;                                             // what is being handled, whole
  logger_->debug("mode or time of {} not kept: {}", escaped(node.name), error.what());
}

void Uploads::settle(NodeRef node) {
  const StagePtr stage = node->stage;
  if (!stage || node->marks().writers > 0 || stage->running || stage->following || stage->retrying) return;
  if (node->linked && stage->stop.stop_requested()) return;  // being removed
  if (!node->linked && node->marks().handles > 0) return;    // the only copy of what the open handles see
  // The program was told by close(); what the server has shows again at once.
  if (node->linked && refused_for_good(*stage)) give_up(*node);
  if (node->linked && (stage->dirty() || stage->mtime || stage->mode)) {
    settle_later(node);
    return;
  }
  discard(*stage);
  journal_.forget(*stage);
  node->stage.reset();
}

awaitable<void> Uploads::abandon(NodeRef node, std::stop_token stop) {
  const StagePtr stage = node->stage;
  if (!stage) co_return;
  stage->stop.request_stop();
  while (stage->running || stage->following) co_await stage->finished.wait(stop);
  discard(*stage);
}

bool Uploads::moves(const Node& node) noexcept {
  const Node* step = &node;
  while (step && step->marks().moving == 0) step = step->parent;
  return step != nullptr;
}

awaitable<void> Uploads::quiet(NodeRef node, std::stop_token stop) {
  std::vector<NodeRef> busy;
  context_.nodes.for_each([&](Node& one) {
    const bool sends = one.stage && (one.stage->running || one.stage->following);
    if (sends && context_.nodes.is_at_or_below(one, *node)) busy.emplace_back(context_.nodes, one);
  });
  for (const NodeRef& one : busy) {
    const StagePtr stage = one->stage;
    while (stage && (stage->running || stage->following)) co_await stage->finished.wait(stop);
  }
}

void Uploads::revive(NodeRef node) {
  if (!node->stage) return;
  node->stage->stop = std::stop_source();
  settle(node);
}

}  // namespace ftpfs::vfs
