# SPDX-License-Identifier: MIT
"""Files that say themselves whether they are whole: a line with name, number and size, and the bytes that follow from it."""
import random


def make(name, number, size):
    return f"{name} {number} {size}\n".encode() + random.Random(f"{name} {number}").randbytes(size)


def number_of(name, data):
    """Which version of `name` this is; raises ValueError where it is no whole one."""
    head, newline, _ = data.partition(b"\n")
    words = head.decode("ascii", "replace").split(" ")
    if not newline or len(words) != 3 or words[0] != name or not words[1].isdigit() or not words[2].isdigit():
        raise ValueError(f"{name} begins with {head[:80]!r}")
    if make(name, int(words[1]), int(words[2])) != data:
        raise ValueError(f"{name} says {head.decode()} and holds {len(data) - len(head) - 1} bytes, not those")
    return int(words[1])
