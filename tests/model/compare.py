#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the program against the model on random logs: every record that replay makes, no field left out.

usage: compare.py QLAPSE [--seeds A-B] [--messages N] [--files N] [--span HOURS] [--keep DIR] [--coverage] [--jobs N]

Left out are only the words of alerts (title, summary, remedies, look_again: golden tests have them) and the tracker's
own memory in messages. Prints the first difference with what went before it; exit status 1 if there is any. With
--coverage also prints how often each rule of the model was taken; one that no seed took is an error, too.
"""
import argparse
import collections
import functools
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile

import model
import model_base
from model_base import HOUR, Settings, text_of
from streams import YEAR, Stream

# What replay calls it, and what the model does.
KINDS = (("transitions", "transitions"), ("queues", "rows"), ("messages", "messages"),
         ("incidents", "incident-records"), ("alerts", "alerts"))
LEFT_OUT = {"messages": ("internal",), "alerts": ("title", "summary", "remedy", "remedy_zh_tw",
            "fix_now", "links", "look_again")}


def replay(qlapse, emit, paths, config, until):
    """The records that the program prints, as documents."""
    done = subprocess.run([qlapse, "replay", "--emit", emit, "--with-order", "--until", text_of(until), "--year",
                           str(YEAR), "--config", config, *paths], capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"replay --emit {emit}: status {done.returncode}: {done.stderr.decode()}")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records:
        for name in LEFT_OUT.get(emit, ()):
            (record["value"] or {}).pop(name, None)
    return records


def by_key(emit, records, with_p):
    """key: its records in their order, transitions by message. Of some kinds replay tells no time beside the record."""
    of_key = collections.defaultdict(list)
    if emit == "transitions":  # replay sorts those of one moment in its own way
        records = sorted(records, key=lambda r: (r["p"], r["value"]["seq"]))
    for r in records:
        of_message = emit == "transitions"
        key = r["value"]["message"].rsplit("#", 1)[0] if of_message else r["key"]
        value = {"key": r["key"], **r["value"]} if of_message else r["value"]
        of_key[key].append((r.get("p") if with_p else None, value))
    return of_key


def differing(got, want):
    """The fields in which two records differ, one a line."""
    (got_p, got), (want_p, want) = got, want
    got, want = got or {}, want or {}
    lines = [] if got_p == want_p else [f"    p: program {got_p}, model {want_p}"]
    for name in sorted(set(got) | set(want)):
        if got.get(name) != want.get(name):
            lines.append(f"    {name}: program {json.dumps(got.get(name))}, model {json.dumps(want.get(name))}")
    return lines


def shown(record):
    if record is None:
        return "nothing"
    p, value = record
    return f"p={p} {'deleted' if value is None else json.dumps(value, ensure_ascii=False)}"


def moment(pair):
    """By what the earliest difference is found."""
    value = next((r[1] for r in pair if r is not None and r[1] is not None), {})
    return value.get("at") or value.get("updated") or value.get("last_line") or "9"


def first_difference(emit, program, wanted):
    """Text of the earliest difference, or None."""
    with_p = bool(program) and "p" in program[0]
    program, wanted = by_key(emit, program, with_p), by_key(emit, wanted, with_p)
    found = []
    for key in sorted(set(program) | set(wanted)):
        pairs = list(itertools.zip_longest(program[key], wanted[key]))
        at = next((i for i, (got, want) in enumerate(pairs) if got != want), None)
        if at is not None:
            found.append((moment(pairs[at]), key, at, pairs))
    if not found:
        return None
    _, key, at, pairs = min(found, key=lambda f: f[:3])
    got, want = pairs[at]
    fields = [] if got is None or want is None else ["  that is:", *differing(got, want)]
    before = "".join(f"  before, both:\n    {shown(got)}\n" for got, _ in pairs[max(0, at - 2):at])
    return (f"{emit}: {len(found)} keys differ, first {key}, record {at}\n{before}  program:\n    {shown(got)}\n"
            f"  model:\n    {shown(want)}\n" + "\n".join(fields))


def compare(qlapse, stream, folder):
    """(differences, number of records that were equal) of one stream."""
    paths, config = stream.write(folder)
    deliveries = model.read_deliveries(
        json.dumps(r) for r in replay(qlapse, "deliveries", paths, config, stream.until))
    if not deliveries or deliveries != sorted(deliveries, key=lambda d: d[:3]):
        return ["deliveries: none, or not in the order of p, source, offset"], 0
    wanted = model.compute(deliveries, Settings(stream.config), stream.until)
    differences, n_equal = [], len(deliveries)
    for emit, kind in KINDS:
        program = replay(qlapse, emit, paths, config, stream.until)
        difference = first_difference(emit, program, wanted[kind])
        if difference:
            differences.append(difference)
        n_equal += len(program)
    return differences, n_equal


def compare_seed(args, seed):
    """(seed, until, differences, number of equal records, how often each rule was taken), by a process of the pool."""
    model_base.taken.clear()
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(args.keep, str(seed)) if args.keep else scratch
        os.makedirs(folder, exist_ok=True)
        stream = Stream(seed, args.messages, args.files, int(args.span * HOUR))
        differences, n_equal = compare(args.qlapse, stream, folder)
    return seed, stream.until, differences, n_equal, dict(model_base.taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("qlapse")
    parser.add_argument("--seeds", default="1-20", metavar="A-B")
    parser.add_argument("--messages", type=int, default=120)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--span", type=float, default=8, metavar="HOURS")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs of every seed there")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="seeds at a time")
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    n_equal = n_seeds = n_failed = 0
    taken = collections.Counter()
    with multiprocessing.Pool(args.jobs) as pool:
        seeds = range(int(first), int(last or first) + 1)
        for seed, until, differences, n, its_taken in pool.imap(functools.partial(compare_seed, args), seeds):
            n_seeds, n_equal, n_failed = n_seeds + 1, n_equal + n, n_failed + bool(differences)
            taken.update(its_taken)
            if differences:
                print(f"seed {seed}, until {text_of(until)}: {differences[0]}\n", flush=True)
    print(f"{n_seeds} seeds, {n_equal} records, {n_failed} seeds with a difference")
    not_taken = []
    if args.coverage:
        model_base.taken = taken
        for name, n in model.coverage():
            print(f"{n:10} {name}")
        not_taken = [name for name, n in model.coverage() if n == 0 and name not in model.UNIT_ONLY]
        print(f"{len(model.coverage())} rules, not taken: {', '.join(not_taken) or 'none'}")
    sys.exit(1 if n_failed or not_taken else 0)


if __name__ == "__main__":
    main()
