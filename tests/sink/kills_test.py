#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the sink, again and again while records come in: the tables equal the topics, 0 missing, 0 twice.

usage: kills_test.py QLAPSE SOURCE_DIR WORK_DIR [--records N] [--kills N] [--seed N] [--split]
--split stores offsets in a transaction of their own: the comparison must notice, which is what passes then.
Exit status 77: Kafka or PostgreSQL cannot be had.
"""
import argparse
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402

SHARES = (("deliveries", 0.6), ("transitions", 0.3), ("incidents", 0.06), ("queues", 0.03), ("alerts", 0.01))


def chunk(r, n):
    made = 0
    for topic, share in SHARES:
        count = max(1, int(n * share))
        records = []
        for _ in range(count):
            key = f"k{r.random.randrange(300)}"
            gone = topic in rig.TABLES and r.random.random() < 0.1
            records.append((key, None if gone else r.record(topic)))
        r.produce(topic, records)
        r.produce(topic, [("tick", "tick")], ["qlapse_tick=x"])
        made += count
    return made


def main():
    p = argparse.ArgumentParser()
    p.add_argument("qlapse")
    p.add_argument("source")
    p.add_argument("work")
    p.add_argument("--records", type=int, default=200000)
    p.add_argument("--kills", type=int, default=50)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--split", action="store_true")
    a = p.parse_args()
    r = rig.Rig(os.environ.get("QLAPSE_RELEASE", a.qlapse), a.source, a.work, a.seed)
    args = ["--set", "sink.postgres.batch=500"] + (["--split"] if a.split else [])
    begun, amid, made, ok = time.monotonic(), 0, 0, False
    try:
        r.start()
        r.run("sink", "postgres", "--migrate-only")
        per_kill = a.records // (a.kills + 2)
        made += chunk(r, 2 * per_kill)
        for i in range(a.kills):
            made += chunk(r, per_kill)
            before = r.offsets()
            sink = r.start_sink("victim", *args)
            rig.wait_for("a transaction", lambda: r.offsets() > before or sink.poll() is not None)
            if sink.poll() is not None:
                sys.exit(f"the sink ends by itself with {sink.returncode}: {r.log('victim')[-1000:]}")
            time.sleep(r.random.uniform(0, 0.1))  # the moment of the kill is what is random here
            sink.kill()
            sink.wait()
            amid += r.offsets() < made
        print(f"{made} records, {a.kills} kills, {amid} of them amid work, {time.monotonic() - begun:.0f} s", flush=True)
        r.once()
        compared = r.compare()
        ok = compared is None if a.split else compared is not None and compared >= made and amid >= a.kills * 0.8
        if a.split:
            print("offsets in a transaction of their own:", "noticed" if ok else "NOT noticed")
    finally:
        r.clean()
    if ok:
        shutil.rmtree(r.dir)
    print(f"{time.monotonic() - begun:.0f} s in all")
    return 0 if ok else 1


sys.exit(main())
