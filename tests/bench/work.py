# SPDX-License-Identifier: MIT
"""The pieces of work: each the same for every tool, done on a mount by ordinary programs.

Only the work itself is timed; preparing it and proving that it was really done are not.
"""
import filecmp
import functools
import os
import random
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable

import scene as sizes
from processes import Failure, Limit, TooLong, finish, start, wait_for

LINES = ["one line of a log that grows\n"] * 20
OFFSETS = random.Random(1).sample(range(sizes.BIG_FILE - sizes.SMALL_SIZE), 200)
SMALL_NAMES = [sizes.small_name(number) for number in range(sizes.SMALL_FILES)]
WALKED = 1 + sizes.FOLDERS * (1 + sizes.FILES_PER_FOLDER)


def nothing(*_):
    pass


@dataclass(frozen=True)
class Work:
    """A row. With a `volume` the table shows MiB/s instead of seconds; `option` is one that only ftpfs has.

    Where only names matter (`names`), rclone is measured without its cache of contents alone.
    """

    name: str
    title: str
    mounted: Callable  # (scene, mountpoint)
    raw: dict = field(default_factory=dict)  # name of a raw client -> (scene)
    prepare: Callable = nothing  # (scene)
    warm_up: Callable = nothing  # (scene, mountpoint): in the same mount, before the clock starts
    verify: Callable = nothing  # (scene)
    volume: int = 0  # MiB
    option: str = ""
    names: bool = False


def shell(command, **variables):
    """Runs shell commands; what they print is dropped."""
    environment = os.environ | {name: str(value) for name, value in variables.items()} | {"LC_ALL": "C"}
    process = start(["bash", "-eu", "-o", "pipefail", "-c", command], stdout=subprocess.DEVNULL, env=environment)
    finish(process, "the command")


def on_mount(command):
    """The work of one shell command, with $m the mountpoint and $s the files to send."""
    return lambda scene, mountpoint: shell(command, m=mountpoint, s=scene.sources)


def whole(name, size):
    """Reads a file of the mount as dd does, and insists that all of it came."""
    return f'dd if="$m/{name}" of=/dev/null bs=1M 2>&1 | grep -q "^{size} bytes"'


def at_once(readers):
    return "".join(f"({whole(f'reader{n}', sizes.READER_FILE)}) & p{n}=$!\n" for n in range(readers)) + \
        "".join(f"wait $p{n}\n" for n in range(readers))


def ls(name):
    return on_mount(f'test "$(ls -l "$m/{name}" | wc -l)" = {sizes.LISTED[name] + 1}')


def read_at_random(scene, mountpoint):
    deadline = time.monotonic() + Limit.seconds
    with open(mountpoint / "big", "rb", buffering=0) as file, open(scene.root / "big", "rb", buffering=0) as original:
        for offset in OFFSETS:
            pieces = [os.pread(each.fileno(), sizes.SMALL_SIZE, offset) for each in (file, original)]
            if pieces[0] != pieces[1]:
                raise Failure(f"wrong bytes at {offset}")
            if time.monotonic() > deadline:
                raise TooLong(f"more than {Limit.seconds:.0f} s")


def when_server_has(names, size):
    """Turns a command into the time until the server holds each file whole: tools may send after close()."""

    def arrived(scene, name):
        try:
            return (scene.uploads / name).stat().st_size == size
        except FileNotFoundError:
            return False

    def until_arrived(command):
        def work(scene, mountpoint):
            command(scene, mountpoint)
            for name in names:
                wait_for(functools.partial(arrived, scene, name), f"the server to have {name}")

        return work

    return until_arrived


def same_as_sources(scene, names, source):
    _, different, missing = filecmp.cmpfiles(source, scene.uploads, names, shallow=False)
    if different or missing:
        raise Failure(f"wrong on the server: {', '.join((different + missing)[:3])}")


def verify_sent(scene):
    same_as_sources(scene, ["sent"], scene.sources)


def verify_small(scene):
    same_as_sources(scene, SMALL_NAMES, scene.sources / "small")


def verify_log(scene):
    if (scene.uploads / "log").read_text() != "".join(["begin\n", *LINES]):
        raise Failure("the log on the server is not what was appended")


def verify_removed(scene):
    if any(scene.uploads.iterdir()):
        raise Failure("not everything was removed on the server")


def prepare_log(scene):
    scene.reset_uploads()
    log = scene.uploads / "log"
    log.write_text("begin\n")
    os.chown(log, sizes.OWNER.pw_uid, sizes.OWNER.pw_gid)


def empty_uploads(scene):
    scene.reset_uploads()


def small_uploads(scene):
    scene.reset_uploads(scene.sources / "small")


def tree_to_remove(scene):
    scene.reset_uploads()
    shutil.copytree(scene.sources / "tree", scene.uploads / "tree")
    sizes.give_to_server(scene.uploads)
