# SPDX-License-Identifier: MIT
"""What a daemon holds, and whether it grows."""
import os
import statistics

DRIFT = 1.05
WHOLE = {"descriptors", "threads", "sessions"}  # there is no leak of less than one of them


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


def lower_quartile(values):
    return statistics.quantiles(values, method="inclusive")[0]


def typical(samples):
    """Averages; of memory what it does not fall below for three quarters of the time. What readers have under way comes
    and goes, 8 to 14 MiB for some seconds, more often on a busy machine; what leaks is there at all times."""
    measures = {"MiB": lower_quartile}
    return {name: measures.get(name, statistics.fmean)([each[name] for each in samples]) for name in samples[0]}


def growth(before, after):
    """In words, one for each gauge, and whether any has grown: by more than DRIFT, and where only whole ones exist by
    more than one of them."""
    words, grown = [], False
    for name, was in before.items():
        more = after[name] - was
        drifts = after[name] > DRIFT * was
        excused = drifts and name in WHOLE and more <= 1
        grown |= drifts and not excused
        share = f"{more / was:+.1%}" if was else f"{more:+.1f}"
        words.append(f"{name} {share}" + (" (one whole at most)" if excused else " GROWN" if drifts else ""))
    return ", ".join(words), grown


def has_grown(samples):
    """The last quarter against the second one: by then every cache is as full as it gets. Nothing here may grow."""
    quarter = len(samples) // 4
    before, after = typical(samples[quarter:2 * quarter]), typical(samples[-quarter:])
    words, grown = growth(before, after)
    print(f"second quarter: {told(before)}\nlast quarter:   {told(after)}\ngrowth:         {words}")
    return grown
