# SPDX-License-Identifier: MIT
"""The mounting tools, and one mount of one of them: made, measured, and always taken away again."""
import os
import shutil
import signal
import subprocess
import time

from scene import PASSWORD, USER, Failure, wait_for


class MountingTool:
    """How to run one tool in the foreground: command(scene, mountpoint, private folder) -> arguments."""

    def __init__(self, name, program, command, environment=None):
        self.name = name
        self.program = program
        self.command = command
        self.environment = environment or {}

    def missing(self):
        return None if shutil.which(self.program) else f"{self.program} is not installed"


def rclone(name, cache_mode):
    """Write-back at once: the bench waits until the server has the file, and rclone would wait 5 s first."""

    def command(scene, mountpoint, private):
        obscured = subprocess.check_output(["rclone", "obscure", PASSWORD], text=True).strip()
        remote = f":ftp,host=127.0.0.1,port={scene.port},user={USER},pass={obscured}:"
        return ["rclone", "mount", "--config", "/dev/null", "--cache-dir", private, "--vfs-cache-mode", cache_mode,
                "--vfs-write-back", "0s", remote, mountpoint]

    return MountingTool(name, "rclone", command)


def curlftpfs():
    def command(scene, mountpoint, _):
        return ["curlftpfs", "-f", "-o", f"user={USER}:{PASSWORD}", f"ftp://127.0.0.1:{scene.port}/", mountpoint]

    return MountingTool("curlftpfs", "curlftpfs", command)


def ftpfs(program):
    def command(scene, mountpoint, private):
        return [program, "-f", "-o", f"spool_dir={private}/spool", f"ftp://{USER}@127.0.0.1:{scene.port}/", mountpoint]

    return MountingTool("ftpfs", program, command, {"FTPFS_PASSWORD": PASSWORD})


def is_mounted(mountpoint):
    with open("/proc/self/mountinfo") as mounts:
        return any(line.split()[4] == str(mountpoint) for line in mounts)


class Mount:
    """A fresh mount of a tool; `seconds` is the time from its start until the root is listed."""

    def __init__(self, tool, scene):
        self.tool = tool
        self.scene = scene
        self.path = scene.base / "mnt"
        self.private = scene.base / "private"
        self.log = None
        self.process = None
        self.seconds = None

    def __enter__(self):
        self.path.mkdir()
        self.private.mkdir(mode=0o700)
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        command = self.tool.command(self.scene, self.path, self.private)
        self.log = open(self.private / "log", "w+")
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=os.environ | self.tool.environment, start_new_session=True)
        wait_for(self.is_up, f"{self.tool.name} to mount", 30)
        os.listdir(self.path)
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

    def close(self):
        if is_mounted(self.path):
            polite = subprocess.run(["fusermount3", "-u", self.path], stderr=subprocess.DEVNULL)
            if polite.returncode != 0:
                subprocess.run(["fusermount3", "-u", "-z", self.path])
        if self.process:
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.log:
            self.log.close()
        self.path.rmdir()
        shutil.rmtree(self.private, ignore_errors=True)
