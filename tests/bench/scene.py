# SPDX-License-Identifier: MIT
"""What every tool of the bench works on: the tree that the servers show, and the files to send."""
import os
import pathlib
import pwd
import shutil
import tempfile

OWNER = pwd.getpwnam("daemon")  # the account that the server acts as

MIB = 1 << 20
BIG_FILE = 1024 * MIB
MIDDLE_FILE = 256 * MIB
READERS = [1, 2, 4, 8]
READER_FILE = 128 * MIB
LISTED = {"list": 10_000, "long-list": 100_000}
FOLDERS, FILES_PER_FOLDER = 300, 10
SMALL_FILES, SMALL_SIZE = 300, 4096
TREE_FOLDERS, TREE_FILES = 30, 10


def small_name(number):
    return f"f{number:03}"


def write_file(path, size):
    """Random bytes, drawn once and repeated: neither side can guess or compress them away cheaply."""
    block = os.urandom(min(size, 8 * MIB))
    with open(path, "wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])


def write_small_files(folder):
    folder.mkdir()
    for number in range(SMALL_FILES):
        write_file(folder / small_name(number), SMALL_SIZE)


def touch_files(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


def write_tree(folder):
    for number in range(TREE_FOLDERS):
        touch_files(folder / f"folder{number}", [f"file{each}" for each in range(TREE_FILES)])


def give_to_server(folder):
    for path, _, names in os.walk(folder):
        for name in [".", *names]:
            os.chown(os.path.join(path, name), OWNER.pw_uid, OWNER.pw_gid)


class Scene:
    """Owns the scratch folder, and knows the server of the moment."""

    def __init__(self, scratch):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftpfs-bench.", dir=scratch))
        self.base.chmod(0o755)
        self.root = self.base / "server"  # what the server shows as /
        self.uploads = self.root / "up"  # emptied before each piece of work
        self.sources = self.base / "sources"
        self.server = None

    def __enter__(self):
        try:
            self.make_files()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)

    def make_files(self):
        self.root.mkdir()
        self.sources.mkdir()
        write_file(self.root / "big", BIG_FILE)
        write_file(self.root / "middle", MIDDLE_FILE)
        for number in range(max(READERS)):
            write_file(self.root / f"reader{number}", READER_FILE)
        for name, count in LISTED.items():
            touch_files(self.root / name, [f"entry-{number:06}.txt" for number in range(count)])
        for folder in range(FOLDERS):
            touch_files(self.root / "walk" / f"folder{folder:03}", [f"file{each}" for each in range(FILES_PER_FOLDER)])
        write_small_files(self.root / "small")
        write_file(self.sources / "sent", MIDDLE_FILE)
        write_small_files(self.sources / "small")
        write_tree(self.sources / "tree")
        self.uploads.mkdir()
        give_to_server(self.root)

    def reset_uploads(self, content=None):
        """Empties the writable folder, or fills it with a copy of `content`."""
        shutil.rmtree(self.uploads, ignore_errors=True)
        if content:
            shutil.copytree(content, self.uploads)
        else:
            self.uploads.mkdir()
        give_to_server(self.uploads)

    def empty_folder(self, name):
        """For what a tool fetches or keeps."""
        path = self.base / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        return path
