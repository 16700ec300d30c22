# SPDX-License-Identifier: MIT
"""What was measured: samples by row and tool, and their medians."""
import statistics

from tools import FTPFS, RAW, RCLONE


class Row:
    """Of one link; a tool that failed even once has a note and no median, one that was cut off likewise."""

    def __init__(self, link, name, title, unit):
        self.link, self.name, self.title, self.unit = link, name, title, unit
        self.samples = {}
        self.failed = {}
        self.cut_off = {}
        self.commands = {}  # per tool: FTP command -> how often

    def medians(self):
        return {tool: statistics.median(values) for tool, values in self.samples.items()
                if tool not in self.failed and tool not in self.cut_off}

    def median(self, tool):
        return self.medians().get(tool)

    def best_rclone(self):
        """Of its three modes; in MiB/s the larger is the better."""
        best = max if self.unit == "MiB/s" else min
        return best((value for tool, value in self.medians().items() if tool.startswith(RCLONE)), default=None)

    def slower(self, one, other):
        """How many times as long `one` took as `other`."""
        if not one or not other:
            return None
        return other / one if self.unit == "MiB/s" else one / other

    def to_raw(self, tool=FTPFS):
        return self.slower(self.median(tool), self.median(RAW))

    def rclone_to_ftpfs(self):
        return self.slower(self.best_rclone(), self.median(FTPFS))


class Figures:
    def __init__(self):
        self.rows = {}  # (link, name) -> Row, in the order of the table
        self.links = {}  # link -> when and how it was measured

    def row(self, link, name, title, unit):
        return self.rows.setdefault((link, name), Row(link, name, title, unit))

    def add(self, row, tool, value):
        row.samples.setdefault(tool, []).append(value)

    def of(self, link, unit):
        return [row for row in self.rows.values() if row.link == link and row.unit == unit]

    def load(self, data):
        """What earlier runs told of other links, and what those of the same day told of other rows. A row is measured
        again as a whole, so that ratios hold."""
        mine, self.rows = self.rows, {}
        today = {name for name, about in self.links.items() if data["links"].get(name, {}).get("date") == about["date"]}
        for kept in data["rows"]:
            place = kept["link"], kept["name"]
            if place in mine:
                self.rows[place] = mine.pop(place)
            elif kept["link"] not in self.links or kept["link"] in today:
                row = self.row(*place, kept["title"], kept["unit"])
                row.samples, row.failed, row.cut_off = kept["samples"], kept["failed"], kept["cut_off"]
                row.commands = kept["commands"]
        self.rows |= mine
        self.links = data["links"] | self.links
