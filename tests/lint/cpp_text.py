# SPDX-License-Identifier: MIT
"""C++ as text: blanks what is not code, finds statements. Offsets stay those of the original text."""
import re

NOT_CODE = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'"  # not the separator of 1'000
    r"|//[^\n]*|/\*.*?\*/"
    r"|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)


def blanked(text):
    """The text with comments, preprocessor lines and the insides of strings replaced by blanks."""

    def blank(match):
        quoted = match[0][0] in "\"'R"
        inside = re.sub(r"[^\n]", " ", match[0])
        return f'"{inside[1:-1]}"' if quoted else inside

    return NOT_CODE.sub(blank, text)


def closing(code, opening):
    """Where the bracket at `opening` is closed."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth = 0
    for at in range(opening, len(code)):
        if code[at] == code[opening]:
            depth += 1
        elif code[at] == pairs[code[opening]]:
            depth -= 1
            if depth == 0:
                return at
    return len(code)


def statement_start(code, at):
    """Just behind the `;`, `{` or `}` that ends what came before the statement around `at`."""
    depth = 0
    while at > 0:
        before = code[at - 1]
        if before in ")]":
            depth += 1
        elif before in "([":
            depth -= 1
        elif before in ";{}" and depth <= 0:
            return at
        elif before == "}":  # a braced argument further left: jump over it
            at = opening_of(code, at - 1) + 1
        at -= 1
    return 0


def opening_of(code, close):
    depth = 0
    for at in range(close, -1, -1):
        if code[at] == "}":
            depth += 1
        elif code[at] == "{":
            depth -= 1
            if depth == 0:
                return at
    return 0


def statement_end(code, at):
    """The `;` or `}` that ends the expression at `at`, or the bracket that closes around it."""
    depth = 0
    for here in range(at, len(code)):
        if code[here] in "([{":
            if code[here] == "{" and depth == 0:
                return here
            depth += 1
        elif code[here] in ")]}":
            depth -= 1
            if depth < 0:
                return here
        elif code[here] == ";" and depth == 0:
            return here
    return len(code)
