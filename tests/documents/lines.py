# SPDX-License-Identifier: MIT
"""What the documents show to be typed or written into a file, as blocks of lines.

In Markdown a block is fenced or indented, in mdoc(7) it is .Dl or .Bd -literal. In a block,
    $ COMMAND    COMMENT    is typed by a user, and
    # COMMAND    COMMENT    by root; lines that follow are what it prints (`...` stands for anything)
    SOURCE DIRECTORY TYPE OPTIONS 0 0       is a line of fstab
    KEY -fstype=... LOCATION                is a line of an autofs map
    NAME=VALUE                              is a line of a file that the block's first line names: `# /PATH`
    COMMAND    COMMENT                      in a block of Markdown without any of these, is run in the repository
"""
import re
from dataclasses import dataclass, field

FSTAB = re.compile(r"^\S+\s+/\S*\s+(ftpfs|fuse|fuse\.ftpfs)\s+\S+(\s+\d\s+\d)?$")
AUTOFS = re.compile(r"^\S+\s+-fstype=\S+\s+:\S+$")
SETTING = re.compile(r"^[A-Za-z_]+=")
PROMPT = re.compile(r"^([$#]) +(\S.*)$")
# What a line that begins with `# ` must go on with to be something that root types, and no comment.
PROGRAMS = {"apt", "cat", "chmod", "chown", "echo", "ftpfs", "install", "ls", "mkdir", "mount", "printf", "rm",
            "systemctl", "umount", "updatedb"}


@dataclass
class Line:
    number: int
    kind: str  # command, root command, printed, fstab, autofs, setting, repository, comment
    text: str


@dataclass
class Block:
    file: str
    lines: list = field(default_factory=list)

    def of(self, *kinds):
        return [line for line in self.lines if line.kind in kinds]


def blocks(name, text):
    raw = mdoc_blocks(text) if re.search(r"\.\d$", name) else markdown_blocks(text)
    for numbered in raw:
        yield Block(name, list(classified(numbered, markdown=name.endswith(".md"))))


def markdown_blocks(text):
    block, fence = [], None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            fence = None if fence else line
        elif fence or (line.startswith("    ") and (block or not lines[number - 2].strip())):
            block.append((number, line))
            continue
        elif not line.strip() and block and not fence:
            block.append((number, ""))  # an indented block may have empty lines in it
            continue
        if block:
            yield dedented(block)
        block = []
    if block:
        yield dedented(block)


def dedented(block):
    margin = min((len(line) - len(line.lstrip()) for _, line in block if line.strip()), default=0)
    return [(number, line[margin:]) for number, line in block]


def mdoc_blocks(text):
    block, literal = [], False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(".Bd -literal"):
            literal = True
        elif line.startswith(".Ed"):
            literal = False
        elif literal or line.startswith(".Dl "):
            block.append((number, unescaped(line.removeprefix(".Dl "))))
            continue
        if block:
            yield block
        block = []


def unescaped(line):
    return line.replace(r"\e", "\\").replace(r"\&", "").replace(r"\-", "-")


def classified(block, markdown):
    repository = markdown
    told = []
    printing = False
    for number, text in block:
        prompt = PROMPT.match(text)
        if prompt and (prompt[1] == "$" or prompt[2].split()[0] in PROGRAMS):
            kind, printing = ("command" if prompt[1] == "$" else "root command"), True
            text = explained(prompt[2])
        elif FSTAB.match(text):
            kind, printing = "fstab", False
        elif AUTOFS.match(text):
            kind, printing = "autofs", False
        elif printing:
            kind = "printed"
        elif SETTING.match(text):
            kind = "setting"
        elif not text.strip() or text.startswith("#"):
            kind = "comment"
        else:
            kind = "repository"
        repository = repository and kind in ("repository", "comment")
        told.append(Line(number, kind, text))
    while told and told[-1].kind in ("printed", "comment") and not told[-1].text:
        told.pop()
    for line in told:
        if line.kind == "repository":
            if not repository:
                line.kind = "comment"
            else:
                line.text = explained(line.text)
    return told


def explained(command):
    """Without what it does, which may stand behind it after some blanks."""
    return re.split(r"\s{3,}", command)[0]


def spans(text):
    """The `inline code` of Markdown, as (line, text)."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("    "):
            for span in re.findall(r"`([^`]+)`", line):
                yield number, span
