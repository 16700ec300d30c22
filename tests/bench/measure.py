# SPDX-License-Identifier: MIT
"""Does the work of the rows with each tool, and keeps the figures."""
import shutil
import sys
import time

import machine
from commands import CommandLog
from mounts import Mount
from network import FarNetwork, Loopback
from processes import Failure, TooLong
from server import Server
from tools import FTPFS


class Measurement:
    """`count` measures no time: it counts FTP commands, and keeps the tools' own logs."""

    def __init__(self, arguments, tools, scene, figures):
        self.arguments = arguments
        self.tools = tools
        self.scene = scene
        self.figures = figures
        self.log = None

    def run(self, link, rows):
        network = FarNetwork(link.line, self.arguments.link) if link.line else Loopback()
        awake = machine.Awake(wanted=link.line is not None)
        with awake, network, Server(self.scene, network, link.tls, self.arguments.count) as server:
            self.scene.server = server
            self.log = CommandLog(server.log) if server.log else None
            self.figures.links[link.name] = {"how": network.how, "runs": self.arguments.runs,
                                             "peer_runs": self.arguments.peer_runs, "awake": bool(awake),
                                             "in_memory": self.arguments.scratch == machine.MEMORY,
                                             "date": time.strftime("%Y-%m-%d", time.gmtime())}
            for number in range(self.arguments.runs):
                for work in rows:
                    for tool in self.tools:
                        self.piece(link, work, tool, number)

    def piece(self, link, work, tool, number):
        if not self.wanted(work, tool, number):
            return
        row = self.figures.row(link.name, work.name, work.title, "MiB/s" if work.volume else "s")
        if tool.name in row.cut_off or tool.name in row.failed or self.first_time_was_cut_off(link, work, tool):
            return  # it would only cost time again
        print(f"run {number + 1}/{self.arguments.runs}  {link.name:6} {work.name:16}{tool.name}", file=sys.stderr)
        try:
            work.prepare(self.scene)
            # Now: the host takes back what was free for two seconds. And not between the mount and the work: that takes as
            # long as what is warm stays so.
            machine.touch_memory()
            if tool.mounts:
                seconds = self.mounted(link, work, tool)
            else:
                seconds = self.timed(work.raw[tool.name], self.scene)
            work.verify(self.scene)
            self.figures.add(row, tool.name, work.volume / seconds if work.volume else seconds)
            if self.log:
                row.commands[tool.name] = self.log.count()
        except TooLong as reason:
            row.cut_off[tool.name] = str(reason)
        except Failure as failure:
            row.failed[tool.name] = str(failure)

    def first_time_was_cut_off(self, link, work, tool):
        first = self.figures.rows.get((link.name, work.name.removesuffix("-again")))
        return first is not None and tool.name in first.cut_off

    def wanted(self, work, tool, number):
        if not tool.mounts:
            return tool.name in work.raw
        if work.option and (tool.name != FTPFS or not tool.knows(work.option)):
            return False
        if work.names and tool.caches_contents:
            return False
        return tool.name == FTPFS or number < self.arguments.peer_runs

    def timed(self, work, *arguments):
        if self.log:
            self.log.begin()
        begin = time.perf_counter()
        work(*arguments)
        return time.perf_counter() - begin

    def mounted(self, link, work, tool):
        with Mount(tool, self.scene, [work.option] if work.option else []) as mount:
            if work.name == "mount":
                self.keep_memory(link, "idle-memory", "idle after mounting", tool, mount.memory("VmRSS"))
                return mount.seconds
            work.warm_up(self.scene, mount.path)
            seconds = self.timed(work.mounted, self.scene, mount.path)
            self.keep_memory(link, f"{work.name}-memory", work.title, tool, mount.memory("VmHWM"))
            mount.unmount()
            self.keep_log(link, work, tool, mount)
        return seconds

    def keep_memory(self, link, name, title, tool, value):
        row = self.figures.row(link.name, name, title, "MiB")
        self.figures.add(row, tool.name, value)

    def keep_log(self, link, work, tool, mount):
        if self.arguments.count and self.arguments.out and tool.name == FTPFS:
            shutil.copyfile(mount.private / "log", self.arguments.out / f"{link.name}-{work.name}.log")
