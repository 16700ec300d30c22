# SPDX-License-Identifier: MIT
"""The work of the table done without a mount, by curl and lftp: what the wire and the server allow.

curl 7.88 sleeps for a second after some small transfers, so that it only moves big files here; what lftp has no
command for is done by Python's ftplib.
"""
import contextlib
import ftplib
import io
import os
import signal
import socket
import subprocess

import scene as sizes
from scene import PASSWORD, USER, Failure

LIMIT = 300  # seconds for one piece of work
CURL = ["curl", "--silent", "--show-error"]


def start(command, **options):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, **options)


def finish(process, name):
    try:
        _, errors = process.communicate(timeout=LIMIT)
    except BaseException as reason:  # also Ctrl-C: nothing may stay behind and keep the mount busy
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(reason, subprocess.TimeoutExpired):
            raise Failure(f"{name} took more than {LIMIT} s") from None
        raise
    if process.returncode != 0:
        raise Failure(f"{name}: {' '.join(errors.split())[-200:] or 'failed'}")


def run(command, output=subprocess.DEVNULL):
    finish(start(command, stdout=output), command[0])


def lftp(scene, commands, output=subprocess.DEVNULL):
    run(["lftp", "-c", f"open {scene.url()}; {commands}"], output)


@contextlib.contextmanager
def log_in(scene):
    with ftplib.FTP(timeout=LIMIT) as session:
        session.connect("127.0.0.1", scene.port)
        session.login(USER, PASSWORD)
        session.voidcmd("TYPE I")
        yield session


def read_big(scene):
    run([*CURL, "--output", "/dev/null", scene.url("big")])


def read_at_once(scene):
    readers = [start([*CURL, "--output", "/dev/null", scene.url(f"reader{number}")]) for number in range(sizes.READERS)]
    for reader in readers:
        finish(reader, "curl")


def read_tail(scene):
    run([*CURL, "--range", "-100", "--output", "/dev/null", scene.url("big")])


def read_small(scene):
    lftp(scene, "glob cat small/*")


def read_at(offsets):
    def work(scene):
        with log_in(scene) as session:
            for offset in offsets:
                read_piece(session, offset)

    return work


def read_piece(session, offset):
    with session.transfercmd("RETR big", rest=offset) as data:
        if len(data.recv(sizes.SMALL_SIZE, socket.MSG_WAITALL)) != sizes.SMALL_SIZE:
            raise Failure("a short read")
    with contextlib.suppress(ftplib.error_temp):  # 426: we hung up
        session.voidresp()


def list_many(scene):
    run([*CURL, "--output", "/dev/null", scene.url("list/")])


def walk(scene):
    found = scene.base / "found"
    with open(found, "w") as output:
        lftp(scene, "find walk", output)
    expected = 1 + sizes.FOLDERS * (1 + sizes.FILES_PER_FOLDER)
    if len(found.read_text().splitlines()) != expected:
        raise Failure("lftp did not find everything")


def send_big(scene):
    run([*CURL, "--upload-file", scene.sources / "sent", scene.url("up/sent")])


def send_small(scene):
    lftp(scene, f"cd up; mput {scene.sources}/small/*")


def append(lines):
    def work(scene):
        with log_in(scene) as session:
            for line in lines:
                session.storbinary("APPE up/log", io.BytesIO(line.encode()))

    return work


def remove(scene):
    names = " ".join(sizes.small_name(number) for number in range(sizes.SMALL_FILES))
    lftp(scene, f"cd up; rm {names}")
