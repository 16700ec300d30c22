# SPDX-License-Identifier: MIT
"""The figures as a bar chart (SVG): how many times as long as the raw client each tool took, on a logarithmic scale.

A bar starts at the raw client's line and goes left for what is faster, right for what is slower. The picture has a
background of its own in both colour schemes, so that it can be read wherever it is shown.
"""
import math
from xml.sax.saxutils import escape

from tools import FTPFS, RAW, RCLONE

LEFT_OUT = {"mount", "walk-again", "list-again", "long-list", "long-list-again", "readers-1", "readers-2", "readers-4"}
COMPARED = {FTPFS: "ftpfs", RCLONE: "rclone mount, the best of its modes", "curlftpfs": "curlftpfs"}
WIDTH, LABELS, VALUES = 900, 375, 70
LINE, BAR, HEAD = 15, 11, 34
TICKS = [0.01, 0.1, 1, 10, 100, 1000]
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 13px }
.small { font-size: 10px; fill: #59636e }
.paper { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
.raw { stroke: #59636e; stroke-width: 1.5 }
.ftpfs { fill: #1a7f64 }
.rclone { fill: #8c7ae6 }
.curlftpfs { fill: #c69026 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .paper { fill: #0d1117; stroke: #3d444d }
  .grid { stroke: #3d444d }
  .raw { stroke: #9198a1 }
  .ftpfs { fill: #2ea98a }
}
"""


class Scale:
    """Where a ratio lies; the ends are the decades around what there is to show."""

    def __init__(self, ratios):
        self.low = math.floor(min([-1, *(math.log10(ratio) for ratio in ratios)]))
        self.high = math.ceil(max([1, *(math.log10(ratio) for ratio in ratios)]))
        self.left, self.right = LABELS, WIDTH - VALUES

    def x(self, ratio):
        share = (math.log10(ratio) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def ticks(self):
        return [tick for tick in TICKS if self.low <= round(math.log10(tick)) <= self.high]


def value(row, number):
    return f"{number:.0f} MiB/s" if row.unit == "MiB/s" else f"{number:.1f} s" if number >= 10 else f"{number:.2f} s"


def bars_of(row, limit):
    """(tool, ratio to raw, label) for each tool to show; of rclone's modes the best."""
    raw = row.median(RAW)
    bars = []
    for tool in COMPARED:
        number = row.best_rclone() if tool == RCLONE else row.median(tool)
        cut = any(name.startswith(tool) for name in row.cut_off)
        if number:
            bars.append((tool, row.slower(number, raw), value(row, number)))
        elif cut and row.unit == "s":
            bars.append((tool, limit / raw, f"> {limit:.0f} s"))
        elif any(name.startswith(tool) for name in row.failed):
            bars.append((tool, 1, "failed"))
    return bars


def drawn_bar(scale, top, tool, ratio, label):
    start, end = sorted((scale.x(1), scale.x(ratio)))
    beside = max(end, scale.x(1)) + 5
    return [f'<rect class="{tool}" x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" height="{BAR}" rx="2"/>',
            f'<text class="small" x="{beside:.1f}" y="{top + 9}">{escape(label)}</text>']


def drawn_part(scale, top, title, rows, limit):
    """One link: its title and its rows; gives back the new top too."""
    parts = [f'<text class="title" x="16" y="{top + 18}">{escape(title)}</text>']
    first = top = top + HEAD
    for row in rows:
        bars = bars_of(row, limit)
        middle = top + (LINE * len(bars)) / 2 + 3
        label = f"{row.title} ({value(row, row.median(RAW))})"
        parts.append(f'<text x="{LABELS - 12}" y="{middle:.1f}" text-anchor="end">{escape(label)}</text>')
        for bar in bars:
            parts += drawn_bar(scale, top, *bar)
            top += LINE
        top += 7
    grid = [f'<line class="{"raw" if tick == 1 else "grid"}" x1="{scale.x(tick):.1f}" x2="{scale.x(tick):.1f}" '
            f'y1="{first - 6}" y2="{top}"/>' for tick in scale.ticks()]
    names = [f'<text class="small" x="{scale.x(tick):.1f}" y="{top + 12}" text-anchor="middle">{tick:g}x</text>'
             for tick in scale.ticks()]
    return grid + parts + names, top + 20


def legend(top, tools):
    parts, x = [], 16
    for tool in tools:
        name = COMPARED[tool]
        parts.append(f'<rect class="{tool}" x="{x}" y="{top}" width="11" height="11" rx="2"/>'
                     f'<text x="{x + 17}" y="{top + 10}">{name}</text>')
        x += 45 + 7 * len(name)
    return parts


def draw(figures, links, facts, limit):
    shown = {link: [row for row in figures.of(link.name, "s") + figures.of(link.name, "MiB/s")
                    if row.name not in LEFT_OUT and row.median(RAW) and bars_of(row, limit)] for link in links}
    present = {tool for rows in shown.values() for row in rows for tool, *_ in bars_of(row, limit)}
    scale = Scale([ratio for rows in shown.values() for row in rows for _, ratio, _ in bars_of(row, limit)])
    body = ['<text class="title" x="16" y="24">Time compared with curl and lftp without a mount (in brackets): '
            'left is faster, right is slower</text>', *legend(36, [tool for tool in COMPARED if tool in present])]
    top = 56
    for link, rows in shown.items():
        if rows:
            part, top = drawn_part(scale, top, link.title, rows, limit)
            body += part
    versions = ", ".join(text for text in facts["versions"].values() if text)
    body.append(f'<text class="small" x="16" y="{top + 14}">{escape(facts["date"][:10])}; '
                f'{facts["machine"]["cpus"]} cores, kernel {escape(facts["machine"]["kernel"])}; {escape(versions)}; '
                'medians</text>')
    height = top + 26
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img">\n<style>{STYLE}</style>\n<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" '
            f'height="{height - 1}" rx="6"/>\n' + "\n".join(body) + "\n</svg>\n")
