#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The independent model: what docs/SEMANTICS.md makes of deliveries, computed naively from the whole history.

usage: model.py --until T_MS [--config FILE.json] [--emit KIND] [--coverage] DELIVERIES.ndjson

Shares no code with the program; a test holds the two against each other (compare.py). DELIVERIES.ndjson is what
`qlapse replay --emit deliveries --with-order` prints. The configuration is the program's, written as JSON.
KIND: transitions, messages, rows (every one written), queues (the table that rows make), incidents (the table),
incident-records (every one written), alerts, counts. Prints NDJSON in one fixed order.
"""
import argparse
import ast
import json
import os
import sys

import model_base
from model_alert import Alert
from model_base import Settings, time_of
from model_queue import Queue
from model_track import Track

TIMES = ("time", "arrival", "id_time", "expires")
KINDS = ("transitions", "messages", "rows", "queues", "incidents", "incident-records", "alerts", "counts")
PARTS = ("model_base.py", "model_track.py", "model_queue.py", "model_alert.py")
# What the names of rules in hit() are made of where they are no constants.
VARIABLES = {
    "source": ("explicit", "queue_id"),
    "reason": ("closed_unknown", "requeued", "deleted"),
    "r.state": ("delivered", "bounced", "expired", "handed_on", "discarded"),
    "d['event']": ("delivered", "bounced", "handed_on", "discarded"),
    "flag": ("held", "overdue", "mismatched", "null_sender"),
    "hours": ("1", "6", "24"),
    "state": ("closed", "held", "overdue", "waiting", "done", "active"),
    "reasons[0]": ("overdue", "expired", "expiry"),
    "pair.attributes['kind']": ("own", "partner"),
    "counter": ("too_late", "unknown_message", "late", "opened", "duplicate", "stale", "expired_unknown"),
    "of_place": ("group", "class", "queued_minute", "expires_minute", "held", "overdue", "mismatched", "null_sender",
                 "basis"),
    "condition": ("class", "severity", "over_volume", "near_expiry"),
    "alert": ("opened", "updated", "resolved"),
}
# What no Postfix log can bring about; test_model.py does.
UNIT_ONLY = ("1.3 the record's own expiry", "1.5 class: none becomes other",
             "1.5 class: kept, the line is suspended and gives no reason", "2 no row to leave",
             "2 since: moment of a timer")


def read_deliveries(lines):
    """[(p, source, offset, delivery)] of NDJSON lines, times in milliseconds."""
    deliveries = []
    for line in lines:
        record = json.loads(line)
        d = record.get("delivery", record.get("value"))
        for name in TIMES:
            if name in d:
                d[name] = time_of(d[name])
        deliveries.append((record["p"], record["source"], record["offset"], d))
    return deliveries


def fold(records):
    """The table that records make: the last one of each key, without those that were taken away."""
    table = {}
    for r in records:
        table[r["key"]] = r["value"]
    return [{"key": key, "value": table[key]} for key in sorted(table, key=str.encode) if table[key] is not None]


def compute(deliveries, settings, until):
    """All kinds of records, each a list in a fixed order."""
    track, queue, alert = Track(settings), Queue(settings), Alert(settings)
    track.run(deliveries, until)
    queue.run(track.transitions, until)
    alert.run(queue.rows, until)
    plain = [[{"p": r["p"], "key": r["key"], "value": r["value"]} for r in records]
             for records in (track.transitions, queue.rows, alert.incidents, alert.alerts)]
    return {"transitions": plain[0], "rows": plain[1], "incident-records": plain[2], "alerts": plain[3],
            "messages": [{"key": key, "value": track.messages[key]} for key in sorted(track.messages, key=str.encode)],
            "queues": fold(plain[1]), "incidents": fold(plain[2]),
            "counts": [{"track": track.counts, "queue": queue.counts}]}


def texts_of(node):
    """All texts that the argument of a hit() can be."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) + texts_of(node.orelse)
    if isinstance(node, ast.BinOp):
        return [a + b for a in texts_of(node.left) for b in texts_of(node.right)]
    if isinstance(node, ast.JoinedStr):
        texts = [""]
        for part in node.values:
            texts = [a + b for a in texts for b in texts_of(part)]
        return texts
    if isinstance(node, ast.FormattedValue):
        return texts_of(node.value)
    return list(VARIABLES[ast.unparse(node)])


def rules():
    """The names of all rules that hit() can count, read from the sources of the model."""
    names = set()
    for part in PARTS:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), part), encoding="utf-8") as f:
            tree = ast.parse(f.read())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "hit":
                names.update(texts_of(node.args[0]))
    return names


def coverage():
    """[(rule, how often)], the seldom ones first."""
    return sorted(((name, model_base.taken[name]) for name in rules() | set(model_base.taken)),
                  key=lambda pair: (pair[1], pair[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--until", type=int, required=True, metavar="T_MS")
    parser.add_argument("--config", metavar="FILE.json")
    parser.add_argument("--emit", choices=KINDS)
    parser.add_argument("--coverage", action="store_true", help="tell how often each rule was taken")
    parser.add_argument("deliveries")
    args = parser.parse_args()
    tree = None
    if args.config:
        with open(args.config, encoding="utf-8") as f:
            tree = json.load(f)
    with open(args.deliveries, encoding="utf-8") as f:
        records = compute(read_deliveries(f), Settings(tree), args.until)
    for record in records[args.emit] if args.emit else []:
        print(json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    if args.coverage:
        for name, n in coverage():
            print(f"{n:9} {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
