# SPDX-License-Identifier: MIT
"""Memory that a virtual machine's host has not given yet costs whoever touches it first.

Seen on one: writing a fresh file of 256 MiB took 1.2 s, and 0.14 s in memory that had been used before. Which tool
meets such memory is chance, so all of them find enough that was touched a moment ago."""
import mmap

ENOUGH = 3 << 30


def available():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) * 1024


def touch():
    size = min(ENOUGH, available() // 2)
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()
