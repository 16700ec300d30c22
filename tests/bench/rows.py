# SPDX-License-Identifier: MIT
"""The rows of the table, link by link."""
import raw
import scene as sizes
from network import Line
from tools import PGET, RAW
from work import (LINES, OFFSETS, SMALL_NAMES, WALKED, Work, at_once, empty_uploads, ls, nothing, on_mount,
                  prepare_log, read_at_random, small_uploads, tree_to_remove, verify_log, verify_removed, verify_sent,
                  verify_small, when_server_has, whole)

SEND = when_server_has(["sent"], sizes.MIDDLE_FILE)(on_mount('dd if="$s/sent" of="$m/up/sent" bs=1M status=none'))
COPY = when_server_has(SMALL_NAMES, sizes.SMALL_SIZE)(on_mount('cp "$s"/small/* "$m/up/"'))
WALK = on_mount(f'test "$(find "$m/walk" | wc -l)" = {WALKED}')
CAT = on_mount(f'test "$(cat "$m"/small/* | wc -c)" = {sizes.SMALL_FILES * sizes.SMALL_SIZE}')
APPEND = when_server_has(["log"], len("begin\n") + sum(map(len, LINES)))(
    on_mount(f'for i in {{1..{len(LINES)}}}; do echo "{LINES[0].strip()}" >>"$m/up/log"; done'))
ROOT_LISTED = on_mount('ls -l "$m" >/dev/null')

MOUNT = Work("mount", "mount, until the root is listed", nothing)
WRITE = Work("write", "write 256 MiB, until the server has it", SEND, {RAW: raw.send}, empty_uploads,
             verify=verify_sent)
READ_BIG = Work("read", "read 1 GiB", on_mount(whole("big", sizes.BIG_FILE)), {RAW: raw.read("big")})
READ_MIDDLE = Work("read", "read 256 MiB", on_mount(whole("middle", sizes.MIDDLE_FILE)),
                   {RAW: raw.read("middle"), PGET: raw.read_in_pieces("middle")})
MANY_READERS = [Work(f"readers-{count}", f"{count} x 128 MiB read at once", on_mount(at_once(count)),
                     {RAW: raw.read_at_once(count)}, volume=count * sizes.READER_FILE // sizes.MIB)
                for count in sizes.READERS]


def listings(name, title):
    yield Work(name, f"ls -l of {title} entries, cold", ls(name), {RAW: raw.list_names(name)}, names=True)
    yield Work(f"{name}-again", f"ls -l of {title} entries, again", ls(name), warm_up=ls(name), names=True)


SMALL_WORK = [
    Work("walk", "find in 300 directories x 10 files, cold", WALK, {RAW: raw.walk}, names=True),
    Work("walk-again", "find in 300 directories x 10 files, again", WALK, warm_up=WALK, names=True),
    *listings("list", "10,000"),
    *listings("long-list", "100,000"),
    Work("cat", "cat of 300 x 4 KiB files, cold", CAT, {RAW: raw.read_small}),
    Work("cp", "cp of 300 x 4 KiB files, until the server has them", COPY, {RAW: raw.send_small}, empty_uploads,
         verify=verify_small),
    Work("cp-writeback", "the same with writeback", COPY, {}, empty_uploads, verify=verify_small,
         option="writeback=1"),
    Work("rm", "rm of 300 files", on_mount('rm "$m"/up/*'), {RAW: raw.remove}, small_uploads, verify=verify_removed,
         names=True),
    Work("rm-r", "rm -r of 30 directories x 10 files", on_mount('rm -r "$m"/up/tree'), {RAW: raw.remove_tree},
         tree_to_remove, verify=verify_removed, names=True),
    Work("random", "200 random reads of 4 KiB in 1 GiB", read_at_random, {RAW: raw.read_at(OFFSETS)}),
    Work("tail", "tail -c 100 of 256 MiB, on a warm mount", on_mount('test "$(tail -c 100 "$m/middle" | wc -c)" = 100'),
         {RAW: raw.read_tail("middle")}, warm_up=ROOT_LISTED),
    Work("append", "20 times >> to one file", APPEND, {RAW: raw.append(LINES)}, prepare_log, verify=verify_log),
]


class Link:
    """One part of the table; `line` is None for loopback."""

    def __init__(self, name, title, rows, line=None, tls=False):
        self.name = name
        self.title = title
        self.rows = rows
        self.line = line
        self.tls = tls


LINKS = [
    Link("near", "loopback", [MOUNT, READ_BIG, WRITE, *SMALL_WORK, *MANY_READERS]),
    Link("tls", "loopback, TLS 1.3", [MOUNT, READ_BIG, WRITE], tls=True),
    Link("far", "20 ms round trip, 1 Gbit/s", [MOUNT, READ_MIDDLE, WRITE, *SMALL_WORK, *MANY_READERS],
         Line(20, 1000)),
    Link("lossy", "80 ms round trip, 1 Gbit/s, 0.1 % loss", [MOUNT, READ_MIDDLE, WRITE], Line(80, 1000, 0.001)),
]
