// SPDX-License-Identifier: MIT
// The namespace: mkdir, unlink, rmdir, rename. The server first, then caches, before the reply: what we did
// shows at once and never "not found".
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <stdio.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

void Vfs::Impl::check_new_name(std::string_view name) const {
  writable();
  accepting();
  constexpr std::size_t name_max = 255;
  if (name.size() > name_max) throw Error(ENAMETOOLONG, "name too long: " + escaped(name));
  // One line is one command: a name cannot carry the line's end (RFC 959 section 5.3).
  if (name.find_first_of("\r\n") != name.npos)
    throw Error(EINVAL, "FTP cannot carry this name: " + escaped(name));
}

// Files created here that the server does not know of yet: it would take their directory for empty, their
// name for free.
bool Vfs::Impl::has_unsent(const Node& directory) const {
  return directory.directory && !directory.directory->unsent.empty();
}

bool Vfs::Impl::has_unsent(const Node& directory, const std::string& name) const {
  return directory.directory && directory.directory->unsent.contains(name);
}

// "README" is about to appear where "readme" is listed: on a server that folds case it would take its place.
awaitable<void> Vfs::Impl::check_twin(NodeRef directory, std::string name, std::stop_token stop) {
  const auto listing = directories.cached(*directory);
  const Entry* const twin = listing && !listing->find(name) ? listing->twin_of(name) : nullptr;
  if (!twin) co_return;
  const std::string told = fmt::format("{}: the server takes it for {}", name, twin->name);
  const Path path = nodes.path(*directory).child(name);
  const std::optional<Attributes> there = co_await remote.stat(path, stop);
  if (there) throw Error(EEXIST, told);
}

// What a rename would replace. For RENAME_NOREPLACE the kernel promises EEXIST by our word: memory is not
// good enough.
awaitable<std::optional<NodeRef>> Vfs::Impl::rename_target(NodeRef from, std::string name, NodeRef to,
                                                           std::string new_name, bool no_replace,
                                                           std::stop_token stop) {
  std::optional<NodeRef> target;
  if (&*from == &*to && may_be_twins(name, new_name)) {
    // On a server that folds case a look at the new name would find the old one: only a listing tells.
    if (no_replace) directories.drop(*to);
    const std::shared_ptr<Listing> listing = co_await directories.get(to, stop);
    if (const Entry* const entry = listing->find(new_name))
      target.emplace(nodes, node_for(*to, *entry, listing->fetched()));
    co_return target;
  }
  target = co_await resolve(to, new_name, stop);
  if (!target) co_await check_twin(to, new_name, stop);
  if (!target && no_replace) target = co_await look_again(to, new_name, stop);
  co_return target;
}

awaitable<Looked> Vfs::Impl::mkdir(Ino parent, std::string name, mode_t mode, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  if (has_unsent(*directory, name)) throw Error(EEXIST, name + " exists");
  const Path path = nodes.path(*directory).child(name);
  try {
    co_await remote.make_directory(path, stop);
  } catch (...) {
    doubt(*directory, name);
    throw;
  }

  Entry entry;
  entry.name = name;
  entry.attributes.kind = Kind::directory;
  entry.attributes.mtime = Timestamp{wall_seconds(), Precision::second};
  if (Node* const old = nodes.find(*directory, name)) nodes.unlink(*old);
  NodeRef node(nodes, node_for(*directory, entry, clock.now()));
  changed(*node);
  directories.made(*node);
  directories.publish(*node);
  entries_changed(*directory);
  co_await set_first_mode(node, mode & 0777, stop);
  co_return looked(*node);
}

// MKD takes no mode: the server gives every new directory the same one, which the first of them tells.
awaitable<void> Vfs::Impl::set_first_mode(NodeRef node, std::uint16_t mode, std::stop_token stop) {
  const Capabilities able = remote.capabilities();
  if (!able.set_mode) co_return;
  if (!made_mode && able.tells_mode) {
    const Path path = nodes.path(*node);
    const std::optional<Attributes> made = co_await remote.stat(path, stop);
    if (made) made_mode = made->mode;
  }
  if (!made_mode) made_mode = config.directory_mode;
  if (mode != *made_mode) {
    co_await set_mode(node, mode, stop);
    co_return;
  }
  node->attributes.mode = mode;
  directories.publish(*node);
}

// A change whose outcome is not known, or not what we thought possible: ask again before answering from
// memory.
void Vfs::Impl::doubt(Node& directory, std::string_view name) {
  directories.drop(directory);
  if (Node* const node = nodes.find(directory, name)) node->learned = {};
}

void Vfs::Impl::removed(Node& node) {
  if (!node.linked) return;
  directories.erase(*node.parent, node.name);
  entries_changed(*node.parent);
  nodes.unlink(node);
  if (node.stage) journal.forget(*node.stage);
  changed(node);
  if (node.hidden_as && node.handles == 0) hidden.remove(*node.hidden_as);
}

awaitable<void> Vfs::Impl::unlink(Ino parent, std::string name, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  std::optional<NodeRef> found = co_await resolve(directory, name, stop);
  if (!found) throw Error(ENOENT, name + " does not exist");
  NodeRef node = *found;
  if (node->attributes.kind == Kind::directory) throw Error(EISDIR, name + " is a directory");
  files_ahead.drop(*node);
  const Uploads::Pause pause(uploads, node);  // else what is written now would bring the file back
  try {
    co_await uploads.abandon(node, stop);
    if (must_stay_readable(*node))
      co_await hide_open_file(node, stop);
    else
      co_await remove_from_server(node, stop);
  } catch (...) {
    uploads.revive(node);
    doubt(*directory, name);
    throw;
  }
  removed(*node);
  co_await journal.forgotten();
}

awaitable<void> Vfs::Impl::remove_from_server(NodeRef node, std::stop_token stop) {
  const bool never_sent = !node->on_server && node->stage && node->stage->attempts == 0;
  if (never_sent) co_return;
  const Path path = nodes.path(*node);
  try {
    co_await remote.remove_file(path, stop);
  } catch (const Error& error) {
    const bool upload_never_arrived = !node->on_server && error.code() == ENOENT;
    if (!upload_never_arrived) throw;
  }
}

awaitable<void> Vfs::Impl::rmdir(Ino parent, std::string name, std::stop_token stop) {
  check_new_name(name);
  NodeRef directory = directory_at(parent);
  std::optional<NodeRef> found = co_await resolve(directory, name, stop);
  if (!found) throw Error(ENOENT, name + " does not exist");
  NodeRef node = *found;
  if (node->attributes.kind != Kind::directory) throw Error(ENOTDIR, name + " is not a directory");
  if (has_unsent(*node)) throw Error(ENOTEMPTY, name + " is not empty");
  const Path path = nodes.path(*node);
  try {
    co_await vacate(node, stop);
    co_await remote.remove_directory(path, stop);
  } catch (...) {
    directories.drop(*node);  // ENOTEMPTY: there is something that we have not seen
    doubt(*directory, name);
    throw;
  }
  directories.drop(*node);
  removed(*node);
}

// Takes the target of a rename out of the way as rename(2) says, or throws.
awaitable<void> Vfs::Impl::make_way(NodeRef source, NodeRef target, std::stop_token stop) {
  const bool from_directory = source->attributes.kind == Kind::directory;
  const bool to_directory = target->attributes.kind == Kind::directory;
  if (from_directory && !to_directory) throw Error(ENOTDIR, target->name + " is not a directory");
  if (!from_directory && to_directory) throw Error(EISDIR, target->name + " is a directory");
  if (to_directory) {
    if (has_unsent(*target)) throw Error(ENOTEMPTY, target->name + " is not empty");
    const Path path = nodes.path(*target);
    co_await vacate(target, stop);
    co_await remote.remove_directory(path, stop);  // ENOTEMPTY where it is not
    directories.drop(*target);
    removed(*target);
    co_return;
  }
  co_await uploads.abandon(target, stop);
  if (must_stay_readable(*target)) co_await hide_open_file(target, stop);
}

// The target of a rename that failed: an empty directory, which had to go first.
awaitable<void> Vfs::Impl::make_again(NodeRef directory, Path path) {
  const std::stop_token never;
  try {
    co_await remote.make_directory(path, never);
    const std::optional<std::uint16_t> mode = directory->attributes.mode;
    if (mode && remote.capabilities().set_mode) {
      const std::uint16_t wanted = *mode;
      co_await remote.set_mode(path, wanted, never);
    }
  } catch (const Error& error) {
    if (error.code() != EEXIST)
      logger->warn("the empty directory {} is gone: {}", escaped(path.str()), error.what());
  }
}

// The server's part of a rename.
awaitable<void> Vfs::Impl::move_on_server(NodeRef source, std::optional<NodeRef> target, Path from, Path to,
                                          std::stop_token stop) {
  std::exception_ptr failure;
  try {
    if (source->attributes.kind == Kind::directory) co_await hidden.removals_below(from, stop);
    if (target) co_await make_way(source, *target, stop);
    const bool set_aside = target && (*target)->hidden_as;
    const std::stop_token step = set_aside ? std::stop_token() : stop;  // nothing stops between two names
    co_await remote.rename(from, to, step);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (target) uploads.revive(*target);
  if (target && (*target)->hidden_as) co_await bring_back(*target, to);
  const bool removed_directory =
      target && !(*target)->linked && (*target)->attributes.kind == Kind::directory;
  if (removed_directory) co_await make_again(*target, to);
  std::rethrow_exception(failure);
}

// The rename of a file that the server has not heard of: it will be sent to its new name, in place of what is
// there.
awaitable<void> Vfs::Impl::take_place(NodeRef source, std::optional<NodeRef> target, std::stop_token stop) {
  if (!target) co_return;
  std::exception_ptr failure;
  try {
    co_await make_way(source, *target, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    uploads.revive(*target);
    std::rethrow_exception(failure);
  }
  const Node& replaced = **target;
  if (!replaced.on_server || replaced.hidden_as) co_return;
  const std::optional<std::uint16_t> mode = source->attributes.mode;
  source->attributes = replaced.attributes;
  source->attributes.mode = mode;
  source->on_server = true;
  source->stage->rebase(replaced.attributes.size, false);  // none of it is part of ours: nothing is appended
}

// What is being uploaded is on its way to the old name.
awaitable<void> Vfs::Impl::save_what_moves(NodeRef source, std::stop_token stop) {
  std::vector<NodeRef> moving;
  const auto consider = [&](Node& node) {
    const Stage* const stage = node.stage.get();
    const bool busy = stage && (stage->dirty() || stage->running);
    if (busy && nodes.is_at_or_below(node, *source)) moving.emplace_back(nodes, node);
  };
  if (source->attributes.kind == Kind::directory)
    nodes.for_each(consider);
  else
    consider(*source);
  for (const NodeRef& node : moving) co_await uploads.deliver(node, stop);
}

awaitable<void> Vfs::Impl::rename(Ino parent, std::string name, Ino new_parent, std::string new_name,
                                  unsigned flags, std::stop_token stop) {
  check_new_name(new_name);
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0)
    throw Error(EINVAL, "FTP cannot exchange two names");
  NodeRef from = directory_at(parent);
  NodeRef to = directory_at(new_parent);
  std::optional<NodeRef> found = co_await resolve(from, name, stop);
  if (!found) throw Error(ENOENT, name + " does not exist");
  NodeRef source = *found;
  const bool no_replace = (flags & RENAME_NOREPLACE) != 0;
  std::optional<NodeRef> target = co_await rename_target(from, name, to, new_name, no_replace, stop);
  if (target && no_replace) throw Error(EEXIST, new_name + " exists");
  if (target && &**target == &*source) co_return;
  if (nodes.is_at_or_below(*to, *source)) throw Error(EINVAL, "a directory cannot be moved into itself");

  files_ahead.drop(*source);
  if (target) files_ahead.drop(**target);
  // Not where an open file has to be moved aside for it: a crash would leave the name without either.
  const bool moves_target = target && must_stay_readable(**target);
  const bool unknown_there = config.writeback.count() > 0 && Uploads::never_sent(*source) && !moves_target;
  if (!unknown_there) co_await save_what_moves(source, stop);
  // What is written from here on has to reach the new name.
  const Uploads::Pause pause(uploads, source);
  std::optional<Uploads::Pause> pause_of_target;
  if (target) pause_of_target.emplace(uploads, *target);
  co_await uploads.quiet(source, stop);
  const Path old_path = nodes.path(*from).child(name);
  const Path new_path = nodes.path(*to).child(new_name);
  const InodeTable::Renaming renaming(nodes, source);
  try {
    if (unknown_there)
      co_await take_place(source, target, stop);
    else
      co_await move_on_server(source, target, old_path, new_path, stop);
  } catch (...) {
    doubt(*from, name);
    doubt(*to, new_name);
    throw;
  }

  if (source->attributes.kind == Kind::directory) move_hidden(old_path, new_path);
  std::unique_ptr<JournalEntry> replaced;  // goes when the journal knows what has taken its place
  if (target && (*target)->stage) replaced = std::move((*target)->stage->entry);
  if (target) removed(**target);
  if (Node* const left = nodes.find(*to, new_name)) nodes.unlink(*left);
  if (!source->linked) {
    if (replaced) journal.forget(*replaced);
    co_await journal.forgotten();
    co_return;
  }
  directories.erase(*from, name);
  nodes.rename(*source, *to, new_name);
  nodes.for_each([&](Node& node) {
    if (node.stage && nodes.is_at_or_below(node, *source)) journal.renew(node);
  });
  if (replaced) journal.forget(*replaced);
  changed(*source);
  directories.publish(*source);
  entries_changed(*from);
  entries_changed(*to);
  if (source->attributes.kind == Kind::file)
    directories.remember_exact(nodes.path(*source), source->attributes);
  co_await journal.forgotten();
}

}  // namespace ftpfs::vfs
