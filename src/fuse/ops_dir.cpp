// SPDX-License-Identifier: MIT
// Open directories. Reading one never waits: opendir has fetched the listing.
#include <string>
#include <vector>

#include <fcntl.h>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>

namespace ftpfs::fuse {
namespace {

using vfs::DirHandle;
using vfs::Ino;

// Packs entries the kernel's way into one page of answer.
class PageFiller final : public vfs::DirFiller {
 public:
  PageFiller(fuse_req_t request, std::vector<char>& page, std::size_t size, bool plus)
      : request_(request), page_(page), size_(size), plus_(plus) {
    if (page_.size() < size_) page_.resize(size_);
  }

  bool add(std::string_view name, const vfs::Looked& entry, off_t next) override {
    name_.assign(name);
    const bool referenced = plus_ && name != "." && name != "..";
    if (referenced) referenced_.push_back(entry.ino);
    const std::size_t needed = pack(entry, referenced, next);
    if (needed <= size_ - used_) {
      used_ += needed;
      return true;
    }
    if (referenced) referenced_.pop_back();
    return false;
  }

  Bytes bytes() const noexcept { return as_bytes({page_.data(), used_}); }
  const std::vector<Ino>& referenced() const noexcept { return referenced_; }

 private:
  // What it needs; nothing is written when that is more than there is.
  std::size_t pack(const vfs::Looked& entry, bool referenced, off_t next) {
    char* const to = page_.data() + used_;
    if (!plus_) {
      return fuse_add_direntry(request_, to, size_ - used_, name_.c_str(), &entry.attr.stat, next);
    }
    fuse_entry_param parameters{};
    parameters.ino = referenced ? entry.ino : 0;  // 0: the kernel makes no inode of it
    parameters.attr = entry.attr.stat;
    parameters.attr_timeout = parameters.entry_timeout = entry.attr.ttl.count();
    return fuse_add_direntry_plus(request_, to, size_ - used_, name_.c_str(), &parameters, next);
  }

  fuse_req_t request_;
  std::vector<char>& page_;
  std::size_t size_;
  bool plus_;
  std::size_t used_ = 0;
  std::string name_;  // libfuse wants it terminated
  std::vector<Ino> referenced_;
};

awaitable<void> do_opendir(RequestPtr request, Ino ino) {
  const DirHandle handle = co_await request->vfs().opendir(ino, request->stop());
  request->opened_directory(handle);
}

void opendir(fuse_req_t handle, fuse_ino_t ino, fuse_file_info* file) {
  serve(handle, "opendir", ino, [&](const RequestPtr& request) {
    if ((file->flags & O_SYNC) == O_SYNC)  // see serving.hpp; it has no entries
      request->opened_directory(request->context().dialogues.open());
    else
      start(request, do_opendir, Ino{ino});
  });
}

void answer_page(const RequestPtr& request, fuse_req_t handle, std::size_t size, off_t cookie,
                 DirHandle directory, bool plus) {
  PageFiller filler(handle, request->context().directory_page, size, plus);
  request->vfs().readdir(directory, cookie, plus, filler);
  request->directory(filler.bytes(), filler.referenced());
}

void readdir(fuse_req_t handle, fuse_ino_t ino, std::size_t size, off_t cookie, fuse_file_info* file) {
  serve(handle, "readdir", ino,
        [&](const RequestPtr& request) { answer_page(request, handle, size, cookie, file->fh, false); });
}

void readdirplus(fuse_req_t handle, fuse_ino_t ino, std::size_t size, off_t cookie, fuse_file_info* file) {
  serve(handle, "readdirplus", ino,
        [&](const RequestPtr& request) { answer_page(request, handle, size, cookie, file->fh, true); });
}

// Not through serve(): see release.
void releasedir(fuse_req_t handle, fuse_ino_t, fuse_file_info* file) {
  context_of(handle).dialogues.close(file->fh);
  context_of(handle).vfs.releasedir(file->fh);
  fuse_reply_err(handle, 0);
}

// Names are on the server when their operation returns.
void fsyncdir(fuse_req_t handle, fuse_ino_t ino, int, fuse_file_info*) {
  serve(handle, "fsyncdir", ino, [](const RequestPtr& request) { request->ok(); });
}

}  // namespace

void add_dir_operations(fuse_lowlevel_ops& table) {
  table.opendir = opendir;
  table.readdir = readdir;
  table.readdirplus = readdirplus;
  table.releasedir = releasedir;
  table.fsyncdir = fsyncdir;
}

}  // namespace ftpfs::fuse
