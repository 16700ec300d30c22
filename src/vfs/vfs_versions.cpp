// SPDX-License-Identifier: MIT
// Which version of a file an open handle reads. What we change ourselves every handle sees at once, as on a
// local disk. What somebody else changes on the server it sees only where no bytes of two versions come
// together: when the file has merely become longer, or when the program begins anew at its start and the
// kernel has let go of what it had of the old version. Else what
// its stream has yet to bring can still be read, and the rest is EIO until it is opened again.
#include <cerrno>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {

// Without FUSE_AUTO_INVAL_DATA the kernel drops the pages of other versions when it is told another size, and
// only then (Linux 6.1, fuse_change_attributes()).
Attr Vfs::Impl::tell(Node& node) {
  node.told = true;
  return attr(node);
}

// The server has told more about a file, not later than at `when`, than its listing shows.
void Vfs::Impl::notice(Node& node, Attributes now, Clock::time_point when) {
  // SIZE and MDTM tell no mode, and not every server has MDTM.
  if (!now.mode) now.mode = node.attributes.mode;
  if (!now.mtime && now.size == node.attributes.size) now.mtime = node.attributes.mtime;
  learn(node, now, node.marks().link_target.value_or({}), when);
  // One that was found out by counting, an open file's, is another by now for all we know.
  if (!now.size_known && when >= node.learned) node.attributes.size_known = false;
  if (!node.linked) return;
  directories.publish(node);
  if (now.size_known) directories.remember_exact(nodes.path(node), now);
}

void Vfs::Impl::adopt(OpenFile& file, std::shared_ptr<Reader> reader) {
  file.reader = std::move(reader);
  file.version = {file.node->version, file.node->attributes};
}

const std::shared_ptr<Reader>& Vfs::Impl::reader(OpenFile& file) {
  if (!file.reader) file.reader = std::make_shared<Reader>(reading, file.node, file.version);
  return file.reader;
}

void Vfs::Impl::handed_out(OpenFile& file, std::uint64_t offset, const Slices& slices) {
  if (slices.empty()) return;
  Node& node = *file.node;
  file.witness = Witness::of(file.version.number, offset, slices);
  node.mark().witness = file.witness;
  if (node.told && file.version.number != node.version) node.mark().mixed_version = node.version;
}

// The kernel has no pages of another version than the present one.
bool Vfs::Impl::kernel_has_dropped(const Node& node) const {
  const Marks& marks = node.marks();
  const bool other_size = marks.kernel_size && *marks.kernel_size != node.attributes.size;
  return node.told && other_size && marks.mixed_version != node.version;
}

awaitable<void> Vfs::Impl::follow(std::shared_ptr<OpenFile> file, std::uint64_t offset, std::size_t size,
                                  std::stop_token stop) {
  const Node& node = *file->node;
  if (file->version.number == node.version) co_return;
  const bool ours = node.marks().foreign_version <= file->version.number;
  const bool begins_anew = offset == 0 && kernel_has_dropped(node);
  if (ours || begins_anew) {
    adopt(*file, nullptr);
    co_return;
  }
  // The kernel keeps the pages of all handles together: once an open() has given it the new version, bytes of
  // the old one would be read through that handle.
  const auto is_given_out = [&] {
    return file->version.number != node.version && node.marks().kernel_version == node.version;
  };
  const bool beyond = offset + size > file->version.attributes.size;  // what had been the end need not be
  if (beyond || is_given_out()) co_await outgrow(file, stop);
  if (is_given_out()) throw Error(EIO, node.name + " was changed on the server, and is read anew already");
}

// Moves the handle on to the present version if that is the old one with something added behind it.
awaitable<void> Vfs::Impl::outgrow(std::shared_ptr<OpenFile> file, std::stop_token stop) {
  const Node& node = *file->node;
  const std::uint64_t version = node.version;
  const bool longer = node.attributes.size > file->version.attributes.size;
  if (!longer || file->refused_version == version) co_return;
  const FileVersion present{version, node.attributes};
  auto next = std::make_shared<Reader>(reading, file->node, present);
  Witness witness = node.marks().witness.value_or({});
  const bool is_newer = witness.version > file->version.number;  // another handle's
  if (is_newer && file->witness.version == file->version.number) witness = file->witness;
  bool same = witness.version < file->version.number;  // no byte of it was handed out
  if (witness.version == file->version.number) {
    const Slices there = co_await next->read(witness.offset, witness.size, stop);
    same = witness.recognizes(there);
  }
  if (node.version != version || node.stage) co_return;
  if (same)
    adopt(*file, std::move(next));
  else
    file->refused_version = version;
}

}  // namespace ftpfs::vfs
