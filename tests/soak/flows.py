# SPDX-License-Identifier: MIT
"""What people do with files, for ever, in one thread each. A system call may fail while there is a fault; what has
succeeded must be so on the server, and what can be read must be right."""
import contextlib
import os
import random
import shutil
import threading
import time

import content

PATIENCE = 120  # seconds that one piece of work may fail on end: longer than any fault and its deadlines
SIZES = [0, 1, 100, 4096, 70_000, 1_500_000]


class Wrong(Exception):
    """Bytes were lost or are not the right ones."""


class Flow(threading.Thread):
    """Works below its own folder: `here` in the mount, `there` on the server."""

    def __init__(self, mount, root, number, stop):
        super().__init__(name=f"{type(self).__name__.lower()}{number}")
        self.here = mount / "up" / self.name
        self.there = root / "up" / self.name
        self.random = random.Random(number)
        self.stop = stop
        self.rounds = 0
        self.errors = 0
        self.wrong = None

    def run(self):
        try:
            self.until_done(self.prepare)
            while not self.stop.is_set():
                self.step()
                self.rounds += 1
        except Exception as failure:  # told by the one who watches
            self.wrong = failure

    def prepare(self):
        self.here.mkdir(exist_ok=True)

    def until_done(self, work, *arguments):
        """Calls `work` again while system calls fail; what it does must bear that."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return work(*arguments)
            except OSError as error:
                self.errors += 1
                if time.monotonic() > deadline:
                    raise Wrong(f"{self.name}: nothing goes for {PATIENCE} s: {error}") from error
                self.stop.wait(0.2)


class Versions(Flow):
    """Writes files anew, half of them beside and renamed over, as editors do, and reads them."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.stored = {f"file{each}": 0 for each in range(6)}
        self.last = 0

    def step(self):
        name = self.random.choice(list(self.stored))
        if self.random.random() < 0.5:
            self.until_done(self.read, name)
        else:
            self.last += 1
            work = self.replace if self.random.random() < 0.5 else self.write
            self.until_done(work, name, content.make(name, self.last, self.random.choice(SIZES)))
            self.stored[name] = self.last
            self.check(name, (self.there / name).read_bytes(), "on the server")

    def write(self, name, data):
        with open(self.here / name, "wb") as file:
            file.write(data)

    def replace(self, name, data):
        beside = self.here / f".{name}.new"
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, self.here / name)

    def read(self, name):
        try:
            data = (self.here / name).read_bytes()
        except FileNotFoundError:
            if self.stored[name] == 0:
                return
            raise Wrong(f"{self.name}: {name} is gone") from None
        self.check(name, data, "in the mount")

    def check(self, name, data, where):
        try:
            number = content.number_of(name, data)
        except ValueError as error:
            raise Wrong(f"{self.name}, {where}: {error}") from None
        if number < self.stored[name]:
            raise Wrong(f"{self.name}, {where}: {name} is of {number}, and {self.stored[name]} was stored")


class Log(Flow):
    """Appends lines; what was written stands there once, and in this order."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.written = []
        self.doubtful = set()
        self.last = 0

    def step(self):
        self.last += 1
        line = f"line {self.last}"
        try:
            with open(self.here / "log", "a") as file:
                file.write(line + "\n")
            self.written.append(line)
        except OSError:
            self.errors += 1
            self.doubtful.add(line)
            self.stop.wait(0.2)
        if self.last % 10 == 0:
            self.compare()
        if self.last % 200 == 0:
            self.until_done(self.begin_anew)

    def compare(self):
        path = self.there / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        certain = [line for line in lines if line not in self.doubtful]
        if certain != self.written:
            raise Wrong(f"{self.name}: {len(self.written)} lines were written, {len(certain)} of them are on the server")

    def begin_anew(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.here / "log")
        self.written, self.doubtful = [], set()


class Patches(Flow):
    """Writes here and there in a file, as databases do, and syncs."""

    SIZE = 1 << 20

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.model = None

    def step(self):
        if self.model is None:
            self.model = bytearray(self.random.randbytes(self.SIZE))
            self.until_done((self.here / "data").write_bytes, bytes(self.model))
        try:
            self.patch()
        except OSError:
            self.errors += 1
            self.model = None  # how much of it has arrived nobody knows
            self.stop.wait(0.2)
            return
        if (self.there / "data").read_bytes() != self.model:
            raise Wrong(f"{self.name}: what was synced is not on the server")

    def patch(self):
        with open(self.here / "data", "r+b", buffering=0) as file:
            for _ in range(5):
                at = self.random.randrange(self.SIZE - 5000)
                piece = self.random.randbytes(self.random.randrange(1, 5000))
                os.pwrite(file.fileno(), piece, at)
                self.model[at:at + len(piece)] = piece
            os.fsync(file.fileno())
            if os.pread(file.fileno(), 5000, at) != self.model[at:at + 5000]:
                raise Wrong(f"{self.name}: what was written a moment ago is not read")


class Tree(Flow):
    """Unpacks a tree, moves it, compares it and removes it."""

    def step(self):
        self.until_done(self.unpack)
        self.until_done(self.compare)
        self.until_done(self.remove)
        deadline = time.monotonic() + PATIENCE  # what was removed while it was open is deleted in the background
        while left := list(self.there.iterdir()):
            if time.monotonic() > deadline:
                raise Wrong(f"{self.name}: {left} was removed and is on the server")
            self.stop.wait(0.1)

    def unpack(self):
        self.remove()
        for folder in range(3):
            os.makedirs(self.here / "new" / f"folder{folder}")
            for each in range(5):
                (self.here / "new" / f"folder{folder}" / f"file{each}").write_bytes(content.make(f"file{each}", 1, 3000))
        os.rename(self.here / "new", self.here / "tree")

    def compare(self):
        names = sorted(os.path.join(os.path.relpath(top, self.here), name)
                       for top, _, files in os.walk(self.here, onerror=self.raise_it) for name in files)
        if names != sorted(f"tree/folder{folder}/file{each}" for folder in range(3) for each in range(5)):
            raise Wrong(f"{self.name}: the tree has {names}")
        for name in names:
            try:
                content.number_of(os.path.basename(name), (self.here / name).read_bytes())
            except ValueError as error:
                raise Wrong(f"{self.name}: {error}") from None

    @staticmethod
    def raise_it(error):
        raise error

    def remove(self):
        for name in ("new", "tree"):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.here / name)


class Reader(Flow):
    """Reads a large file, through and here and there."""

    def __init__(self, mount, root, number, stop):
        super().__init__(mount, root, number, stop)
        self.file = mount / "big"
        self.original = root / "big"

    def prepare(self):
        pass

    def step(self):
        with open(self.original, "rb") as original:
            self.until_done(self.through if self.random.random() < 0.3 else self.here_and_there, original)

    def through(self, original):
        original.seek(0)
        with open(self.file, "rb") as file:
            while expected := original.read(1 << 20):
                self.same(file.read(1 << 20), expected, original.tell())

    def here_and_there(self, original):
        with open(self.file, "rb", buffering=0) as file:
            for _ in range(10):
                at = self.random.randrange(os.fstat(file.fileno()).st_size - 10_000)
                self.same(os.pread(file.fileno(), 8000, at), os.pread(original.fileno(), 8000, at), at)

    def same(self, data, expected, at):
        if data != expected:
            raise Wrong(f"{self.name}: other bytes at {at}")


ALL = [Versions, Versions, Log, Patches, Tree, Reader, Reader]
