#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""topics, feed and check --broker against a real broker, which this starts and ends.

usage: kafka_test.py QLAPSE SOURCE_DIR WORK_DIR [TEST...]   exit status 77: no broker can be had here (1 with CI=true)
"""
import base64
import collections
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

QLAPSE, SOURCE, WORK = sys.argv[1:4]
KAFKA = os.path.join(SOURCE, "deploy", "kafka", "kafka.sh")
BROKER = os.path.join(WORK, "kafka-cli")
USAGE, UNAVAILABLE, CONFIG = 64, 69, 78


def broker(action):
    return subprocess.run([KAFKA, action, "--dir", BROKER], capture_output=True, timeout=300, check=False)


class Kafka(unittest.TestCase):
    serial = 0

    def setUp(self):
        Kafka.serial += 1
        self.prefix = f"t{os.getpid()}-{Kafka.serial}"
        with open(os.path.join(BROKER, "bootstrap"), encoding="ascii") as f:
            bootstrap = f.read().strip()
        self.settings = [f"kafka.bootstrap.servers={bootstrap}", f"prefix={self.prefix}", f"app={self.prefix}",
                         f"raw_topics=[{{name: {self.prefix}-raw, partitions: 3}}]", "emit.local_parts=clear"]

    def run_it(self, *args, stdin=b"", settings=()):
        sets = [x for s in [*self.settings, *settings] for x in ("--set", s)]
        done = subprocess.run([QLAPSE, *args, *sets], input=stdin, capture_output=True, timeout=120, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def works(self, *args, **kw):
        status, out, err = self.run_it(*args, **kw)
        self.assertEqual(status, 0, err)
        return out

    def fails(self, status, message, *args, **kw):
        got, _, err = self.run_it(*args, **kw)
        self.assertEqual(got, status, err)
        self.assertIn(message, err)

    def raw_by_partition(self):
        clocks = map(json.loads, self.works("topics", "clocks", "--json").splitlines())
        return [c["lag"] for c in clocks if c["stage"] == "ingest"]

    def raw_lines(self):
        out = self.works("topics", "read", f"{self.prefix}-raw")
        return collections.Counter(base64.b64decode(json.loads(line)["bytes"]) for line in out.splitlines())

    def test_create_check_read(self):
        self.fails(UNAVAILABLE, "topics are missing", "topics", "check")
        self.fails(UNAVAILABLE, "there is no topic", "check", "--broker")
        self.fails(UNAVAILABLE, "there is no topic", "topics", "clocks")
        self.fails(UNAVAILABLE, "there is no topic", "topics", "read", "alerts")
        self.fails(UNAVAILABLE, "there is no topic", "feed", "-", stdin=b"x\n")
        made = self.works("topics", "create").splitlines()
        self.assertEqual(len(made), 10)
        self.assertTrue(all(line.startswith("made") for line in made))
        again = self.works("topics", "create").splitlines()
        self.assertTrue(all(line.startswith("is there") for line in again))
        self.assertIn(f"right    {self.prefix}-raw, 3 partitions", self.works("topics", "check"))
        self.assertIn("has all 10 topics", self.works("check", "--broker"))
        for name in ("alerts", "alerts.v1", f"{self.prefix}.alerts.v1"):
            self.assertEqual(self.works("topics", "read", name), "")
        status, out, err = self.run_it("topics", "check", settings=["partitions=5"])
        self.assertEqual(status, CONFIG, err)
        self.assertIn(f"wrong    {self.prefix}.deliveries.v1: 4 partitions, configured are 5", out)
        self.assertIn(f"right    {self.prefix}.alerts.v1, 1 partitions", out)
        self.fails(CONFIG, "4 partitions where 5 are configured", "check", "--broker", settings=["partitions=5"])
        self.fails(CONFIG, "4 partitions where 5 are configured", "run", settings=["partitions=5"])
        self.fails(UNAVAILABLE, "there is no topic", "topics", "read", "no-such-topic")

    def test_feed_scatters(self):
        self.works("topics", "create")
        lines = [f"2026-11-24T08:00:{i:02}Z mx{i % 2} x: {i}".encode() for i in range(10)]
        self.works("feed", "-", stdin=b"\n".join(lines) + b"\n\n")
        self.assertEqual(self.raw_by_partition(), [4, 4, 3])
        self.assertEqual(self.raw_lines(), collections.Counter([*lines, b""]))

    def test_unknown_reads_topics(self):
        self.works("topics", "create")
        line = ("2026-11-24T07:00:0%d.000000+00:00 mx1 postfix/smtp[9]: 4A1B2C3D4%d: to=<anna@d%d.example>, "
                "relay=mx.d.example[192.0.2.1]:25, delay=10, delays=1/0/1/8, dsn=4.0.0, status=deferred (host "
                "mx.d.example[192.0.2.1] said: 450 Frobnicator %d sulks (in reply to RCPT TO command))\n")
        log = "".join(line % (i, i, i, i) for i in range(5)).encode()
        self.fails(USAGE, "--topic wants a raw topic or deliveries", "unknown", "--topic", "alerts")
        self.fails(UNAVAILABLE, "there is no topic", "unknown", "--topic", "no-such-topic")
        self.assertEqual(self.works("unknown", "--topic", "deliveries", "--json"), "")
        self.works("feed", "-", stdin=log)
        deliveries = self.works("replay", "--emit", "deliveries", "-", stdin=log)
        self.works("feed", "--topic", f"{self.prefix}.deliveries.v1", "-", stdin=deliveries.encode())
        for topic in (f"{self.prefix}-raw", "deliveries", "deliveries.v1", f"{self.prefix}.deliveries.v1"):
            found = json.loads(self.works("unknown", "--topic", topic, "--json"))
            self.assertEqual((found["template"], found["count"], found["destinations"], found["mta"]),
                             ("frobnicator {n} sulks", 5, 5, ["postfix"]), topic)

    def test_feed_by_host(self):
        self.works("topics", "create")
        lines = [f"2026-11-24T08:00:{i:02}Z mx{i % 2} x: {i}".encode() for i in range(10)]
        self.works("feed", "--key", "host", "-", stdin=b"\n".join(lines))
        counts = self.raw_by_partition()
        self.assertEqual(sum(counts), 10)
        self.assertLessEqual(set(counts), {0, 5, 10})
        rows = self.works("topics", "read", f"{self.prefix}-raw", "--with-order").splitlines()
        self.assertEqual(collections.Counter(json.loads(r)["key"] for r in rows), {"mx0": 5, "mx1": 5})

    def test_feed_one_partition(self):
        self.works("topics", "create")
        self.works("feed", "--partition", "1", "-", stdin=b"a\nb\n\x00\xff\n" + b"x" * 1200000 + b"\n")
        self.assertEqual(self.raw_by_partition(), [0, 4, 0])
        self.assertEqual(sorted(map(len, self.raw_lines())), [1, 1, 2, 960 * 1024])
        self.fails(USAGE, "has 3 partitions, from 0 on: there is no 3", "feed", "--partition", "3", "-", stdin=b"a")

    def test_feed_as_if_now(self):
        self.works("topics", "create")
        with tempfile.NamedTemporaryFile("w") as f:
            f.write("2020-02-28T23:59:58.5Z mx1 x: 1\nFeb 28 23:59:59 mx1 x: 2\n")
            f.flush()
            self.works("feed", "--shift-to-now", "--year", "2020", "--key", "host", f.name)
        now = datetime.datetime.now(datetime.timezone.utc)
        first = next(line.decode() for line in self.raw_lines() if line.endswith(b"1"))
        at = datetime.datetime.fromisoformat(first.split()[0].replace("Z", "+00:00").replace(".5", ".500"))
        self.assertLess(abs((now - at).total_seconds()), 60)
        self.assertTrue(any(line.decode().startswith(f"{at + datetime.timedelta(seconds=1):%b} ")
                            for line in self.raw_lines()))

    def await_line(self, log, process, text):
        """The first line of the log that holds the text; the log is read to there."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            line = log.readline()
            if text in line:
                return line
            if not line:
                self.assertIsNone(process.poll(), "run has ended")
                time.sleep(0.05)
        self.fail(f"no '{text}' in the log")

    def feed_and_await(self, log_line, deliveries, rule, times=1):
        """Until so many lines were classified by that rule, which is read in the file that follows the topic."""
        self.works("feed", "-", stdin=log_line)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with open(deliveries.name, encoding="utf-8") as f:
                if f.read().count(f'"rule":"{rule}"') == times:
                    return
            time.sleep(0.1)
        self.fail(f"not classified by {rule}")

    def test_hangup_reloads_the_rules(self):
        rule = "- {{id: {0}, scope: any, tier: exact, class: policy, contains: [frobnicated], samples: [frobnicated]}}\n"
        deferral = (b"2026-11-24T08:00:%02dZ mx1 postfix/smtp[7]: 4F1A2B3C4D: to=<u@a.example>, relay=none, delay=9, "
                    b"delays=9/0/0/0, dsn=4.0.0, status=deferred (host mx.a.example[192.0.2.1] said: 450 frobnicated)\n")
        self.works("topics", "create")
        with tempfile.TemporaryDirectory() as rules, tempfile.TemporaryFile("w+") as log, \
                tempfile.NamedTemporaryFile("w+") as deliveries:
            own = os.path.join(rules, "own.yaml")
            with open(own, "w", encoding="ascii") as f:
                f.write(rule.format("own.first"))
            sets = [x for s in [*self.settings, f"classify.rules_before={rules}"] for x in ("--set", s)]
            with subprocess.Popen([QLAPSE, "topics", "read", "deliveries", "--follow", *sets], stdout=deliveries) as reader, \
                    subprocess.Popen([QLAPSE, "run", *sets], stderr=log, stdin=subprocess.DEVNULL) as process:
                try:
                    with open(f"/proc/{process.pid}/fd/2", encoding="utf-8") as lines:
                        n = int(self.await_line(lines, process, "rules: ").split()[3])
                        self.feed_and_await(deferral % 1, deliveries, "own.first")
                        with open(own, "w", encoding="ascii") as f:
                            f.write(rule.format("own.second") + rule.format("own.third"))
                        process.send_signal(signal.SIGHUP)
                        self.await_line(lines, process, f"rules reloaded: {n + 1} in force")
                        self.feed_and_await(deferral % 2, deliveries, "own.second")
                        with open(own, "a", encoding="ascii") as f:
                            f.write("- {id: own.fourth}\n")
                        process.send_signal(signal.SIGHUP)
                        said = self.await_line(lines, process, "rules not reloaded")
                        self.assertIn(f"the {n + 1} that there were stay", said)
                        self.assertIn(f"{own}:3: ", said)
                        self.feed_and_await(deferral % 3, deliveries, "own.second", times=2)
                finally:
                    process.terminate()
                    reader.terminate()
                self.assertEqual(process.wait(timeout=60), 0)

    def test_message_of_many_recipients(self):
        """Its state is one record, larger than Kafka takes unless told to."""
        self.works("topics", "create")
        line = (f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ} " "mx1 postfix/smtp[1]: 4F1A2B3C4D: to=<u{0}@d{0}.example>, relay=none, delay=9, "
                "delays=9/0/0/0, dsn=4.4.1, status=deferred (connect to mx.d{0}.example[192.0.2.1]:25: " + "x" * 300 + ")")
        self.works("feed", "-", stdin="\n".join(line.format(i) for i in range(1500)).encode())
        sets = [x for s in self.settings for x in ("--set", s)]
        with subprocess.Popen([QLAPSE, "run", *sets], stderr=subprocess.PIPE, text=True) as worker:
            n, end = 0, time.time() + 60
            while n < 1500 and worker.poll() is None and time.time() < end:
                time.sleep(1)
                rows = self.works("topics", "read", "messages").splitlines()
                n = len(json.loads(rows[-1])["recipients"]) if rows else 0
            worker.terminate()
            _, err = worker.communicate(timeout=60)
        self.assertEqual((worker.returncode, n), (0, 1500), err)
        self.assertGreater(len(rows[-1]), 1048588)

    @unittest.skipUnless(shutil.which("kcat"), "no kcat")
    def test_trace_goes_on_to_the_delivery(self):
        """A well-formed one; another client wrote it, among headers of its own."""
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        line = ("2026-11-24T08:00:0%dZ mx1 postfix/smtp[7]: 4F1A2B3C4D: to=<u@a.example>, relay=none, delay=9, "
                "delays=9/0/0/0, dsn=4.0.0, status=deferred (x)\n")
        self.works("topics", "create")
        bootstrap = self.settings[0].split("=")[1]
        for i, trace in enumerate((parent, parent.upper())):
            subprocess.run(["kcat", "-P", "-b", bootstrap, "-t", f"{self.prefix}-raw", "-H", f"traceparent={trace}", "-H",
                            "tracestate=a=1", "-H", "ce_id=7", "-H", "other=x"], input=line % i, text=True, check=True,
                           timeout=60)
        sets = [x for s in self.settings for x in ("--set", s)]
        with tempfile.NamedTemporaryFile("w+") as deliveries, \
                subprocess.Popen([QLAPSE, "topics", "read", "deliveries", "--follow", "--with-headers", *sets],
                                 stdout=deliveries) as reader, \
                subprocess.Popen([QLAPSE, "run", *sets], stderr=subprocess.DEVNULL) as process:
            try:
                deadline, out = time.monotonic() + 60, []
                while len(out) < 2 and time.monotonic() < deadline:
                    time.sleep(0.2)
                    with open(deliveries.name, encoding="utf-8") as f:
                        out = f.read().splitlines()
            finally:
                process.terminate()
                reader.terminate()
        got = {r["value"]["time"][17:19]: r["headers"] for r in map(json.loads, out)}
        self.assertEqual((got["00"]["traceparent"], got["00"]["tracestate"]), (parent, "a=1"))
        self.assertNotIn("other", got["00"])
        self.assertEqual(len(got["00"]["ce_id"]), 32)
        self.assertFalse({"traceparent", "tracestate"} & got["01"].keys())

    def test_pace(self):
        self.works("topics", "create")
        start = datetime.datetime.now()
        self.works("feed", "--rate", "20", "-", stdin=b"x\n" * 21)
        self.assertGreaterEqual((datetime.datetime.now() - start).total_seconds(), 1)


if __name__ == "__main__":
    started = broker("start")
    if started.returncode:
        print("no broker can be had here:", started.stderr.decode().strip())
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    try:
        unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
    finally:
        broker("stop")
        broker("clean")
