#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the directions in which folders may include each other, and that each third-party library has one home.

    includes.py REPOSITORY

The root listing is the architecture (docs/ARCHITECTURE.md): a folder may include itself and what MAY says, nothing
else. The rules are tried on made-up edges first, so that a rule which catches nothing fails this test, too.
"""
import re
import subprocess
import sys

DOMAIN = ("ingest", "classify", "track", "queue", "alert", "emit")
LIBS = ("lib/base", "lib/codec", "lib/mail", "lib/stream")
MAY = {
    "lib/base": (),
    "lib/codec": ("lib/base",),
    "lib/mail": ("lib/base",),
    "lib/stream": ("lib/base",),
    "lib/kafka": ("lib/stream", "lib/base"),
    "lib/http": ("lib/base",),
    **{folder: LIBS for folder in DOMAIN},
    "main": DOMAIN + LIBS + ("lib/kafka", "lib/http"),
    "tests": DOMAIN + LIBS + ("lib/kafka", "lib/http", "main"),
}
HOME = {
    "jansson": "lib/codec",
    "msgpack": "lib/codec",
    "pcre2": "lib/codec",
    "yaml": "lib/codec",
    "rdkafka": "lib/kafka",
    "libpsl": "classify",
    "idn2": "classify",
    "sodium": "emit",
    "microhttpd": "lib/http",
    "cmocka": "tests",
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "lib" else parts[0]


def library_of(header):
    stem = header.split("/")[-1].removesuffix(".h")
    return next((lib for lib in HOME if stem == lib or header.startswith(("lib%s/" % lib, lib + "/"))), None)


def fault(path, quote, header):
    """What is wrong with one include line, or None."""
    if path.startswith("docs/examples/"):  # others' programs: they see nothing of ours
        return "must not include what is ours" if quote == '"' else None
    here, library = folder_of(path), library_of(header)
    if here not in MAY:
        return "is in a folder that has no rule here"
    if quote == "<":
        if library and here != HOME[library]:
            return "only %s may name %s" % (HOME[library], library)
        return None
    if "/" not in header:  # beside the file itself: tests only, the sources are rooted
        return None if here == "tests" else "is not rooted at the repository"
    there = folder_of(header)
    if there != here and there not in MAY[here]:
        return "%s must not include %s" % (here, there)
    return None


CONTROLS = (
    ("track/track.c", '"', "queue/row.h"),
    ("alert/words.c", '"', "main/config.h"),
    ("lib/base/str.c", '"', "lib/mail/names.h"),
    ("lib/mail/names.c", '"', "lib/codec/value.h"),
    ("lib/stream/task.c", '"', "lib/kafka/kafka_log.h"),
    ("lib/kafka/kafka_log.c", '"', "lib/codec/value.h"),
    ("ingest/line.c", '"', "lib/kafka/kafka_log.h"),
    ("main/cmd_run.c", '"', "tests/sim/sim.h"),
    ("main/cmd_run.c", "<", "librdkafka/rdkafka.h"),
    ("emit/record_printer.c", "<", "jansson.h"),
    ("tests/unit/x_test.c", "<", "msgpack.h"),
    ("ingest/line.c", "<", "libpsl.h"),
    ("main/config_lists.c", "<", "idn2.h"),
    ("main/cmd_run.c", "<", "sodium.h"),
    ("main/web.c", "<", "microhttpd.h"),
    ("lib/http/http_server.c", '"', "lib/stream/log.h"),
    ("ingest/line.c", "<", "msgpack/pack.h"),
    ("track/track.c", '"', "place.h"),
    ("docs/examples/x.c", '"', "lib/base/str.h"),
    ("sink/x.c", '"', "lib/base/str.h"),
)


def main(root):
    for control in CONTROLS:
        if fault(*control) is None:
            print("includes.py: no rule catches %s including %s" % (control[0], control[2]))
            return 1
    files = subprocess.run(["git", "-C", root, "ls-files", "*.c", "*.h", "*.def"], capture_output=True, text=True,
                           check=True).stdout.split()
    edges = faults = 0
    for path in files:
        try:
            with open("%s/%s" % (root, path), encoding="utf-8") as f:
                text = f.read()
        except FileNotFoundError:  # deleted, and not committed yet
            continue
        for quote, header in INCLUDE.findall(text):
            edges += 1
            wrong = fault(path, quote, header)
            if wrong:
                faults += 1
                print("%s: %s%s: %s" % (path, quote, header, wrong))
    print("%d files, %d includes, %d faults" % (len(files), edges, faults))
    return 1 if faults or edges < 100 else 0


sys.exit(main(sys.argv[1]))
