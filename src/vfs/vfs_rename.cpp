// SPDX-License-Identifier: MIT
// rename(2): what is in the way goes first, what moves takes its caches and its uploads along.
#include <cerrno>
#include <utility>

#include <stdio.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

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
    if (const std::optional<EntryView> entry = listing->find(new_name))
      target.emplace(nodes, node_for(*to, *entry, listing->fetched()));
    co_return target;
  }
  target = co_await resolve(to, new_name, stop);
  if (!target) co_await check_twin(to, new_name, stop);
  if (!target && no_replace) target = co_await look_again(to, new_name, stop);
  co_return target;
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
    const bool set_aside = target && (*target)->marks().hidden_as;
    const std::stop_token step = set_aside ? std::stop_token() : stop;  // nothing stops between two names
    co_await remote.rename(from, to, step);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (target) uploads.revive(*target);
  if (target && (*target)->marks().hidden_as) co_await bring_back(*target, to);
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
  if (!replaced.on_server || replaced.marks().hidden_as) co_return;
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
  const bool heard = !source->marks().unheard;
  for (const NodeRef& node : moving) co_await uploads.send_now(node, stop);
  if (heard) Uploads::tell_unheard(*source);  // what has the name by now is somebody else's
}

// Other content will have these names, of the same size and time perhaps.
awaitable<void> Vfs::Impl::forget_on_disk(NodeRef source, Path from, Path to) {
  disk->forget(from);
  disk->forget(to);
  if (source->attributes.kind == Kind::directory) co_await disk->forget_below(from, to);
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
  if (disk) co_await forget_on_disk(source, old_path, new_path);
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

  if (disk) {  // who read meanwhile may have kept the one under the name of the other
    disk->forget(old_path);
    disk->forget(new_path);
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
  if (replaced) Journal::replaces(*source, *replaced);
  nodes.for_each([&](Node& node) {
    if (node.stage && nodes.is_at_or_below(node, *source)) journal.renew(node);
  });
  changed(*source);
  directories.publish(*source);
  entries_changed(*from);
  entries_changed(*to);
  if (source->attributes.kind == Kind::file)
    directories.remember_exact(nodes.path(*source), source->attributes);
  JournalEntry* const old = replaced.get();
  if (old) co_await journal.take_place(source, old);
  co_await journal.forgotten();
}

}  // namespace ftpfs::vfs
