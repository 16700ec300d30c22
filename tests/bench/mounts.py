# SPDX-License-Identifier: MIT
"""One mount of one tool: made, measured, and always taken away again."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from processes import Failure, kill, start_daemon, wait_for


def is_mounted(mountpoint):
    with open("/proc/self/mountinfo") as mounts:
        return any(line.split()[4] == str(mountpoint) for line in mounts)


class Mount:
    """A fresh mount of a tool; `seconds` is the time from its start until the root is listed. What the tool keeps (a spool,
    a cache) is where its users have it, on the disk, wherever the server's files are."""

    def __init__(self, tool, scene, options=()):
        self.tool = tool
        self.scene = scene
        self.options = options
        self.path = scene.base / "mnt"
        self.private = None
        self.log = None
        self.process = None
        self.seconds = None

    def __enter__(self):
        self.path.mkdir()
        self.private = pathlib.Path(tempfile.mkdtemp(prefix="ftpfs-bench."))
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        command = self.tool.command(self.scene, self.path, self.private, self.options)
        self.log = open(self.private / "log", "w+", errors="replace")
        begin = time.perf_counter()
        self.process = start_daemon(command, stdout=self.log, stderr=self.log, env=os.environ | self.tool.environment)
        wait_for(self.is_up, f"{self.tool.name} to mount", 30)
        try:
            os.listdir(self.path)
        except OSError as error:
            raise Failure(f"{self.tool.name} does not list its root: {error.strerror}") from None
        self.seconds = time.perf_counter() - begin

    def is_up(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise Failure(f"{self.tool.name} ended: {' '.join(self.log.read().split())[-300:]}")
        return is_mounted(self.path)

    def memory(self, field):
        """VmRSS (now) or VmHWM (the peak), in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
        raise Failure(f"{self.tool.name} ended during its work")

    def unmount(self):
        """And waits for the end of the tool; one that does not end is ended."""
        if is_mounted(self.path):
            polite = subprocess.run(["fusermount3", "-u", self.path], stderr=subprocess.DEVNULL)
            if polite.returncode != 0:
                subprocess.run(["fusermount3", "-u", "-z", self.path])
        if self.process:
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                kill(self.process)
                self.process.wait()

    def close(self):
        self.unmount()
        if self.log:
            self.log.close()
        self.path.rmdir()
        shutil.rmtree(self.private, ignore_errors=True)
