# SPDX-License-Identifier: MIT
"""What every tool of the bench works on: one vsftpd on loopback, the tree it serves, and the files to send."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SERVE = pathlib.Path(__file__).resolve().parent.parent / "servers" / "serve"
USER, PASSWORD = "tester", "opensesame"  # the one user of tests/servers/serve
OWNER = pwd.getpwnam("daemon")  # and the account it acts as

MIB = 1 << 20
BIG_FILE = 1024 * MIB
SENT_FILE = 256 * MIB
READERS = 4
READER_FILE = 256 * MIB
LISTED = 10_000
FOLDERS, FILES_PER_FOLDER = 300, 10
SMALL_FILES, SMALL_SIZE = 300, 4096


class Failure(Exception):
    """A tool that did not do its work; the message goes into the table's notes."""


def wait_for(condition, what, seconds=120.0, pause=0.002):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)


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


class Scene:
    """Owns the scratch folder and the server; leaves neither behind."""

    def __init__(self, scratch):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="ftpfs-bench.", dir=scratch))
        self.base.chmod(0o755)
        self.root = self.base / "server"  # what the server shows as /
        self.uploads = self.root / "up"  # emptied before each piece of work
        self.sources = self.base / "sources"
        self.server = None
        self.port = None

    def __enter__(self):
        try:
            self.make_files()
            self.start_server()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.server and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait()
        shutil.rmtree(self.base, ignore_errors=True)

    def make_files(self):
        self.root.mkdir()
        self.sources.mkdir()
        write_file(self.root / "big", BIG_FILE)
        for number in range(READERS):
            write_file(self.root / f"reader{number}", READER_FILE)
        (self.root / "list").mkdir()
        for number in range(LISTED):
            (self.root / "list" / f"entry-{number:05}.txt").touch()
        for folder in range(FOLDERS):
            path = self.root / "walk" / f"folder{folder:03}"
            path.mkdir(parents=True)
            for number in range(FILES_PER_FOLDER):
                (path / f"file{number}").touch()
        write_small_files(self.root / "small")
        write_file(self.sources / "sent", SENT_FILE)
        write_small_files(self.sources / "small")
        self.reset_uploads()
        for folder, folders, names in os.walk(self.root):
            for name in [".", *names]:
                os.chown(os.path.join(folder, name), OWNER.pw_uid, OWNER.pw_gid)

    def reset_uploads(self, content=None):
        """Empties the writable folder, or fills it with a copy of `content`."""
        shutil.rmtree(self.uploads, ignore_errors=True)
        if content:
            shutil.copytree(content, self.uploads)
        else:
            self.uploads.mkdir()
        for path in [self.uploads, *self.uploads.iterdir()]:
            os.chown(path, OWNER.pw_uid, OWNER.pw_gid)

    def start_server(self):
        state = self.base / "state"
        state.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        command = [SERVE, "vsftpd", self.root, state, str(self.port)]
        self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for(self.answers, "the server's greeting", 20)

    def answers(self):
        if self.server.poll() is not None:
            raise SystemExit("vsftpd does not run; has tests/servers/install been run?")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as control:
                return control.recv(3) == b"220"
        except ConnectionRefusedError:
            return False

    def url(self, path=""):
        return f"ftp://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{path}"
