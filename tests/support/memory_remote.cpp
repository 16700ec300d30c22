// SPDX-License-Identifier: MIT
#include "support/memory_remote.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>

#include "support/memory_streams.hpp"

namespace ftpfs::test {

MemoryRemote::MemoryRemote(const Clock& clock) : tree_(clock), sessions_(std::make_shared<Sessions>()) {}

MemoryRemote::~MemoryRemote() {
  for (const auto& weak : streams_) {
    if (const auto stream = weak.lock()) stream->remote = nullptr;
  }
}

std::size_t MemoryRemote::calls() const noexcept {
  std::size_t sum = 0;
  for (const CallControl& control : controls_) sum += control.calls();
  return sum - calls(Op::read) - calls(Op::write) - calls(Op::commit);
}

void MemoryRemote::set_sessions(std::size_t limit) noexcept {
  sessions_->limit = limit;
  sessions_->wanted.wake_all();
}

void MemoryRemote::end_sources_after(std::uint64_t bytes, std::size_t times) {
  source_faults_.insert(source_faults_.end(), times, Fault{bytes, nullptr});
}

void MemoryRemote::die() {
  constexpr std::size_t all = 1000;
  for (CallControl& control : controls_) {
    control.fail_next(ConnectionLost(EIO, "the line died"), all);
    control.fail_next(ConnectionLost(EIO, "the line died"), all, When::after_effect);
    control.release();
  }
}

void MemoryRemote::recover() {
  for (CallControl& control : controls_) {
    control.release();
    control.fail_no_more();
  }
  source_faults_.clear();
  sink_faults_.clear();
  set_sessions(0);
}

std::size_t MemoryRemote::revoke_streams() {
  std::size_t count = 0;
  while (revoke_one()) ++count;
  return count;
}

bool MemoryRemote::revoke_one() {
  for (const auto& weak : streams_) {
    const auto stream = weak.lock();
    if (!stream || !stream->revocable()) continue;
    stream->revoke();
    return true;
  }
  return false;
}

std::size_t MemoryRemote::live(bool sinks) const noexcept {
  return std::ranges::count_if(streams_, [sinks](const std::weak_ptr<Stream>& weak) {
    const auto stream = weak.lock();
    return stream && stream->is_sink == sinks && !stream->dead && !stream->revoked;
  });
}

std::size_t MemoryRemote::most_at_once() const noexcept {
  return sessions_->most;
}

std::size_t MemoryRemote::spare() const noexcept {
  return spare_ - std::min(spare_, sessions_->used + sessions_->asking);
}

awaitable<MemoryRemote::Session> MemoryRemote::acquire(std::stop_token stop) {
  const std::shared_ptr<Sessions> sessions = sessions_;
  while (!sessions->free()) {
    if (revoke_one()) continue;
    co_await sessions->wanted.wait(stop);
  }
  co_return Session(sessions);
}

std::shared_ptr<MemoryRemote::Stream> MemoryRemote::new_stream(const Path& path, MemoryTree::NodePtr node,
                                                               std::vector<Fault>& faults, Session session) {
  auto stream = std::make_shared<Stream>();
  stream->remote = this;
  stream->path = path;
  stream->node = std::move(node);
  stream->session = std::move(session);
  if (!faults.empty()) {
    stream->fault = faults.front();
    faults.erase(faults.begin());
  }
  std::erase_if(streams_, [](const std::weak_ptr<Stream>& weak) { return weak.expired(); });
  streams_.push_back(stream);
  return stream;
}

Attributes MemoryRemote::attributes(const MemoryTree::Node& node, Precision precision) const {
  const std::int64_t unit = precision == Precision::day ? 86'400 : precision == Precision::minute ? 60 : 1;
  Attributes result;
  result.kind = node.kind;
  result.size = node.kind == Kind::symlink ? node.link_target.size() : node.content.size();
  if (tells_mode_) result.mode = node.mode;
  result.mtime = Timestamp{node.mtime / unit * unit, precision};
  return result;
}

void MemoryRemote::hide_size(Attributes& attributes, bool told) const noexcept {
  if (told || attributes.kind != Kind::file) return;
  attributes.size = 0;
  attributes.size_known = false;
}

awaitable<std::optional<Attributes>> MemoryRemote::stat(Path path, std::stop_token stop) {
  Asking asking(sessions_);
  CallControl& control = on(Op::stat);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  asking.done();
  const MemoryTree::NodePtr node = tree_.find(path);
  std::optional<Attributes> result;
  if (node) {
    result = attributes(*node, stat_precision_);
    hide_size(*result, sizes_ != Sizes::never);
  }
  co_await control.finish(stop);
  co_return result;
}

awaitable<bool> MemoryRemote::has_file(Path path, std::stop_token stop) {
  CallControl& control = on(Op::stat);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  const MemoryTree::NodePtr node = tree_.find(path);
  const bool result = node && node->kind != Kind::directory;
  co_await control.finish(stop);
  co_return result;
}

awaitable<std::vector<Entry>> MemoryRemote::list(Path directory, std::stop_token stop) {
  listed_.push_back(directory);
  Asking asking(sessions_);
  CallControl& control = on(Op::list);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  asking.done();
  std::vector<Entry> result;
  for (const auto& [name, node] : tree_.need_directory(directory)->children) {
    result.push_back(Entry{name, attributes(*node, list_precision_), node->link_target});
    hide_size(result.back().attributes, sizes_ == Sizes::in_listings);
  }
  co_await control.finish(stop);
  co_return result;
}

awaitable<std::unique_ptr<Source>> MemoryRemote::open_source(Path path, std::uint64_t offset,
                                                             std::stop_token stop) {
  Asking asking(sessions_);
  CallControl& control = on(Op::open_source);
  co_await control.start(stop);
  Session session = co_await acquire(stop);
  asking.done();
  MemoryTree::NodePtr node = tree_.need(path);
  if (node->kind == Kind::directory) throw Error(EISDIR, "server: not a file: " + path.str());
  sources_.push_back(OpenedSource{path, offset});
  const auto stream = new_stream(path, std::move(node), source_faults_, std::move(session));
  stream->position = offset;
  std::optional<Attributes> shown;
  if (shows_with_streams_ && offset > 0) shown = attributes(*stream->node, stat_precision_);
  std::unique_ptr<Source> source = std::make_unique<MemorySource>(stream, std::move(shown));
  co_await control.finish(stop);
  co_return source;
}

awaitable<std::optional<WholeFile>> MemoryRemote::fetch_whole(Path path, std::uint64_t at_most,
                                                              std::stop_token stop) {
  if (spare() == 0 || !sessions_->free()) co_return std::nullopt;
  fetched_.push_back(path);
  Asking asking(sessions_);
  CallControl& control = on(Op::fetch_whole);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  asking.done();
  MemoryTree::NodePtr node = tree_.need(path);
  if (node->kind != Kind::file || node->content.size() > at_most) co_return std::nullopt;
  WholeFile whole;
  whole.attributes = attributes(*node, stat_precision_);
  hide_size(whole.attributes, sizes_ != Sizes::never);
  CallControl& sending = on(Op::read);
  co_await sending.start(stop);
  node = tree_.need(path);
  const bool as_shown = whole.attributes.size_known && whole.attributes.size == node->content.size();
  if (!as_shown) co_return std::nullopt;
  whole.content = Buffer(node->content.size());
  std::memcpy(whole.content.data(), node->content.data(), node->content.size());
  *bytes_read_ += node->content.size();
  co_await control.finish(stop);
  co_return std::move(whole);
}

awaitable<std::unique_ptr<Sink>> MemoryRemote::open_sink(Path path, SinkRequest request,
                                                         std::stop_token stop) {
  CallControl& control = on(Op::open_sink);
  co_await control.start(stop);
  if (request.only_if_free && !sessions_->free()) co_return nullptr;
  Session session = co_await acquire(stop);
  std::optional<Error> refusal;
  if (refusals_ > 0 && refusals_-- > 0) refusal = refusal_;
  if (refusal && !request.unheard) throw Error(*refusal);
  const MemoryTree::NodePtr node =
      refusal ? std::make_shared<MemoryTree::Node>() : tree_.open_for_writing(path);
  if (request.mode == SinkRequest::Mode::replace) node->content.clear();
  node->mtime = tree_.now();
  sinks_.push_back(OpenedSink{path, request});
  const auto stream = new_stream(path, node, sink_faults_, std::move(session));
  stream->position = node->content.size();
  stream->is_sink = true;
  stream->yields = request.yields;
  stream->refusal = std::move(refusal);
  std::unique_ptr<Sink> sink = std::make_unique<MemorySink>(stream);
  co_await control.finish(stop);
  co_return sink;
}

awaitable<void> MemoryRemote::make_directory(Path path, std::stop_token stop) {
  CallControl& control = on(Op::make_directory);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  tree_.make_directory(path);
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::remove_file(Path path, std::stop_token stop) {
  CallControl& control = on(Op::remove_file);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  tree_.remove_file(path);
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::remove_directory(Path path, std::stop_token stop) {
  CallControl& control = on(Op::remove_directory);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  tree_.remove_directory(path);
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::rename(Path from, Path to, std::stop_token stop) {
  CallControl& control = on(Op::rename);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  tree_.rename(from, to);
  doubtful_.erase(to);
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::set_mtime(Path path, std::int64_t seconds, std::stop_token stop) {
  CallControl& control = on(Op::set_mtime);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  if (!capabilities_.set_mtime) throw Error(EOPNOTSUPP, "server: no way to set times");
  tree_.need(path)->mtime = seconds;
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::make_symlink(std::string target, Path path, std::stop_token stop) {
  CallControl& control = on(Op::make_symlink);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  if (!capabilities_.make_symlink) throw Error(EOPNOTSUPP, "server: no way to make symbolic links");
  if (tree_.find(path)) throw Error(EEXIST, "server: exists");
  tree_.need_directory(path.parent());
  tree_.put_symlink(path.str(), std::move(target));
  co_await control.finish(stop);
}

awaitable<void> MemoryRemote::settle(std::stop_token stop) {
  CallControl& control = on(Op::settle);
  co_await control.start(stop);
  co_await control.finish(stop);
}

awaitable<std::optional<Space>> MemoryRemote::space(std::stop_token stop) {
  CallControl& control = on(Op::space);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  co_await control.finish(stop);
  co_return space_;
}

awaitable<std::uint16_t> MemoryRemote::set_mode(Path path, std::uint16_t mode, std::stop_token stop) {
  CallControl& control = on(Op::set_mode);
  co_await control.start(stop);
  const Session session = co_await acquire(stop);
  if (!capabilities_.set_mode) throw Error(EOPNOTSUPP, "server: no way to set modes");
  const auto kept = static_cast<std::uint16_t>((mode & 0777) | kept_rights_);
  tree_.need(path)->mode = kept;
  co_await control.finish(stop);
  co_return kept;
}

}  // namespace ftpfs::test
