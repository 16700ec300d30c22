# SPDX-License-Identifier: MIT
"""The figures that ftpfs is to reach, and whether it does. Ratios count within one run only."""
from dataclasses import dataclass
from typing import Callable

from tools import FTPFS, PGET, RAW

READ_MEMORY, IDLE_MEMORY = 64, 15  # MiB


@dataclass(frozen=True)
class Goal:
    link: str
    row: str
    text: str
    limit: Callable  # (row) -> the worst value that will do, or None when the run lacks what it needs


def seconds(link, row, limit, text=None):
    return Goal(link, row, text or f"<= {limit} s", lambda _: limit)


def times(link, row, factor, tool=RAW, name="raw"):
    def limit(figures):
        value = figures.median(tool)
        return value and value * factor

    return Goal(link, row, f"<= {factor} x {name}", limit)


def throughput(link, row, factor):
    goal = times(link, row, factor)
    return Goal(link, row, f">= {factor} x raw", goal.limit)


def against_rclone(link, row, factor, text):
    def limit(figures):
        value = figures.best_rclone()
        return value and value * factor

    return Goal(link, row, text, limit)


def memory(link, row, limit):
    return Goal(link, row, f"<= {limit} MiB", lambda _: limit)


GOALS = [
    times("near", "read", 1.4),
    against_rclone("near", "read", 1 / 4, ">= 4 x as fast as rclone"),
    times("near", "write", 1.4),
    against_rclone("near", "write", 1, "<= rclone"),
    times("near", "walk", 0.8, name="lftp"),
    seconds("near", "list", 0.30),
    seconds("near", "list-again", 0.12),
    times("near", "cat", 1, name="lftp"),
    times("near", "cp", 1.5, name="lftp"),
    seconds("near", "random", 0.5),
    *[throughput(link, f"readers-{count}", 0.8) for link in ("near", "far") for count in (1, 2, 4, 8)],
    times("far", "read", 1.05),
    times("far", "write", 1.05),
    seconds("far", "walk", 3.5),
    times("far", "list", 1, name="curl"),
    seconds("far", "cat", 3.5),
    seconds("far", "cp", 13),
    seconds("far", "cp-writeback", 4),
    seconds("far", "rm", 6.5),
    seconds("far", "random", 6),
    seconds("far", "tail", 0.1),
    seconds("far", "append", 1.3),
    times("lossy", "read", 1, PGET, "lftp pget"),
    times("tls", "read", 1.5),
    times("tls", "write", 1.5),
    memory("near", "idle-memory", IDLE_MEMORY),
    memory("far", "idle-memory", IDLE_MEMORY),
    memory("near", "read-memory", READ_MEMORY),
    memory("far", "read-memory", READ_MEMORY),
    memory("lossy", "read-memory", READ_MEMORY),
    memory("tls", "read-memory", READ_MEMORY),
]


def goals_of(row):
    return [goal for goal in GOALS if (goal.link, goal.row) == (row.link, row.name)]


def verdict(goal, row):
    """True, False, or None: not to be judged by this run. Throughput is to be above its limit, all else below."""
    limit = goal.limit(row)
    if limit is None or FTPFS not in {*row.samples, *row.failed, *row.cut_off}:
        return None
    value = row.median(FTPFS)
    if value is None:
        return False
    return value >= limit if row.unit == "MiB/s" else value <= limit
