# SPDX-License-Identifier: MIT
"""What a virtual machine lacks for a while after it was idle, and who comes first pays for; all tools find it there."""
import mmap
import os
import shutil
import struct
import tempfile

ENOUGH = 3 << 30
MEMORY = "/dev/shm"
SCRATCH = 6 << 30
LATENCY = "/dev/cpu_dma_latency"  # the kernel's documentation: power/pm_qos_interface


def available():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) * 1024


def touch_memory():
    """The host takes back what is free. Seen: a fresh file of 256 MiB took 1.2 s, and 0.14 s in memory used before."""
    size = min(ENOUGH, available() // 2)
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def scratch_folder():
    """Where no tool waits for the disk, if there is room. Seen: on the disk of a virtual machine, curl/lftp and ftpfs took
    0.18 and 0.40 s for cp of 300 files one time and 0.41 and 1.20 s half a minute later; in memory 0.15 and 0.20 s each
    time."""
    if os.path.ismount(MEMORY) and shutil.disk_usage(MEMORY).free > SCRATCH and available() > SCRATCH + ENOUGH:
        return MEMORY
    return tempfile.gettempdir()


class Awake:
    """Processors that wait for work without sleeping, as long as this is open. Waking one of a virtual machine takes the
    host's scheduler. Seen: a byte there and back over a line of 20.0 ms took 20.8 ms, and 20.3 with this. Not for loopback,
    where that is part of what users have, and where a processor that polls takes time from the other: 300 files were
    copied in 0.46 s with it and in 0.36 without."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.file = None

    def __enter__(self):
        if self.wanted and os.path.exists(LATENCY):
            self.file = os.open(LATENCY, os.O_WRONLY | os.O_CLOEXEC)
            os.write(self.file, struct.pack("i", 0))
        return self

    def __exit__(self, *_):
        if self.file is not None:
            os.close(self.file)

    def __bool__(self):
        return self.file is not None
