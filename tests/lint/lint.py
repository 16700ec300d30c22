# SPDX-License-Identifier: MIT
"""What every lint shares: which files to read, how to report, and the proof that the lint catches anything at all.

A lint is a function check(path, text) that yields (line, complaint), path being relative to the repository's root.
    LINT ROOT          checks the repository; exit status 1 when there is a complaint
    LINT --self-test   checks the lint's own samples: each of `bad` must be caught, each of `good` must pass
"""
import os
import sys

SKIPPED_FOLDERS = {".git", ".cache", "build", "__pycache__"}
CPP = (".cpp", ".hpp")


def files(root, wanted=lambda path: True):
    """The repository's text files as (path relative to root, text), in a fixed order."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if not wanted(path):
                continue
            with open(os.path.join(root, path), "rb") as file:
                content = file.read()
            if b"\0" not in content:
                yield path, content.decode("utf-8", "replace")


def is_cpp(path):
    return path.endswith(CPP)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def self_test(check, bad, good):
    wrong = [f"not caught: {path}: {text!r}" for path, text in bad if not list(check(path, text))]
    for path, text in good:
        wrong += [f"caught for nothing: {path}:{line}: {complaint}" for line, complaint in check(path, text)]
    print(*wrong, f"{len(bad)} bad and {len(good)} good samples", sep="\n")
    return bool(wrong) or not bad


def run(check, root, wanted):
    seen = complaints = 0
    for path, text in files(root, wanted):
        seen += 1
        for line, complaint in check(path, text):
            complaints += 1
            print(f"{path}:{line}: {complaint}")
    print(f"{seen} files, {complaints} complaints")
    return complaints > 0 or seen == 0


def main(check, wanted, bad, good):
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT | --self-test")
    failed = self_test(check, bad, good) if sys.argv[1] == "--self-test" else run(check, sys.argv[1], wanted)
    sys.exit(1 if failed else 0)
