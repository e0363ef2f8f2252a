# SPDX-License-Identifier: Apache-2.0
"""A real Kafka and a real PostgreSQL for the tests of the sink, records in the form of the schemas, and the comparison
of what the topics hold with what the tables hold."""
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

EVENTS = {"alerts": "alerts", "incidents": "incident_history", "deliveries": "deliveries", "transitions": "transitions"}
TABLES = {"incidents": "incidents", "queues": "queues", "messages": "messages"}
ALL = ("alerts", "incidents", "queues", "deliveries", "transitions", "messages")


def skip(why):
    print("skipped:", why)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def wait_for(what, check, limit_s=60, every_s=0.05):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        got = check()
        if got:
            return got
        time.sleep(every_s)
    sys.exit(f"waited in vain for {what}")


class Rig:
    def __init__(self, qlapse, source, work, seed):
        self.qlapse, self.source = qlapse, source
        self.dir = os.path.join(work, f"sink-{os.getpid()}")
        os.makedirs(self.dir, exist_ok=True)
        self.scripts = {name: os.path.join(source, "deploy", name, f"{name}.sh") for name in ("kafka", "postgres")}
        self.random = random.Random(seed)
        self.schemas = {}
        for topic in ALL:
            with open(os.path.join(source, "schemas", f"{topic}.v1.json"), encoding="utf-8") as f:
                self.schemas[topic] = json.load(f)
        self.serial = 0
        # servers that stay, for trying a test again and again
        self.servers = os.environ.get("QLAPSE_SINK_SERVERS", self.dir)
        self.prefix = f"s{os.getpid()}"
        self.sinks = {}

    # the parts

    def script(self, name, action, check=True):
        done = subprocess.run([self.scripts[name], action, "--dir", os.path.join(self.servers, name)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=300)
        if done.returncode == 69:
            skip(done.stderr.strip())
        if check and done.returncode != 0:
            sys.exit(f"{name}.sh {action} ends with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def start(self):
        for tool in ("kcat", "psql"):
            if not shutil.which(tool):
                skip(f"{tool} is not installed")
        self.conninfo = self.script("postgres", "start").splitlines()[-1]
        self.bootstrap = self.script("kafka", "start").splitlines()[-1]
        self.config = os.path.join(self.dir, "qlapse.yaml")
        with open(os.path.join(self.servers, "postgres", "password"), encoding="ascii") as f:
            self.env = dict(os.environ, PGPASSWORD=f.read().strip())
        if self.servers != self.dir:
            self.sql(f"CREATE DATABASE {self.prefix}")
            self.conninfo = self.conninfo.replace("dbname=qlapse", f"dbname={self.prefix}")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"""
kafka: {{bootstrap.servers: "{self.bootstrap}", session.timeout.ms: 6000, heartbeat.interval.ms: 1000}}
prefix: {self.prefix}
app: {self.prefix}
raw_topics: [{{name: raw, partitions: 4}}]
ingest: {{idle: hold}}
alert:
  internet: {{volume_messages: 5, volume_over: 10m}}
sink:
  topics: [{", ".join(ALL)}]
  postgres:
    conninfo: "{self.conninfo}"
    password_file: "{os.path.join(self.servers, "postgres", "password")}"
    linger: 100ms
    deliveries_keep: never
    transitions_keep: never
    queue_history_keep: never
""")
        self.run("topics", "create")

    def clean(self):
        for p in self.sinks.values():
            if p.poll() is None:
                p.kill()
                p.wait()
        for name in ("kafka", "postgres") if self.servers == self.dir else ():
            self.script(name, "clean", check=False)

    def run(self, *args, status=0, limit_s=300):
        done = subprocess.run([self.qlapse, *args, "--config", self.config], capture_output=True, text=True, timeout=limit_s)
        if done.returncode != status:
            sys.exit(f"qlapse {' '.join(args)} ends with {done.returncode}: {done.stderr}")
        return done.stdout if status == 0 else done.stderr

    def sql(self, text):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo, "-c", text], capture_output=True, text=True,
                              env=self.env, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{text}: {done.stderr}")
        return done.stdout

    def start_sink(self, name, *args):
        with open(os.path.join(self.dir, f"{name}.log"), "a", encoding="utf-8") as log:
            self.sinks[name] = subprocess.Popen(
                [self.qlapse, "sink", "postgres", "--config", self.config, "--set", f"instance={name}", *args],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self.sinks[name]

    def log(self, name):
        with open(os.path.join(self.dir, f"{name}.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop_sink(self, name):
        p = self.sinks.pop(name)
        p.send_signal(signal.SIGTERM)
        if p.wait(60) != 0:
            sys.exit(f"sink {name} ends with {p.returncode} on SIGTERM: {self.log(name)[-2000:]}")

    def once(self, *args):
        return self.run("sink", "postgres", "--once", *args)

    # records

    def value(self, schema, root, n):
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].split("/")[-1]]
        if "enum" in schema:
            return schema["enum"][n % len(schema["enum"])]
        kind = schema["type"]
        if kind == "object":
            return {k: self.value(v, root, n) for k, v in schema["properties"].items()
                    if k in schema["required"] or n % 3}
        if kind == "array":
            return [self.value(schema["items"], root, n + i) for i in range(n % 3)]
        if kind == "string" and schema.get("format") == "date-time":
            return f"2026-11-{1 + n % 28:02}T{n // 60 % 24:02}:{n % 60:02}:00.{n % 1000:03}Z"
        if kind == "string" and "contentEncoding" in schema:
            return "AAEC"
        return {"string": f"text {n}", "integer": n, "boolean": n % 2 == 0}[kind]

    def record(self, topic, **fields):
        """A document of the topic with every required field, and most others; no two are alike."""
        self.serial += 1
        doc = self.value(self.schemas[topic], self.schemas[topic], self.serial)
        doc["serial"] = self.serial  # a field of a newer minor version
        doc.update(fields)
        return doc

    def produce(self, topic, records, headers=()):
        """(key, document, text or None) each; None is a tombstone."""
        path = os.path.join(self.dir, "produce")
        with open(path, "w", encoding="utf-8") as f:
            for key, doc in records:
                text = "" if doc is None else doc if isinstance(doc, str) else json.dumps(doc, ensure_ascii=False)
                f.write(f"{key}\t{text}\n")
        subprocess.run(["kcat", "-P", "-b", self.bootstrap, "-t", f"{self.prefix}.{topic}.v1", "-K", "\t", "-Z", "-l", path,
                        "-X", "partitioner=murmur2", *[a for h in headers for a in ("-H", h)]], check=True, timeout=120,
                       stdout=subprocess.DEVNULL)

    # the comparison

    def topic(self, topic):
        lines = self.run("topics", "read", topic, "--with-order").splitlines()
        return [json.loads(line) for line in lines]

    def docs(self, table, what="doc"):
        return [json.loads(line) for line in self.sql(f"SELECT {what} FROM qlapse.{table}").splitlines()]

    def compare(self):
        """0 missing, 0 twice? Returns the number of records compared, or None."""
        ok, total = True, 0
        for topic in ALL:
            records = self.topic(topic)
            values = [plain(r["value"]) for r in records if r["value"] is not None]
            total += len(records)
            if topic in EVENTS:
                ok &= same(EVENTS[topic], values, [plain(d) for d in self.docs(EVENTS[topic])])
            if topic in TABLES:
                last = {r["key"]: r["value"] for r in records}
                want = [text for key, v in last.items() if v is not None for text in [f"{key} {plain(v)}"]]
                got = [f"{d['key']} {plain(d['doc'])}" for d in
                       self.docs(TABLES[topic], "jsonb_build_object('key', key, 'doc', doc)")]
                ok &= same(TABLES[topic], want, got)
            if topic == "queues":
                n = int(self.sql("SELECT count(*) FROM qlapse.queue_history"))
                if n != len(values):
                    print(f"queue_history: {n} rows of {len(values)} records")
                    ok = False
        rejected = self.sql("SELECT count(*) FROM qlapse.rejected").strip()
        if rejected != "0":
            print("rejected:", self.sql("SELECT topic, reason FROM qlapse.rejected LIMIT 3"))
        return total if ok and rejected == "0" else None

    def offsets(self):
        return int(self.sql("SELECT coalesce(sum(greatest(next, 0)), 0) FROM qlapse.offsets"))


def plain(doc):
    """Text that is the same for equal documents; what is opaque is not written to tables."""
    return json.dumps({k: v for k, v in doc.items() if k != "internal"}, sort_keys=True)


def same(what, topic, table):
    topic, table = collections.Counter(topic), collections.Counter(table)
    missing, extra = topic - table, table - topic
    print(f"{what}: {sum(topic.values())} records, {sum(missing.values())} missing, {sum(extra.values())} too many",
          flush=True)
    for name, which in (("missing", missing), ("too many", extra)):
        for text in list(which)[:1]:
            print(f"  {name}: {text[:300]}")
    return not missing and not extra
