#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No mark of unfinished work, no path of one machine, a licence line in every source.

    marks.py REPOSITORY
"""
import re
import subprocess
import sys

SOURCES = re.compile(r"(\.(c|h|def|py|sh|cmake|yaml|yml|awk)|(^|/)CMakeLists\.txt)$")
# Words are put together here so that this file does not hold them.
WORDS = ("TO" "DO", "FIX" "ME", "HA" "CK", "X" "XX", "not " "implemented", "un" "implemented")
MARK = re.compile(r"\b(?:%s)\b|\bst" r"ub(s|bed)?\b" % "|".join(WORDS))
MACHINE = re.compile(r"(?<![\w.])/(?:work|home/[a-z]\w*|root|Users)/")
# Data that others made, or that has to be read byte for byte.
LEFT_OUT = re.compile(r"^(LICENSE$|tests/fuzz/corpus/)")


def faults_of(path, text):
    if SOURCES.search(path) and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.split("\n")[:3]):
        yield 1, "no SPDX line at its head"
    for number, line in enumerate(text.split("\n"), 1):
        if MARK.search(line):
            yield number, "mark of unfinished work"
        if MACHINE.search(line):
            yield number, "path of one machine"


SPDX = "# SPDX-License-Identifier: Apache-2.0\n"
CONTROLS = (
    ("main/x.c", "int x;\n"),
    ("a.py", SPDX + "# " + "TO" "DO: later\n"),
    ("a.py", SPDX + "# a st" "ub for now\n"),
    ("docs/a.md", "see /" "work/main/x\n"),
    ("docs/a.md", "cd /" "home/someone/x\n"),
)


def main(root):
    for path, text in CONTROLS:
        if not list(faults_of(path, text)):
            print("marks.py: no rule catches %r" % text)
            return 1
    files = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True,
                           check=True).stdout.split("\0")
    read = faults = 0
    for path in filter(None, files):
        if LEFT_OUT.search(path):
            continue
        try:
            with open("%s/%s" % (root, path), encoding="utf-8", errors="replace") as f:
                text = f.read()
        except FileNotFoundError:  # deleted, and not committed yet
            continue
        read += 1
        for number, what in faults_of(path, text):
            faults += 1
            print("%s:%d: %s" % (path, number, what))
    print("%d files, %d faults" % (read, faults))
    return 1 if faults or read < 100 else 0


sys.exit(main(sys.argv[1]))
