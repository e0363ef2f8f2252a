#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every record that replay gives is what schemas/ promises, in JSON and in MessagePack, and no schema is stale.

    schema_test.py QLAPSE RECODE REPOSITORY [--update]      exit 77: no jsonschema or msgpack here

promised.json is what v1 has promised: fields, types, names. A reader made of nothing but it must read whatever is
emitted; --update adds to it what is new.

The log is made here: a deferral for every sample text of the catalogue, the golden logs, and a day in the life of
three connectors with all that can happen to a message. What it must bring up is asserted, so that a schema is never
tried on nothing.
"""
import base64
import copy
import datetime
import functools
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
PROMISED = os.path.join(SOURCE, "tests", "schemas", "promised.json")
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


def promise_of(what):
    """{field: [type, required, names or items or None]} of one object of a schema."""
    def kind(field):
        return field.get("enum") or field.get("items", {}).get("$ref", "").removeprefix("#/$defs/") or None
    return {name: [field["type"], name in what["required"], kind(field)] for name, field in what["properties"].items()}


def promises():
    """{"alerts.v1": {field: …}, "alerts.v1/bucket": …} of the schemas as they are."""
    made = {}
    for topic in TOPICS:
        made[topic] = promise_of(schema(topic))
        for name, item in schema(topic).get("$defs", {}).items():
            made["%s/%s" % (topic, name)] = promise_of(item)
    return made


def broken_promises(old, new):
    """What was promised and is not so any more."""
    for what, fields in old.items():
        for name, (kind, required, more) in fields.items():
            where, now = "%s.%s" % (what, name), new.get(what, {}).get(name)
            if now is None:
                yield where + " is gone"
            elif now[0] != kind:
                yield where + " has another type"
            elif required and not now[1]:
                yield where + " is not always there any more"
            elif isinstance(more, list) and set(more) - set(now[2] or ()):
                yield "%s has lost %s" % (where, sorted(set(more) - set(now[2] or ())))
            elif isinstance(more, str) and now[2] != more:
                yield where + " holds other items"


class Reader:
    """One who knows the promise and no more: takes what it knows, ignores the rest, and calls a name that it does not
    know "something else"."""
    TYPES = {"string": str, "integer": int, "boolean": bool, "array": list}

    def __init__(self, promise):
        self.promise = promise

    def read(self, what, doc):
        got = {}
        for name, (kind, required, more) in self.promise[what].items():
            if name not in doc:
                if required:
                    raise KeyError("%s without %s" % (what, name))
                continue
            value = doc[name]
            if type(value) is not self.TYPES[kind]:
                raise TypeError("%s.%s is %r" % (what, name, value))
            if isinstance(more, list) and value not in more:
                value = "something else"
            if isinstance(more, str):
                value = [self.read("%s/%s" % (what.split("/")[0], more), item) for item in value]
            got[name] = value
        return got


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
        self.assertEqual(names, {t + ".json" for t in TOPICS} | {"headers.json"})

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

    def test_promises_are_kept(self):
        with open(PROMISED, encoding="utf-8") as f:
            promised = json.load(f)
        self.assertEqual(list(broken_promises(promised, promises())), [])
        for what, fields in promised.items():  # controls
            for name in fields:
                for change in (None, ["nonsense", True, None], [fields[name][0], False, fields[name][2]],
                               [fields[name][0], True, []]):
                    now = copy.deepcopy(promised)
                    if change is None:
                        del now[what][name]
                    else:
                        now[what][name] = change
                    harmless = now[what].get(name, [None])[0] == fields[name][0] and (
                        change[1] or not fields[name][1]) and (change[2] or not fields[name][2])
                    self.assertEqual(not harmless, bool(list(broken_promises(promised, now))), (what, name, change))

    def test_a_reader_of_v1_reads_it(self):
        with open(PROMISED, encoding="utf-8") as f:
            reader = Reader(json.load(f))
        for topic in TOPICS:
            in_json = [reader.read(topic, doc) for doc in self.records[topic]]
            in_msgpack = [reader.read(topic, doc) for _, doc in recode(topic, data=self.bytes[topic])]
            self.assertEqual(in_json, in_msgpack, topic)
            full = dict(recode(topic, "--full"))["json"]
            later = {**full, "a_later_field": 1}
            self.assertEqual(reader.read(topic, later), reader.read(topic, full))
            for name in (n for n, f in reader.promise[topic].items() if isinstance(f[2], list)):
                self.assertEqual(reader.read(topic, {**full, name: "a_later_name"})[name], "something else")
            with self.assertRaises((KeyError, TypeError)):
                reader.read(topic, {k: v for k, v in full.items() if not reader.promise[topic][k][1]})

    @functools.cache
    def replay(self, topic, *settings):
        """[(headers, value)] of the day; of messages in the middle of it, since none is left at its end."""
        until = ["--until", "2026-11-20T06:00:00Z"] if topic == "messages.v1" else []
        sets = [x for s in settings for x in ("--set", s)]
        out = subprocess.run([QLAPSE, "replay", "--config", self.path("qlapse.yaml", CONFIG), "--year", "2026",
                              "--with-headers", "--emit", topic.split(".")[0], *until, *sets, self.path("day.log", day())],
                             capture_output=True, check=True, timeout=120).stdout
        return [(r["headers"], r["value"]) for r in map(json.loads, out.splitlines())]

    def test_headers(self):
        with open(os.path.join(SOURCE, "schemas", "headers.json"), encoding="utf-8") as f:
            what = json.load(f)
        check, seen, names = jsonschema.Draft202012Validator(what), {}, what["properties"].keys()
        for topic in TOPICS:
            name = topic.split(".")[0]
            in_json, in_msgpack = self.replay(topic), self.replay(topic)
            if in_json[0][0]["content-type"] == "application/json":
                in_msgpack = self.replay(topic, "encodings={%s: msgpack}" % name)
            else:
                in_json = self.replay(topic, "encodings={%s: json}" % name)
            self.assertEqual([v for _, v in in_json], [v for _, v in in_msgpack], topic)
            for records, kind in ((in_json, "application/json"), (in_msgpack, "application/vnd.msgpack")):
                self.assertEqual({h["content-type"] for h, _ in records}, {kind})
                for headers, _ in records:
                    for error in check.iter_errors(headers):
                        self.fail("%s: %s in %s" % (topic, error.message, headers))
                    self.assertLessEqual(headers.keys(), names)
                    seen.setdefault(topic, set()).update(headers)
            if topic != "messages.v1":  # whose ids are made of the bytes
                self.assertEqual([h["ce_id"] for h, _ in in_json], [h["ce_id"] for h, _ in in_msgpack], topic)
            self.assertEqual(len({h["ce_id"] for h, _ in in_json}), len(in_json), topic)
            self.assertEqual({h["ce_dataschema"] for h, _ in in_json}, {schema(topic)["$id"]})
        wanted = set(what["required"]) | {"ce_dataschema"}
        for topic in TOPICS:
            more = {"ce_severitytext", "ce_severitynumber", "ce_firstexpiry"} if topic[0] in "ia" else set()
            self.assertEqual(seen[topic], wanted | more, topic)
        good = self.replay("alerts.v1")[0][0]
        for name in what["required"]:
            self.assertFalse(check.is_valid({k: v for k, v in good.items() if k != name}), name)

    def test_headers_say_what_the_value_says(self):
        for topic, kind in (("alerts.v1", "alert"), ("incidents.v1", "incident")):
            for headers, value in self.replay(topic):
                word = ".%s" % value["event"] if kind == "alert" else ""
                self.assertEqual(headers["ce_type"], "dev.qlapse.%s%s.v1" % (kind, word))
                self.assertEqual(headers["ce_subject"], value["incident"])
                self.assertEqual(headers["ce_severitytext"], value["severity"].upper())
                self.assertEqual(headers.get("ce_firstexpiry"), value.get("first_expiry"))
                self.assertEqual(headers["ce_time"], value["updated"])
        for headers, value in self.replay("deliveries.v1"):
            self.assertEqual(headers["ce_type"], "dev.qlapse.delivery.%s.v1" % value["event"])
            self.assertEqual(headers["ce_time"], value["time"])
        for headers, value in self.replay("transitions.v1"):
            self.assertEqual(headers["ce_type"], "dev.qlapse.transition.%s.v1" % value["change"])
            self.assertEqual(headers["ce_subject"], value["message"])
        for headers, value in self.replay("queues.v1"):
            self.assertEqual(headers["ce_subject"], "%(group)s|%(class)s" % value)
            self.assertEqual(headers["ce_time"], value["at"])

    def test_structured_holds_the_same(self):
        for topic in ("queues.v1", "alerts.v1", "incidents.v1"):
            plain, wrapped = self.replay(topic), self.replay(topic, "emit.cloudevents=structured")
            self.assertEqual([v for _, v in plain], [v for _, v in wrapped], topic)
            self.assertEqual([h["ce_id"] for h, _ in plain], [h["ce_id"] for h, _ in wrapped], topic)
            self.assertEqual("cloudevents" in wrapped[0][0]["content-type"], topic in ("alerts.v1", "incidents.v1"))
        done = subprocess.run([QLAPSE, "check", "--set", "emit.cloudevents=structured", "--set", "encodings={alerts: msgpack}"],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 78)

    def test_local_parts(self):
        key = self.path("key", "0123456789abcdef0123456789abcdef\n")
        topics = ("deliveries.v1", "messages.v1", "queues.v1")
        clear = {t: [v for _, v in self.replay(t)] for t in topics}
        for how in ("hmac", "drop"):
            for topic in topics:
                got = [v for _, v in self.replay(topic, "emit.local_parts=" + how, "emit.key_file=" + key)]
                text = json.dumps(got)
                for word in ("u@", "ann@"):
                    self.assertNotIn('"' + word, text, topic)
                    self.assertNotIn("<" + word, text, topic)
                self.assertEqual(len(got), len(clear[topic]))
                if topic == "queues.v1":  # counting is the same
                    bare = re.compile(r"h\.[0-9a-f]{16}@|\b(u|ann|bob)@")
                    self.assertEqual(bare.sub("@", text), bare.sub("@", json.dumps(clear[topic])), topic)

    def seen(self, topic, field):
        return {doc[field] for doc in self.records[topic] if field in doc}

    def test_the_logs_bring_up_what_there_is(self):
        for topic, field in (("deliveries.v1", "event"), ("deliveries.v1", "class"), ("deliveries.v1", "family"),
                             ("transitions.v1", "change"), ("transitions.v1", "reason"), ("alerts.v1", "event"),
                             ("incidents.v1", "state"), ("incidents.v1", "severity"), ("queues.v1", "kind")):
            named = set(schema(topic)["properties"][field]["enum"]) - {"none", "unknown"}
            self.assertEqual(sorted(named - self.seen(topic, field)), [], "%s.%s never seen" % (topic, field))


if __name__ == "__main__":
    if "--update" in sys.argv:
        with open(PROMISED, "w", encoding="utf-8") as f:
            json.dump(promises(), f, indent=0, sort_keys=True)
            f.write("\n")
    unittest.main(argv=sys.argv[:1], verbosity=1)
