# SPDX-License-Identifier: MIT
"""The rows of the table: each the same work for every tool, done on a mount by ordinary programs.

Only the work itself is timed; preparing it and proving that it was really done are not.
"""
import filecmp
import functools
import os
import random
import subprocess
from dataclasses import dataclass
from typing import Callable, Optional

import raw
import scene as sizes
from scene import Failure, wait_for

LINES = ["one line of a log that grows\n"] * 20
OFFSETS = random.Random(1).sample(range(sizes.BIG_FILE - sizes.SMALL_SIZE), 200)


def nothing(*_):
    pass


@dataclass(frozen=True)
class Work:
    name: str
    title: str
    mounted: Callable  # (scene, mountpoint)
    raw: Optional[Callable] = None  # (scene)
    prepare: Callable = nothing  # (scene)
    warm_up: Callable = nothing  # (scene, mountpoint): in the same mount, before the clock starts
    verify: Callable = nothing  # (scene)


def shell(command, **variables):
    """Runs shell commands; what they print is dropped."""
    environment = os.environ | {name: str(value) for name, value in variables.items()} | {"LC_ALL": "C"}
    process = raw.start(["bash", "-eu", "-o", "pipefail", "-c", command], stdout=subprocess.DEVNULL, env=environment)
    raw.finish(process, "the command")


def on_mount(command):
    """The work of one shell command, with $m the mountpoint and $s the files to send."""
    return lambda scene, mountpoint: shell(command, m=mountpoint, s=scene.sources)


def whole(name, size):
    """Reads a file of the mount as dd does, and insists that all of it came."""
    return f'dd if="$m/{name}" of=/dev/null bs=1M 2>&1 | grep -q "^{size} bytes"'


def read_at_random(scene, mountpoint):
    with open(mountpoint / "big", "rb", buffering=0) as file, open(scene.root / "big", "rb", buffering=0) as original:
        for offset in OFFSETS:
            pieces = [os.pread(each.fileno(), sizes.SMALL_SIZE, offset) for each in (file, original)]
            if pieces[0] != pieces[1]:
                raise Failure(f"wrong bytes at {offset}")


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


SMALL_NAMES = [sizes.small_name(number) for number in range(sizes.SMALL_FILES)]
WALKED = 1 + sizes.FOLDERS * (1 + sizes.FILES_PER_FOLDER)
LIST = on_mount(f'test "$(ls -l "$m/list" | wc -l)" = {sizes.LISTED + 1}')
AT_ONCE = "".join(f"({whole(f'reader{n}', sizes.READER_FILE)}) & p{n}=$!\n" for n in range(sizes.READERS)) + \
    "".join(f"wait $p{n}\n" for n in range(sizes.READERS))

ROWS = [
    Work("mount", "mount, until the root is listed", nothing),
    Work("read", "read 1 GiB", on_mount(whole("big", sizes.BIG_FILE)), raw.read_big),
    Work("read4", "read 4 x 256 MiB at once", on_mount(AT_ONCE), raw.read_at_once),
    Work("write", "write 256 MiB, until the server has it",
         when_server_has(["sent"], sizes.SENT_FILE)(on_mount('dd if="$s/sent" of="$m/up/sent" bs=1M status=none')),
         raw.send_big, empty_uploads, verify=verify_sent),
    Work("ls", "ls -l of 10,000 entries, cold", LIST, raw.list_many),
    Work("ls-again", "ls -l of 10,000 entries, again", LIST, raw.list_many, warm_up=LIST),
    Work("walk", "find in 300 directories x 10 files, cold",
         on_mount(f'test "$(find "$m/walk" | wc -l)" = {WALKED}'), raw.walk),
    Work("cat", "cat of 300 x 4 KiB files, cold",
         on_mount(f'test "$(cat "$m"/small/* | wc -c)" = {sizes.SMALL_FILES * sizes.SMALL_SIZE}'), raw.read_small),
    Work("cp", "cp of 300 x 4 KiB files, until the server has them",
         when_server_has(SMALL_NAMES, sizes.SMALL_SIZE)(on_mount('cp "$s"/small/* "$m/up/"')),
         raw.send_small, empty_uploads, verify=verify_small),
    Work("random", "200 random reads of 4 KiB in 1 GiB", read_at_random, raw.read_at(OFFSETS)),
    Work("tail", "tail -c 100 of 1 GiB", on_mount('test "$(tail -c 100 "$m/big" | wc -c)" = 100'), raw.read_tail),
    Work("append", "20 times >> to one file",
         when_server_has(["log"], len("begin\n") + sum(map(len, LINES)))(
             on_mount(f'for i in {{1..{len(LINES)}}}; do echo "{LINES[0].strip()}" >>"$m/up/log"; done')),
         raw.append(LINES), prepare_log, verify=verify_log),
    Work("rm", "rm of 300 files", on_mount('rm "$m"/up/*'), raw.remove, small_uploads, verify=verify_removed),
]
