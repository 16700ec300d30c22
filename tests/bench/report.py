# SPDX-License-Identifier: MIT
"""The figures as a table to read (Markdown) and as data to keep (JSON)."""
import json
import os
import platform
import shutil
import subprocess
import time

from commands import told
from goals import goals_of, verdict
from tools import COLUMNS, FTPFS

LEGEND = ("ftpfs/raw: smaller is better. rclone/ftpfs, with the best of rclone's modes: larger is better. `>` was cut "
          "off after so many seconds.")


def cell(row, tool, limit):
    if tool in row.failed:
        return "failed"
    if tool in row.cut_off:
        return f"> {limit:.0f}"
    value = row.median(tool)
    if value is None:
        return "-"
    digits = {"MiB/s": 0, "MiB": 1}.get(row.unit, 1 if value >= 10 else 3)
    return f"{value:.{digits}f}"


def ratio(value):
    return f"{value:.2f}" if value else "-"


def judged(row):
    """What ftpfs must reach in this row: `<= 1.4 x raw: met`."""
    words = {True: "met", False: "**missed**"}
    return "; ".join(f"{goal.text}: {words[reached]}" for goal in goals_of(row)
                     if (reached := verdict(goal, row)) is not None)


def table(figures, link, heading, unit, limit):
    rows = figures.of(link, unit)
    if not rows:
        return []
    present = [tool for tool in COLUMNS if any(tool in {*row.samples, *row.failed, *row.cut_off} for row in rows)]
    compared = [] if unit == "MiB" else ["ftpfs/raw", "rclone/ftpfs"]
    lines = [f"| {' | '.join([heading, *present, *compared, 'ftpfs must'])} |",
             "|---|" + "---:|" * len(present + compared) + "---|"]
    for row in rows:
        cells = [cell(row, tool, limit) for tool in present]
        if compared:
            cells += [ratio(row.to_raw()), ratio(row.rclone_to_ftpfs())]
        lines.append(f"| {' | '.join([row.title, *cells, judged(row)])} |")
    return [*lines, ""]


def counts(figures, link):
    rows = [row for row in figures.of(link, "s") + figures.of(link, "MiB/s") if row.commands]
    tools = [tool for tool in COLUMNS if any(tool in row.commands for row in rows)]
    lines = ["| FTP commands | " + " | ".join(tools) + " |", "|---|" + "---|" * len(tools)]
    for row in rows:
        cells = [told(row.commands[tool]) if tool in row.commands else "-" for tool in tools]
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def trouble(figures):
    notes = [f"- {tool}, {row.link}, {row.title}: {note}" for row in figures.rows.values()
             for tool, note in [*row.failed.items(), *row.cut_off.items()]]
    return ["Failed or cut off:", "", *notes, ""] if notes else []


def runs(about):
    fewer = about.get("peer_runs", about["runs"])
    return (f"{about['runs']} run(s)" + (f", {fewer} by rclone" if fewer < about["runs"] else "") +
            (", the server's files in memory" if about.get("in_memory") else "") +
            (", the processors kept awake" if about.get("awake") else ""))


def markdown(figures, links, arguments, facts):
    versions = ", ".join(f"{text}" for text in facts["versions"].values() if text)
    machine = facts["machine"]
    lines = [f"{machine['cpus']} cores, kernel {machine['kernel']}, TCP {machine['tcp']}; {versions}.", ""]
    if not arguments.count:
        lines += [f"Medians. {LEGEND}", ""]
    for link in links:
        about = figures.links[link.name]
        lines += [f"## {link.title}", "", f"{about['date']}, {about['how']}, {runs(about)}.", ""]
        if arguments.count:
            lines += counts(figures, link.name)
            continue
        lines += table(figures, link.name, "seconds", "s", arguments.limit)
        lines += table(figures, link.name, "MiB/s", "MiB/s", arguments.limit)
        lines += table(figures, link.name, "memory of the mount at its peak, MiB", "MiB", arguments.limit)
    return "\n".join(lines + trouble(figures)).rstrip() + "\n"


def version(program, *arguments):
    if not shutil.which(program):
        return None
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return (done.stdout or done.stderr).split("\n")[0]


def short_version(name, line):
    """`curl 7.88.1 (x86_64...` -> `curl 7.88.1`; `LFTP | Version 4.9.2 | ...` -> `lftp 4.9.2`"""
    numbers = [word.lstrip("v") for word in (line or "").split() if word.lstrip("v")[:1].isdigit()]
    return f"{name} {numbers[0]}" if numbers else None


def facts_of_the_run(arguments):
    programs = {FTPFS: str(arguments.ftpfs), "rclone": "rclone", "curl": "curl", "lftp": "lftp",
                "curlftpfs": "curlftpfs"}
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        congestion_control = file.read().strip()
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {"cpus": os.cpu_count(), "kernel": platform.release().split("-")[0],
                        "architecture": platform.machine(), "tcp": congestion_control},
            "versions": {name: short_version(name, version(program, "--version"))
                         for name, program in programs.items()}}


def as_data(figures, facts):
    rows = []
    for row in figures.rows.values():
        goals = [{"text": goal.text, "limit": goal.limit(row), "met": verdict(goal, row)} for goal in goals_of(row)]
        rows.append({"link": row.link, "name": row.name, "title": row.title, "unit": row.unit,
                     "medians": row.medians(), "samples": row.samples, "failed": row.failed, "cut_off": row.cut_off,
                     "commands": row.commands, "goals": goals})
    return facts | {"links": figures.links, "rows": rows}


def earlier(folder, name):
    try:
        return json.loads((folder / f"{name}.json").read_text())
    except FileNotFoundError:
        return None


def write(folder, name, text, data):
    (folder / f"{name}.md").write_text(text)
    (folder / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")
