# SPDX-License-Identifier: MIT
"""The figures as a table to read (Markdown) and as data to keep (JSON)."""
import json
import os
import platform
import shutil
import statistics
import subprocess
import time

RAW = "curl/lftp"
# row, figure to reach, and whether the row's medians reach it
GOALS = [
    ("read", "at least 3 times as fast as rclone", lambda m: m["rclone*"] / m["ftpfs"] >= 3),
    ("read", "within 2x of curl", lambda m: m["ftpfs"] / m[RAW] <= 2),
    ("write", "within 2x of curl", lambda m: m["ftpfs"] / m[RAW] <= 2),
    ("ls", "within 4x of curl fetching the listing", lambda m: m["ftpfs"] / m[RAW] <= 4),
    ("walk", "no slower than lftp's find", lambda m: m["ftpfs"] <= m[RAW]),
    ("idle-memory", "below 20 MiB", lambda m: m["ftpfs"] < 20),
    ("read-memory", "below 80 MiB", lambda m: m["ftpfs"] < 80),
]


class Figures:
    """All samples, by row and tool; a tool that failed at a row has a note instead."""

    def __init__(self):
        self.titles = {}
        self.units = {}
        self.samples = {}
        self.notes = {}

    def add(self, row, title, unit, tool, value):
        self.titles[row], self.units[row] = title, unit
        self.samples.setdefault(row, {}).setdefault(tool, []).append(value)

    def fail(self, row, title, tool, note):
        self.titles[row], self.units[row] = title, "s"
        self.samples.setdefault(row, {})
        self.notes.setdefault((row, tool), note)

    def medians(self, row):
        """Per tool; a tool that failed even once has none. `rclone*` is the faster of rclone's two modes."""
        medians = {tool: statistics.median(values) for tool, values in self.samples[row].items()
                   if (row, tool) not in self.notes}
        rclones = [value for tool, value in medians.items() if tool.startswith("rclone")]
        if rclones:
            medians["rclone*"] = min(rclones)
        return medians


def cell(value, unit):
    if value is None:
        return "-"
    return f"{value:.1f} MiB" if unit == "MiB" else f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def ratio(medians, over, under):
    return f"{medians[over] / medians[under]:.2f}" if medians.get(over) and medians.get(under) else "-"


def table(heading, unit, figures, tools):
    lines = [f"| {heading} | " + " | ".join(tools) + " | ftpfs/raw | rclone/ftpfs |",
             "|---|" + "---:|" * (len(tools) + 2)]
    for row, title in figures.titles.items():
        if figures.units[row] != unit:
            continue
        medians = figures.medians(row)
        cells = ["failed" if (row, tool) in figures.notes else cell(medians.get(tool), unit) for tool in tools]
        ratios = [ratio(medians, "ftpfs", RAW), ratio(medians, "rclone*", "ftpfs")]
        lines.append(f"| {title} | " + " | ".join(cells + ratios) + " |")
    return [*lines, ""]


def markdown(figures, tools, runs):
    lines = [f"Medians of {runs} run(s). ftpfs/raw: smaller is better. rclone/ftpfs, with the better of rclone's two "
             "modes: larger is better.", ""]
    lines += table("time", "s", figures, tools)
    if "MiB" in figures.units.values():
        lines += table("memory, at its peak", "MiB", figures, tools)
    lines.pop()
    if figures.notes:
        lines += ["", "Failed:", ""]
        lines += [f"- {tool}, {figures.titles[row]}: {note}" for (row, tool), note in figures.notes.items()]
    judged = [(f"{figures.titles[row]}: {goal}", reached(figures.medians(row), test))
              for row, goal, test in GOALS if row in figures.titles]
    if any(verdict for _, verdict in judged):
        lines += ["", "Figures to reach:", ""]
        lines += [f"- {goal}: **{verdict}**" for goal, verdict in judged if verdict]
    return "\n".join(lines) + "\n"


def reached(medians, test):
    try:
        return "reached" if test(medians) else "missed"
    except KeyError:
        return None


def version(program, *arguments):
    if not shutil.which(program):
        return None
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return (done.stdout or done.stderr).split("\n")[0]


def as_data(figures, runs, programs):
    rows = []
    for row, title in figures.titles.items():
        medians = figures.medians(row)
        failed = {tool: note for (noted, tool), note in figures.notes.items() if noted == row}
        rows.append({"name": row, "title": title, "unit": figures.units[row], "medians": medians,
                     "samples": figures.samples[row], "failed": failed})
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "runs": runs,
            "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "architecture": platform.machine()},
            "versions": {name: version(program, "--version") for name, program in programs.items()}, "rows": rows}


def write(folder, figures, tools, runs, programs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text(markdown(figures, tools, runs))
    (folder / "bench.json").write_text(json.dumps(as_data(figures, runs, programs), indent=1) + "\n")
