#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kafka to Kafka: raw lines to alerts, against a plain copy of the same topic in the same run.

usage: kafka_bench.py QLAPSE PASSTHROUGH SOURCE_DIR [MESSAGES]
Prints lines per second of each and their ratio. One broker, one worker process, one thread a stage.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kafka"))
import stream  # noqa: E402

QLAPSE, PASSTHROUGH, SOURCE = sys.argv[1:4]
MESSAGES = int(sys.argv[4]) if len(sys.argv) > 4 else 8000
KAFKA = os.path.join(SOURCE, "deploy", "kafka", "kafka.sh")


def main(folder):
    broker = os.path.join(folder, "kafka")
    bootstrap = subprocess.run([KAFKA, "start", "--dir", broker], check=True, capture_output=True,
                               text=True).stdout.split()[-1]
    config = os.path.join(folder, "bench.yaml")
    with open(config, "w", encoding="ascii") as f:
        f.write(f'kafka: {{bootstrap.servers: "{bootstrap}"}}\nprefix: b\napp: b\n'
                "raw_topics: [{name: raw, partitions: 4}]\ningest: {idle: hold}\n"
                "emit: {local_parts: clear}\n")

    def q(*args):
        return subprocess.run([QLAPSE, *args, "--config", config], check=True, capture_output=True, text=True).stdout

    try:
        q("topics", "create")
        s = stream.Stream(1, MESSAGES)
        log, end = os.path.join(folder, "all.log"), os.path.join(folder, "end.log")
        with open(log, "w", encoding="ascii") as f:
            f.writelines(text + "\n" for _, _, text in s.lines)
        until = s.end.strftime("%Y-%m-%dT%H:%M:%SZ")
        with open(end, "w", encoding="ascii") as f:
            f.write(f"{until} clock tick: the end\n")
        q("feed", "--topic", "raw", log)
        for p in range(4):
            q("feed", "--topic", "raw", "--partition", str(p), end)
        q("topics", "create", "--set", "raw_topics=[{name: copy, partitions: 4}]")
        n, seconds = subprocess.run([PASSTHROUGH, bootstrap, "raw", "4", "copy"], check=True, capture_output=True,
                                    text=True).stdout.split()
        plain = float(n) / float(seconds)
        worker = subprocess.Popen([QLAPSE, "run", "--config", config, "--set", "linger=200ms"],
                                  stderr=subprocess.DEVNULL)
        start, first = time.monotonic(), None
        while True:
            clocks = [json.loads(line) for line in q("topics", "clocks", "--json").splitlines()]
            if first is None and any(c.get("clock") for c in clocks):
                first = time.monotonic()
            if [c for c in clocks if c["stage"] == "alert"][0].get("clock") == until.replace("Z", ".000Z"):
                break
            if time.monotonic() - start > 600:
                sys.exit("it does not come to the end")
        took = time.monotonic() - first
        worker.terminate()
        worker.wait()
        whole = len(s.lines) / took
        print(f"{len(s.lines)} lines; plain copy {plain:.0f} lines/s; raw line to alert {whole:.0f} lines/s; "
              f"ratio {whole / plain:.3f}")
    finally:
        subprocess.run([KAFKA, "clean", "--dir", broker], capture_output=True)


with tempfile.TemporaryDirectory() as d:
    main(d)
