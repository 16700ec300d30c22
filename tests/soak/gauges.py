# SPDX-License-Identifier: MIT
"""What a daemon holds, and whether it grows."""
import os
import statistics

DRIFT = 1.05


def sessions(process):
    """TCP connections that the process has open."""
    inodes = set()
    for each in os.listdir(f"/proc/{process}/fd"):
        try:
            target = os.readlink(f"/proc/{process}/fd/{each}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[len("socket:["):-1])
    with open(f"/proc/{process}/net/tcp") as lines:
        rows = [line.split() for line in list(lines)[1:]]
    return sum(row[9] in inodes and row[3] == "01" for row in rows)


def sample(mount):
    process = mount.process.pid
    return {"MiB": mount.memory("VmRSS"), "descriptors": len(os.listdir(f"/proc/{process}/fd")),
            "threads": len(os.listdir(f"/proc/{process}/task")), "sessions": sessions(process)}


def told(values):
    return ", ".join(f"{value:.1f} {name}" for name, value in values.items())


def medians(samples):
    return {name: statistics.median(each[name] for each in samples) for name in samples[0]}


def has_grown(samples):
    """The last quarter against the second one: by then every cache is as full as it gets. Nothing here may grow."""
    quarter = len(samples) // 4
    before, after = medians(samples[quarter:2 * quarter]), medians(samples[-quarter:])
    print(f"second quarter: {told(before)}\nlast quarter:   {told(after)}")
    return any(after[name] > DRIFT * before[name] + (name != "MiB") for name in before)
