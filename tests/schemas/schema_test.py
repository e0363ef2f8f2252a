#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every record that replay gives is what schemas/ promises, in JSON and in MessagePack, and no schema is stale.

    schema_test.py QLAPSE RECODE REPOSITORY        exit 77: no jsonschema or msgpack here

The log is made here: a deferral for every sample text of the catalogue, the golden logs, and a day in the life of
three connectors with all that can happen to a message. What it must bring up is asserted, so that a schema is never
tried on nothing.
"""
import base64
import copy
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import msgpack
except ImportError as e:
    print("schema_test.py: skipped, %s" % e)
    sys.exit(77)

QLAPSE, RECODE, SOURCE = sys.argv[1:4]
TOPICS = ("deliveries.v1", "transitions.v1", "messages.v1", "queues.v1", "incidents.v1", "alerts.v1")
CONFIG = """
connectors:
  - {name: branch, kind: own, domains: [branch.example.net], contact: "noc@example.net"}
  - {name: supplier, kind: partner, domains: [supplier.example.org], lifetime: 5h}
lifetimes:
  - {host: mx2, lifetime: 8h}
"""
START = datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc)


def stamp(second):
    return (START + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def samples():
    """The sample texts of the catalogue with the service that their rule wants, if any."""
    for path in sorted(glob.glob(os.path.join(SOURCE, "classify", "catalog", "*.yaml"))):
        service = "smtp"
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.startswith("- id:"):
                    service = "smtp"
                wanted = re.match(r"  service: (\w+)", line)
                service = wanted.group(1) if wanted else service
                text = re.match(r'    - (".*")\s*$', line)
                if text:
                    yield service, json.loads(text.group(1))


class Log:
    def __init__(self):
        self.lines = []

    def add(self, at, service, text, host="mx1"):
        self.lines.append((at, "%s %s postfix/%s[77]: %s" % (stamp(at), host, service, text)))

    def arrive(self, at, queue_id, sender="ann@example.com", host="mx1"):
        self.add(at, "smtpd", "%s: client=app.example.com[198.51.100.9]" % queue_id, host)
        self.add(at, "cleanup", "%s: message-id=<%s@example.com>" % (queue_id, queue_id), host)
        self.add(at, "qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)" % (queue_id, sender), host)

    def attempt(self, at, queue_id, to, delay, status, text, service="smtp", dsn="4.4.1", host="mx1"):
        self.add(at, service, "%s: to=<%s>, relay=none, delay=%d, delays=%d/0/0/0, dsn=%s, status=%s (%s)"
                 % (queue_id, to, delay, delay, dsn, status, text), host)

    def text(self):
        return "".join(line + "\n" for _, line in sorted(self.lines, key=lambda l: l[0]))


def all_texts():
    log = Log()
    for i, (service, text) in enumerate(samples()):
        log.attempt(i * 60, "5C%06X" % i, "u@d%d.example.org" % i, 60, "deferred", text, service)
    return log.text()


def day():
    """Two connectors and the internet fail for a day; the branch comes back, the supplier's mail expires."""
    log, refused = Log(), "connect to mx.%s[192.0.2.9]:25: Connection refused"
    for i in range(60):
        domain = ("branch.example.net", "supplier.example.org", "far.example")[i % 3]
        queue_id, start = "5D%06X" % i, i * 10
        log.arrive(start, queue_id, "" if i % 20 == 7 else "ann@example.com", "mx%d" % (1 + i % 2))
        for gap in (5, 600, 3600, 9000, 17000, 26000):
            text = refused % domain if i % 4 else "lost connection with mx.%s[192.0.2.9] while sending RCPT TO" % domain
            log.attempt(start + gap, queue_id, "u@" + domain, gap, "deferred", text, host="mx%d" % (1 + i % 2))
        end = start + 30000
        if i % 3 == 0:
            log.attempt(end, queue_id, "u@" + domain, 30000, "sent", "250 2.0.0 Ok", dsn="2.0.0", host="mx%d" % (1 + i % 2))
        elif i % 3 == 1:
            log.add(end, "qmgr", "%s: from=<ann@example.com>, status=expired, returned to sender" % queue_id,
                    "mx%d" % (1 + i % 2))
    ends = (("held", "postsuper", "placed on hold"), ("released", "postsuper", "released from hold"),
            ("requeued", "postsuper", "requeued"), ("deleted", "postsuper", "removed"), ("gone", "qmgr", "removed"),
            ("ordered", "postsuper", "expired"))
    for i, (_, service, word) in enumerate(ends):
        queue_id = "5E%06X" % i
        log.arrive(100, queue_id)
        log.attempt(105, queue_id, "u@end.example", 5, "deferred", refused % "end.example")
        if word == "released from hold":
            log.add(150, "postsuper", "%s: placed on hold" % queue_id)
        log.add(200, service, "%s: %s" % (queue_id, word))
    outcomes = (("sent", "smtp", "2.0.0", "250 2.0.0 Ok"), ("bounced", "smtp", "5.1.1", "host mx.end.example[192.0.2.9] "
                "said: 550 5.1.1 no such user (in reply to RCPT TO command)"),
                ("sent", "local", "2.0.0", "forwarded as 5F0000FF"), ("sent", "discard", "2.0.0", "end.example"))
    for i, (status, service, dsn, text) in enumerate(outcomes):
        queue_id = "5F%06X" % i
        log.arrive(100, queue_id)
        log.attempt(105, queue_id, "u@end.example", 5, "deferred", refused % "end.example")
        log.attempt(300, queue_id, "u@end.example", 200, status, text, service, dsn)
    # moves to another group, then to its forgetting
    log.arrive(100, "5A000001")
    log.attempt(110, "5A000001", "u@moved.example", 10, "deferred", refused % "moved.example")
    log.attempt(700, "5A000001", "u@moved.example", 600, "deferred", refused % "other.example.com")
    log.attempt(260000, "5A000001", "u@moved.example", 259900, "deferred", refused % "other.example.com")
    log.add(1000000, "qmgr", "5A000002: removed")
    return log.text()


def schema(topic):
    with open(os.path.join(SOURCE, "schemas", topic + ".json"), encoding="utf-8") as f:
        return json.load(f)


def validator(topic):
    what = schema(topic)
    jsonschema.Draft202012Validator.check_schema(what)
    return jsonschema.Draft202012Validator(what)


def as_json(doc):
    """A MessagePack document as JSON shows it: bytes become base64 text, which is what contentEncoding says."""
    if isinstance(doc, bytes):
        return base64.b64encode(doc).decode()
    if isinstance(doc, list):
        return [as_json(item) for item in doc]
    if isinstance(doc, dict):
        return {key: as_json(value) for key, value in doc.items()}
    return doc


def recode(topic, *args, data=b""):
    """[(encoding, document)] of what the codec wrote."""
    out = subprocess.run([RECODE, topic, *args], input=data, capture_output=True, check=True, timeout=120).stdout
    for line in out.decode().splitlines():
        encoding, digits = line.split()
        raw = bytes.fromhex(digits)
        yield encoding, json.loads(raw) if encoding == "json" else as_json(msgpack.unpackb(raw))


class Schemas(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        config = cls.path("qlapse.yaml", CONFIG)
        logs = [cls.path("texts.log", all_texts()), cls.path("day.log", day())]
        logs += sorted(glob.glob(os.path.join(SOURCE, "tests", "golden", "postfix", "*.log")))
        cls.bytes = {t: b"" for t in TOPICS}
        for log in logs:
            for topic in TOPICS:
                cls.bytes[topic] += subprocess.run(
                    [QLAPSE, "replay", "--config", config, "--year", "2026", "--emit", topic.split(".")[0], log],
                    capture_output=True, check=True, timeout=120).stdout
        cls.records = {t: [json.loads(line) for line in b.splitlines()] for t, b in cls.bytes.items()}

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    @classmethod
    def path(cls, name, text):
        path = os.path.join(cls.dir.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def every(self, topic, docs):
        check, n = validator(topic), 0
        for doc in docs:
            for error in check.iter_errors(doc):
                self.fail("%s: %s in %s" % (topic, error.message, json.dumps(doc)[:600]))
            n += 1
        return n

    def test_files_are_what_the_tables_say(self):
        for topic in TOPICS:
            made = subprocess.run([QLAPSE, "check", "--print-schema", topic], capture_output=True, check=True).stdout
            with open(os.path.join(SOURCE, "schemas", topic + ".json"), "rb") as f:
                self.assertEqual(made, f.read(), "stale: qlapse check --print-schema %s >schemas/%s.json" % (topic, topic))
        names = {os.path.basename(p) for p in glob.glob(os.path.join(SOURCE, "schemas", "*.json"))}
        self.assertEqual(names, {t + ".json" for t in TOPICS})

    def test_replay_in_json(self):
        for topic in TOPICS:
            n = self.every(topic, self.records[topic])
            print("%s: %d records" % (topic, n))
            self.assertGreater(n, 5, topic)

    def test_replay_in_msgpack(self):
        for topic in TOPICS:
            docs = [doc for _, doc in recode(topic, data=self.bytes[topic])]
            self.every(topic, docs)
            self.assertEqual(docs, self.records[topic], topic)

    def test_full_and_empty_records(self):
        for topic in TOPICS:
            fields, needed = set(schema(topic)["properties"]), set(schema(topic)["required"])
            for how, keys in (("--full", fields), ("--empty", needed)):
                docs = dict(recode(topic, how))
                self.assertEqual(docs["json"], docs["msgpack"], topic)
                self.every(topic, docs.values())
                self.assertEqual(set(docs["json"]), keys, topic)

    def test_unknown_keys_pass(self):
        for topic in TOPICS:
            self.every(topic, [{**self.records[topic][0], "a_later_field": {"x": [1]}}])

    def test_faults_are_found(self):
        """Negative controls: a record that lacks what is promised, or has it in another form, must not pass."""
        for topic in TOPICS:
            what, check = schema(topic), validator(topic)
            good = dict(recode(topic, "--full"))["json"]
            for name, field in what["properties"].items():
                bad = copy.deepcopy(good)
                bad[name] = {"string": 7, "integer": "7", "boolean": "true", "array": {}}[field["type"]]
                self.assertFalse(check.is_valid(bad), "%s.%s of another type" % (topic, name))
                if "enum" in field or "pattern" in field:
                    bad[name] = "nonsense"
                    self.assertFalse(check.is_valid(bad), "%s.%s" % (topic, name))
                if name in what["required"]:
                    del bad[name]
                    self.assertFalse(check.is_valid(bad), "%s without %s" % (topic, name))

    def seen(self, topic, field):
        return {doc[field] for doc in self.records[topic] if field in doc}

    def test_the_logs_bring_up_what_there_is(self):
        for topic, field in (("deliveries.v1", "event"), ("deliveries.v1", "class"), ("deliveries.v1", "family"),
                             ("transitions.v1", "change"), ("transitions.v1", "reason"), ("alerts.v1", "event"),
                             ("incidents.v1", "state"), ("incidents.v1", "severity"), ("queues.v1", "kind")):
            named = set(schema(topic)["properties"][field]["enum"]) - {"none", "unknown"}
            self.assertEqual(sorted(named - self.seen(topic, field)), [], "%s.%s never seen" % (topic, field))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
