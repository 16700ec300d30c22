# SPDX-License-Identifier: MIT
"""A command at a terminal of its own, where it asks for passwords and gets them."""
import fcntl
import os
import pty
import pwd
import select
import signal
import subprocess
import termios
import time

PROMPT = b"Password for "


def take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, b"\x18\x00\x78\x00\x00\x00\x00\x00")  # 24 lines of 120 characters


class Command:
    """Runs `command` by a shell as `user`, in the home directory."""

    def __init__(self, command, user, environment, password="secret"):
        account = pwd.getpwnam(user)
        self.password = password
        self.asked = 0
        self.printed = b""
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            ["/bin/bash", "--norc", "-c", command], stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            preexec_fn=take_terminal, user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd=account.pw_dir, env=environment | {"HOME": account.pw_dir, "USER": user, "LC_ALL": "C.UTF-8"})
        os.close(inner)

    def _take(self, wait):
        ready, _, _ = select.select([self.terminal], [], [], wait)
        if not ready:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:  # nobody has the terminal open any more
            return False
        self.printed += piece
        while self.printed.count(PROMPT) > self.asked and self.printed.rstrip(b" ").endswith(b":"):
            self.asked += 1
            os.write(self.terminal, self.password.encode() + b"\n")
        return bool(piece)

    def wait(self, limit=30):
        """(exit status, what was printed); 124 when it is still running."""
        end = time.monotonic() + limit
        while self.process.poll() is None:
            if time.monotonic() > end:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                return 124, f"{self.text()}(still running after {limit} s)"
            self._take(0.02)
        while self._take(0):
            pass
        os.close(self.terminal)
        return self.process.returncode, self.text()

    def wait_until(self, condition, limit=30):
        end = time.monotonic() + limit
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise TimeoutError(f"did not come about; printed: {self.text()}")
            self._take(0.02)

    def text(self):
        return self.printed.decode("utf-8", "replace").replace("\r\n", "\n")
