# SPDX-License-Identifier: MIT
"""The FTP commands that reached the server, from vsftpd's log (log_ftp_protocol): steady where seconds are not."""
import collections
import re

COMMAND = re.compile(r'FTP command: Client "[^"]*", "([A-Za-z]+)( [A-Za-z]+)?')
NOT_COUNTED = {"QUIT"}  # the end of a connection is nobody's work


class CommandLog:
    """Counts what is logged between `begin` and `count`."""

    def __init__(self, path):
        self.path = path
        self.start = 0

    def begin(self):
        self.start = self.path.stat().st_size if self.path.exists() else 0

    def lines(self):
        with open(self.path, errors="replace") as file:
            file.seek(self.start)
            return file.readlines()

    def count(self):
        return counted(self.lines())


def counted(lines):
    counts = collections.Counter()
    for line in lines:
        found = COMMAND.search(line)
        if not found or found[1].upper() in NOT_COUNTED:
            continue
        word = found[1].upper()
        counts[word + found[2].upper() if word in ("SITE", "OPTS") and found[2] else word] += 1
    return dict(sorted(counts.items()))


def told(counts):
    """`605: 300 PASV, 300 RETR, 5 CWD`"""
    parts = sorted(counts.items(), key=lambda item: -item[1])
    return f"{sum(counts.values())}: " + ", ".join(f"{count} {word}" for word, count in parts) if counts else "0"
