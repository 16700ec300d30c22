# SPDX-License-Identifier: MIT
"""Programs that the bench starts: each in a session of its own, with a limit, and gone afterwards whatever happens."""
import os
import signal
import subprocess
import time


class Failure(Exception):
    """A tool that did not do its work; the message goes into the table's notes."""


class TooLong(Failure):
    """A tool that was cut off."""


class Limit:
    """How long a piece of work may take; set by the command line."""

    seconds = 90.0


def start(command, **options):
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command, start_new_session=True, **options)


def start_daemon(command, **options):
    """Ends, and unmounts, even if the bench is killed."""
    return start(["setpriv", "--pdeathsig", "TERM", "--", *command], **options)


def kill(process):
    """With all that it has started; what waits inside a file system ends when that does."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def finish(process, name):
    try:
        _, errors = process.communicate(timeout=Limit.seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        raise TooLong(f"more than {Limit.seconds:.0f} s") from None
    except BaseException:  # Ctrl-C: nothing may stay behind and keep the mount busy
        kill(process)
        process.communicate()
        raise
    if process.returncode != 0:
        raise Failure(f"{name}: {' '.join((errors or '').split())[-200:] or 'failed'}")


def run(command, output=subprocess.DEVNULL):
    finish(start(command, stdout=output), command[0])


def stop(process, number=signal.SIGTERM, patience=10):
    """Ends a server or a daemon."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        kill(process)
        process.wait()


def wait_for(condition, what, seconds=None, pause=0.002):
    seconds = seconds or Limit.seconds
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TooLong(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)
