#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `qlapse run` writes to a real Kafka equals what `qlapse replay` says of the same lines.

usage: equal_test.py QLAPSE SOURCE_DIR WORK_DIR [--release] [--by-host] [--kills N] [--outages N]
       [--abort-every N] [--messages N] [--seed N] [--structured]
Headers count, and local parts are hashed on both sides.
Two worker processes; one raw partition is empty but for the last line. Exit status 77: no broker can be had.
An outage is longer than the workers' session; by turns the broker hangs, or is stopped and started. No worker ends by it;
what outlives transaction_timeout would end one with 75, as it is to, so that is longer here than all of them together.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stream  # noqa: E402

RAW, INNER = 4, 4
LIMIT_S = 400
OUTAGE_S = 15


class Test:
    def __init__(self, args):
        self.a = args
        self.dir = os.path.join(args.work, f"equal-{os.getpid()}")
        os.makedirs(self.dir, exist_ok=True)
        self.kafka = os.path.join(args.source, "deploy", "kafka", "kafka.sh")
        self.broker = os.path.join(self.dir, "kafka")
        self.workers = {}
        self.random = random.Random(args.seed)

    def start_broker(self):
        done = subprocess.run([self.kafka, "start", "--dir", self.broker], capture_output=True, text=True, timeout=300)
        if done.returncode == 69:
            print("skipped:", done.stderr.strip())
            sys.exit(1 if os.environ.get("CI") == "true" else 77)
        if done.returncode != 0:
            sys.exit(f"the broker does not start: {done.stderr}")
        bootstrap = open(os.path.join(self.broker, "bootstrap"), encoding="ascii").read().strip()
        self.config = os.path.join(self.dir, "qlapse.yaml")
        key = os.path.join(self.dir, "key")
        with open(key, "w", encoding="ascii") as f:
            f.write("an example of a key, no more\n")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f"""
emit: {{key_file: {key}, cloudevents: {"structured" if self.a.structured else "binary"}}}
kafka: {{bootstrap.servers: "{bootstrap}", session.timeout.ms: 6000, heartbeat.interval.ms: 1000}}
prefix: e
app: e
partitions: {INNER}
transaction_timeout: {"300s" if self.a.outages else "20s"}
raw_topics: [{{name: raw, partitions: {RAW}}}]
ingest: {{idle: hold}}
connectors:
  - {{name: branch, kind: own, domains: [d1.example], lifetime: 20h}}
  - {{name: friend, kind: partner, domains: [d2.example]}}
alert:
  own: {{volume_messages: 5, volume_over: 10m}}
  internet: {{volume_messages: 8, volume_over: 20m}}
""")

    def run(self, *args, **kw):
        done = subprocess.run([self.a.qlapse, *args, "--config", self.config], capture_output=True, text=True,
                              timeout=300, **kw)
        if done.returncode != 0:
            sys.exit(f"qlapse {' '.join(args)} ends with {done.returncode}: {done.stderr}")
        return done.stdout

    def feed(self):
        s = stream.Stream(self.a.seed, self.a.messages)
        self.until = s.end.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.files = []
        end = os.path.join(self.dir, "end.log")
        with open(end, "w", encoding="ascii") as f:
            f.write(f"{self.until} clock tick: the end\n")
        for i, lines in enumerate(s.partitions(RAW, self.a.by_host, self.a.seed)):
            self.files.append(os.path.join(self.dir, f"part{i}.log"))
            with open(self.files[-1], "w", encoding="ascii") as f:
                f.writelines(line + "\n" for line in lines)
            if lines:
                self.run("feed", "--topic", "raw", "--partition", str(i), self.files[-1])
            self.run("feed", "--topic", "raw", "--partition", str(i), end)
        print(f"{len(s.lines)} lines of {self.a.messages} messages, until {self.until}", flush=True)

    def start_worker(self, name):
        log = open(os.path.join(self.dir, f"{name}.log"), "a", encoding="utf-8")
        args = [self.a.qlapse, "run", "--config", self.config, "--set", f"instance={name}", "--set", "batch=400"]
        if self.a.abort_every:
            args += ["--abort-every", str(self.a.abort_every)]
        self.workers[name] = subprocess.Popen(args, stderr=log, stdout=log)

    def outage(self, hangs):
        if hangs:
            with open(os.path.join(self.broker, "1", "pid"), encoding="ascii") as f:
                pid = int(f.read())
            os.kill(pid, signal.SIGSTOP)
            time.sleep(OUTAGE_S)
            os.kill(pid, signal.SIGCONT)
        else:
            subprocess.run([self.kafka, "stop", "--dir", self.broker], capture_output=True, timeout=120)
            time.sleep(OUTAGE_S / 2)
            self.start_broker()
        print(f"the broker {'hung' if hangs else 'was gone'}; alert is at {self.alert_clock()}", flush=True)

    def alert_clock(self):
        try:
            clocks = self.run("topics", "clocks", "--json")
        except SystemExit:
            if not self.a.outages:
                raise
            return None  # right after an outage the broker may not know all yet
        for line in clocks.splitlines():
            c = json.loads(line)
            if c["stage"] == "alert":
                return c.get("clock")
        return None

    def work(self):
        for name in ("w0", "w1"):
            self.start_worker(name)
        deadline, kills, outages = time.monotonic() + LIMIT_S, self.a.kills, self.a.outages
        while time.monotonic() < deadline:
            for name, p in list(self.workers.items()):
                if p.poll() is not None and p.returncode != -signal.SIGKILL:
                    # fenced ones are to be started again, as a supervisor would
                    if p.returncode != 75 or self.a.outages:
                        sys.exit(f"worker {name} ends with {p.returncode}; see {self.dir}/{name}.log")
                    self.start_worker(name)
            if kills:
                time.sleep(self.random.uniform(0.3, 2.5))  # the moment of the kill is what is random here
                victim = self.random.choice(sorted(self.workers))
                self.workers[victim].kill()
                self.workers[victim].wait()
                self.start_worker(victim)
                kills -= 1
                continue
            if outages:
                time.sleep(self.random.uniform(1, 4))
                self.outage(outages % 2 == 0)
                outages -= 1
                continue
            clock = self.alert_clock()
            if clock and clock >= self.until.replace("Z", ".000Z"):
                return
            time.sleep(0.3)
        sys.exit(f"the alert stage does not come to {self.until}: {self.alert_clock()}; see {self.dir}")

    def stop_workers(self):
        for name, p in self.workers.items():
            p.send_signal(signal.SIGTERM)
        for name, p in self.workers.items():
            if p.wait(60) != 0:
                sys.exit(f"worker {name} ends with {p.returncode} on SIGTERM")

    def both(self, kind):
        """The lines of both sides: one a record, printed alike."""
        kafka = os.path.join(self.dir, f"{kind}.kafka")
        replay = os.path.join(self.dir, f"{kind}.replay")
        running, show = [], ["--with-order", "--with-headers"]
        for path, args in ((kafka, ["topics", "read", kind, *show]),
                           (replay, ["replay", "--emit", kind, *show, "--until", self.until, *self.files])):
            with open(path, "wb") as out:
                running.append(subprocess.Popen([self.a.qlapse, *args, "--config", self.config], stdout=out,
                                                stderr=subprocess.DEVNULL))
        for p in running:
            if p.wait(300) != 0:
                sys.exit(f"qlapse {p.args[1:4]} ends with {p.returncode}")
        return [open(path, encoding="utf-8").read().splitlines() for path in (kafka, replay)]

    def same(self, what, kafka, replay):
        if kafka == replay:
            print(f"{what}: {len(replay)} the same", flush=True)
            return True
        print(f"{what}: {len(kafka)} on Kafka, {len(replay)} by replay")
        for k, r in zip(kafka, replay):
            if k != r:
                print("  kafka ", k, "\n  replay", r)
                break
        return False

    def compare(self):
        """Every record of a log as often as by replay; of a table the last of each key."""
        keyed = re.compile(r'(?:\{"p":\d+,|\{)"key":("(?:[^"\\]|\\.)*"),("headers":.*)\}$')

        def fold(lines):
            table = {}
            for line in lines:
                key, value = keyed.match(line).groups()
                table[key] = value
            return sorted((k, v) for k, v in table.items() if not v.endswith('"value":null'))

        ok, alerts = True, collections.Counter()
        for kind in ("deliveries", "transitions", "queues", "alerts", "messages", "incidents"):
            kafka, replay = self.both(kind)
            if kind not in ("messages", "incidents"):
                ok &= self.same(kind, sorted(kafka), sorted(replay))
            if kind in ("queues", "messages", "incidents"):
                ok &= self.same(f"{kind} by key", fold(kafka), fold(replay))
            if kind == "alerts":
                alerts.update(json.loads(line)["value"]["event"] for line in replay)
        print("alerts:", dict(alerts))
        if not alerts:
            print("no alerts: the comparison shows nothing")
        deliveries = self.both("deliveries")[0]
        named = sum('@' in line for line in deliveries)
        hashed = sum(bool(re.search(r'"recipient":"h\.[0-9a-f]{16}@', line)) for line in deliveries)
        print(f"{hashed} of {named} deliveries with an address have it hashed")
        return ok and bool(alerts) and 0 < hashed and not any(re.search(r'"recipient":"(?!h\.)', d) for d in deliveries)

    def main(self):
        try:
            self.start_broker()
            self.run("topics", "create")
            self.feed()
            self.work()
            self.stop_workers()
            ok = self.compare()
        finally:
            for p in self.workers.values():
                if p.poll() is None:
                    p.kill()
            subprocess.run([self.kafka, "clean", "--dir", self.broker], capture_output=True, timeout=120)
        if ok:
            shutil.rmtree(self.dir)
        return 0 if ok else 1


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("qlapse")
    p.add_argument("source")
    p.add_argument("work")
    p.add_argument("--release", action="store_true", help="use the program named by QLAPSE_RELEASE, if it is set")
    p.add_argument("--by-host", action="store_true")
    p.add_argument("--structured", action="store_true", help="incidents and alerts as events in JSON")
    p.add_argument("--kills", type=int, default=0)
    p.add_argument("--outages", type=int, default=0)
    p.add_argument("--abort-every", type=int, default=0)
    p.add_argument("--messages", type=int, default=5000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    if args.release:
        args.qlapse = os.environ.get("QLAPSE_RELEASE", args.qlapse)
    return args


sys.exit(Test(parse()).main())
