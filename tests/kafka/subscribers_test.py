#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The subscribers of docs/examples against a real Kafka: each prints the incidents that are open, and the same ones.

usage: subscribers_test.py QLAPSE OPEN_INCIDENTS SOURCE_DIR WORK_DIR
The pipeline runs over the quickstart's log, once with events in binary and once in structured mode. Then come what a
subscriber must not be led astray by: a tick, a deletion. Exit status 77: no broker, or
no confluent_kafka, kcat or jq.
"""
import json
import os
import shutil
import subprocess
import sys
import time

QLAPSE, BINARY, SOURCE, WORK = sys.argv[1:5]
KAFKA = os.path.join(SOURCE, "deploy", "kafka", "kafka.sh")
EXAMPLES = os.path.join(SOURCE, "docs", "examples")
SUBSCRIBERS = ([BINARY], ["/usr/bin/python3", os.path.join(EXAMPLES, "open_incidents.py")],
               [os.path.join(EXAMPLES, "open_incidents.sh")])
LOG = os.path.join(SOURCE, "deploy", "quickstart", "sample.log")
GROUPS = {"branch-office", "gone.example", "partner"}


def skip(why):
    print("skipped:", why)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def run(*args, **kw):
    done = subprocess.run(args, capture_output=True, text=True, timeout=120, check=False, **kw)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, args))} ends with {done.returncode}: {done.stderr}")
    return done.stdout


class Trial:
    def __init__(self, bootstrap, form):
        self.bootstrap, self.form = bootstrap, form
        self.topic = f"{form}.incidents.v1"
        self.config = os.path.join(WORK, f"{form}.yaml")
        with open(os.path.join(SOURCE, "deploy", "quickstart", "qlapse.yaml"), encoding="utf-8") as f:
            settings = "".join(line for line in f if not line.startswith("emit:"))
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f'{settings}kafka: {{bootstrap.servers: "{bootstrap}"}}\nprefix: {form}\napp: {form}\n'
                    f"emit: {{local_parts: clear, cloudevents: {form}}}\n")

    def qlapse(self, *args):
        return run(QLAPSE, *args, "--config", self.config)

    def table(self):
        """Open incidents by our own reader, as the subscribers print them."""
        last = {}
        for line in self.qlapse("topics", "read", "incidents", "--with-order").splitlines():
            record = json.loads(line)
            last[record["key"]] = record["value"]
        return sorted((k, v["severity"], v["group"], v["class"], str(v["messages"]), v.get("first_expiry", "-"))
                      for k, v in last.items() if v and v["state"] == "open")

    def fill(self):
        self.qlapse("topics", "create")
        self.qlapse("feed", "--topic", "mail-logs", "--shift-to-now", LOG)
        with open(os.path.join(WORK, f"{self.form}.log"), "w", encoding="utf-8") as log:
            with subprocess.Popen([QLAPSE, "run", "--config", self.config], stderr=log) as worker:
                deadline, found = time.monotonic() + 120, set()
                while found != GROUPS and time.monotonic() < deadline and worker.poll() is None:
                    time.sleep(0.5)
                    found = {row[2] for row in self.table()}
                worker.terminate()
                if worker.wait(60) or found != GROUPS:
                    sys.exit(f"{self.form}: the pipeline found {found}; see {log.name}")

    def put(self, key, value, *args):
        """Without a value it is a deletion."""
        run("kcat", "-P", "-Z", "-K", "|", "-b", self.bootstrap, "-t", self.topic, *args, input=f"{key}|{value}\n")

    def compare(self, what):
        want = self.table()
        for subscriber in SUBSCRIBERS:
            rows = [tuple(line.split("\t")) for line in run(*subscriber, self.bootstrap, self.topic).splitlines()]
            if rows != want:
                sys.exit(f"{self.form}, {what}: {subscriber[-1]} prints {rows}, not {want}")
        print(f"{self.form}, {what}: {len(want)} open incidents by each of {len(SUBSCRIBERS)} subscribers", flush=True)
        return want

    def check(self):
        first = self.compare("as the pipeline left it")
        self.put("another", "no document", "-H", "qlapse_tick=x")
        if self.compare("behind a tick") != first:
            sys.exit("a tick has changed the table")
        self.put(first[0][0], "")
        if self.compare("after a deletion") != first[1:]:
            sys.exit("the deleted incident is still there")


def main():
    for tool in ("kcat", "jq"):
        if not shutil.which(tool):
            skip(f"no {tool}")
    if subprocess.run(["/usr/bin/python3", "-c", "import confluent_kafka"], capture_output=True, check=False).returncode:
        skip("no confluent_kafka")
    broker = os.path.join(WORK, "kafka")
    os.makedirs(WORK, exist_ok=True)
    started = subprocess.run([KAFKA, "start", "--dir", broker], capture_output=True, text=True, timeout=300, check=False)
    if started.returncode:
        skip(started.stderr.strip())
    try:
        with open(os.path.join(broker, "bootstrap"), encoding="ascii") as f:
            bootstrap = f.read().strip()
        for form in ("binary", "structured"):
            trial = Trial(bootstrap, form)
            trial.fill()
            trial.check()
    finally:
        subprocess.run([KAFKA, "clean", "--dir", broker], capture_output=True, timeout=120, check=False)


main()
