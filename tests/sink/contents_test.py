#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pipeline wrote to Kafka is in PostgreSQL; hostile and broken records do no harm; tables are made, brought up to
date, granted and emptied as documented.

usage: contents_test.py QLAPSE SOURCE_DIR WORK_DIR
Exit status 77: Kafka or PostgreSQL cannot be had.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.path.insert(0, os.path.join(here, "..", "kafka"))
import rig  # noqa: E402
import stream  # noqa: E402

HOSTILE = {
    "sql": "'); DROP TABLE qlapse.alerts; -- $1 {\"a\"} \\' \\\\ %s",
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>&amp;",
    "ansi": "\u001b[31mred\u001b[0m \u001b]0;title\u0007",
    "bidi": "abc\u202etxt.exe\u202c \u2066x\u2069 \u200f",
    "quotes": "\"'`\u201c\u00ab {a,b} NULL \\N \t end",
    "long": "x\u00e9\u4e2d" * 1365,
    "nul": "a\u0000b",
}


class Contents:
    def __init__(self, qlapse, source, work):
        self.r = rig.Rig(qlapse, source, work, 5)
        self.failures = []

    def expect(self, what, got, want):
        if got != want:
            self.failures.append(what)
            print(f"{what}: {str(got)[:400]!r}, not {str(want)[:400]!r}", flush=True)

    def count(self, table, where="true"):
        return int(self.r.sql(f"SELECT count(*) FROM qlapse.{table} WHERE {where}"))

    # what the pipeline writes

    def pipeline(self):
        r, s = self.r, stream.Stream(5, 400)
        until = s.end.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for i, lines in enumerate(s.partitions(4, True, 5)):
            path = os.path.join(r.dir, f"part{i}.log")
            with open(path, "w", encoding="ascii") as f:
                f.writelines(line + "\n" for line in lines)
                f.write(f"{until[:19]}Z clock tick: the end\n")
            r.run("feed", "--topic", "raw", "--partition", str(i), path)
        with open(os.path.join(r.dir, "run.log"), "w", encoding="utf-8") as log:
            worker = subprocess.Popen([r.qlapse, "run", "--config", r.config, "--abort-every", "9", "--set", "batch=200"],
                                      stdout=log, stderr=log)
            r.sinks["run"] = worker

        def clock():
            lines = [json.loads(line) for line in r.run("topics", "clocks", "--json").splitlines()]
            return any(c["stage"] == "alert" and (c.get("clock") or "") >= until for c in lines)
        r.start_sink("beside")  # reads while it is written
        rig.wait_for("the pipeline", clock, 200, 0.5)
        r.stop_sink("run")
        r.stop_sink("beside")
        r.once()
        self.expect("tables equal topics", r.compare() is not None, True)
        for table in ("alerts", "incidents", "queue_history", "deliveries", "transitions", "messages"):
            self.expect(f"{table} is not empty", self.count(table) > 0, True)
        before = r.sql("SELECT sum(next) FROM qlapse.offsets")
        r.once()
        self.expect("a second reading finds nothing", r.sql("SELECT sum(next) FROM qlapse.offsets"), before)
        self.expect("columns are the record's",
                    r.sql("SELECT count(*) FROM qlapse.deliveries WHERE destination_group IS DISTINCT FROM doc->>'group' OR time "
                          "<> (doc->>'time')::timestamptz OR delay_ms IS DISTINCT FROM (doc->>'delay_ms')::bigint"), "0\n")
        self.expect("booleans that are absent are false",
                    self.count("transitions", "held IS DISTINCT FROM coalesce((doc->>'held')::boolean, false)"), 0)
        self.expect("the forecast view is the histogram",
                    r.sql("SELECT coalesce(sum(recipients), 0) FROM qlapse.expiry_forecast"),
                    r.sql("SELECT coalesce(sum((b->>'recipients')::bigint), 0) FROM qlapse.queues, "
                          "jsonb_array_elements(doc->'expires') AS b"))
        self.expect("pipeline time is kept",
                    self.count("transitions", "at <> (doc->>'at')::timestamptz"), 0)

    def days(self):
        """The log's days are months away from today at most times, and always more than a day."""
        r = self.r
        days = r.sql("SELECT count(*) FROM pg_partition_tree('qlapse.deliveries') WHERE isleaf")
        self.expect("partitions by day", int(days) >= 2, True)
        n = self.count("transitions")
        r.once("--set", "sink.postgres.deliveries_keep=1d")
        self.expect("old days are dropped", self.count("deliveries"), 0)
        self.expect("those of other tables stay", self.count("transitions"), n)
        r.sql("UPDATE qlapse.offsets SET next = -1 WHERE topic LIKE '%deliveries%'")
        text = subprocess.run([r.qlapse, "sink", "postgres", "--once", "--config", r.config, "--set",
                               "sink.postgres.deliveries_keep=1d"], capture_output=True, text=True, timeout=120).stderr
        self.expect("records that are too old are not written", self.count("deliveries"), 0)
        self.expect("and counted", int(re.search(r"too_old=(\d+)", text).group(1)) > 0, True)
        r.sql("UPDATE qlapse.offsets SET next = -1 WHERE topic LIKE '%deliveries%'")
        r.once()
        self.expect("read anew they are all there", r.compare() is not None, True)

    # what others might write

    def hostile(self):
        r = self.r
        docs = {}
        for name, text in HOSTILE.items():
            doc = r.record("alerts", title=text, summary=text, last_error=text)
            docs[doc["serial"]] = doc
            r.produce("alerts", [(name, json.dumps(doc))])
            key = text[:200].replace("\u0000", "").replace("\t", "")
            r.produce("incidents", [(key, json.dumps(r.record("incidents", last_error=text)))])
        r.produce("alerts", [("ce", {"specversion": "1.0", "id": "1", "data": r.record("alerts", title="wrapped")})])
        r.once()
        for d in r.docs("alerts", "jsonb_build_object('doc', doc, 'title', title)"):
            want = docs.get(d["doc"].get("serial"))
            if want:
                text = want["title"].replace("\u0000", "\ufffd")
                self.expect(f"title of {text[:20]!r}", d["title"], text)
                self.expect(f"document of {text[:20]!r}", rig.plain(d["doc"]),
                            rig.plain(json.loads(json.dumps(want).replace("\\u0000", "\ufffd"))))
        self.expect("all hostile alerts", self.count("alerts", "kafka_offset >= 0 AND doc ? 'serial'"), len(docs) + 1)
        self.expect("an event in structured mode", self.count("alerts", "title = 'wrapped' AND NOT doc ? 'data'"), 1)
        self.expect("keys as they are", self.count("incidents", "key LIKE '%DROP TABLE%'"), 1)
        self.expect("tables stand", self.count("alerts") > 0, True)

    def broken(self):
        r = self.r
        good = r.record("alerts", title="after the broken ones")
        huge = r.random.randbytes(9000).hex()
        no_title = r.record("alerts")
        del no_title["title"]
        bad = {
            "no JSON": "{\"title\": ",
            "no map": "[1]",
            "half a surrogate": "{\"title\": \"\\ud800\"}",
            "too deep": "{\"a\":" + "[" * 100 + "]" * 100 + "}",
            "missing": json.dumps(no_title),
            "kind": json.dumps(r.record("alerts", messages="many")),
            "time": json.dumps(r.record("alerts", opened="yesterday")),
            "for no index": json.dumps(r.record("alerts", incident=huge)),
        }
        r.produce("alerts", [(name, text) for name, text in bad.items()])
        r.produce("alerts", [("good", good)])
        r.produce("queues", [("k" * 1500, r.record("queues"))])
        r.once()
        reasons = r.sql("SELECT reason FROM qlapse.rejected ORDER BY topic, kafka_offset").splitlines()
        self.expect("all broken records are set apart", len(reasons), len(bad) + 1)
        self.expect("the reason of each", [bool(re.search(want, got)) for want, got in zip(
            ("document", "document", "document", "document", "'title' is missing", "'messages' is of another kind",
             "'opened' is of another kind", "54000", "key"), reasons)], [True] * (len(bad) + 1))
        self.expect("their bytes are kept", r.sql("SELECT convert_from(bytes, 'UTF8') FROM qlapse.rejected WHERE topic "
                                                  "LIKE '%alerts%' ORDER BY kafka_offset LIMIT 1 OFFSET 1"), "[1]\n")
        self.expect("the next record is there", self.count("alerts", "title = 'after the broken ones'"), 1)

    # tables

    def columns(self):
        r = self.r
        text = r.run("sink", "postgres", "--print-tables")
        with open(os.path.join(r.source, "docs", "SINK.md"), encoding="utf-8") as f:
            self.expect("docs/SINK.md has the tables as they are", text.strip() in f.read(), True)
        for table, body in re.findall(r"### qlapse\.(\w+)\n(.*?)(?=\n### |\Z)", text, re.S):
            topic = re.search(r"From the topic `(\w+)\.v1`", body).group(1)
            required = set(r.schemas[topic]["required"]) | {"group" if "group" in r.schemas[topic]["required"] else ""}
            want = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", body, re.M)
            got = dict((name, (kind, null)) for name, kind, null in (line.split("|") for line in r.sql(
                "SELECT column_name, replace(data_type, 'timestamp with time zone', 'timestamptz'), is_nullable FROM "
                f"information_schema.columns WHERE table_schema = 'qlapse' AND table_name = '{table}'").splitlines()))
            self.expect(f"columns of {table}", {k: v[0] for k, v in got.items()}, dict(want))
            for name, kind in want:
                field = "group" if name == "destination_group" else name
                nullable = not (field in required or kind == "boolean" or
                                name in ("key", "kafka_partition", "kafka_offset", "at", "doc"))
                self.expect(f"may {table}.{name} be null", got[name][1], "YES" if nullable else "NO")

    def migrations(self):
        r = self.r
        latest = int(r.sql("SELECT max(version) FROM qlapse.migrations"))
        self.expect("a second time changes nothing", r.run("sink", "postgres", "--migrate-only"), f"is at version {latest}\n")
        r.sql("INSERT INTO qlapse.migrations VALUES (999, 'newer')")
        text = r.run("sink", "postgres", "--once", status=78)
        self.expect("a newer schema is refused", "newer qlapse" in text, True)
        r.sql("DROP SCHEMA qlapse CASCADE")
        r.run("sink", "postgres", "--migrate-to", "1")
        r.sql("INSERT INTO qlapse.offsets VALUES ('" + r.prefix + ".alerts.v1', 0, 1)")
        r.sql("INSERT INTO qlapse.queues (key, kafka_partition, kafka_offset, at, destination_group, class, family, messages, "
              "recipients, held, overdue, mismatched, null_sender, expiring_1h, expiring_6h, expiring_24h, resolution_min, "
              "attempts, permanent_replies, entered, delivered, bounced, expired, expires, doc) VALUES ('old', 0, 0, now(), 'g', "
              "'c', 'f', 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, '[{\"minute\": 60, \"recipients\": 7}]', '{}')")
        many = [subprocess.Popen([r.qlapse, "sink", "postgres", "--migrate-only", "--config", r.config],
                                 stdout=subprocess.PIPE, text=True) for _ in range(4)]
        texts = sorted(p.communicate(timeout=120)[0] for p in many)
        self.expect("four at once: one migrates", texts.count(f"migrated from version 1 to {latest}\n"), 1)
        self.expect("and all end well", [p.returncode for p in many], [0] * 4)
        self.expect("rows stay, and new views see them",
                    r.sql("SELECT destination_group, recipients FROM qlapse.expiry_forecast"), "g|7\n")
        self.expect("offsets stay", r.sql("SELECT next FROM qlapse.offsets"), "1\n")

    def reader(self):
        r = self.r
        r.sql("DROP ROLE IF EXISTS \"graf-ana\"")
        text = r.run("sink", "postgres", "--migrate-only", "--set", "sink.postgres.reader=graf-ana", status=78)
        self.expect("a role that is missing is named", "graf-ana" in text and "sink.postgres.reader" in text, True)
        r.sql("CREATE ROLE \"graf-ana\"")
        r.run("sink", "postgres", "--migrate-only", "--set", "sink.postgres.reader=graf-ana")
        r.sql("SET ROLE \"graf-ana\"; SELECT * FROM qlapse.alerts, qlapse.deliveries, qlapse.expiry_forecast LIMIT 1")
        try:
            r.sql("SET ROLE \"graf-ana\"; DELETE FROM qlapse.alerts")
            self.expect("the reader may not write", "it may", "it may not")
        except RuntimeError as e:
            self.expect("the reader may not write", "permission denied" in str(e), True)
        r.sql("DROP OWNED BY \"graf-ana\"; DROP ROLE \"graf-ana\"")

    def timescale(self):
        """The extension is not in Debian: its two functions are stood in for, to see that they are called as they want to be."""
        r = self.r
        r.sql("""DROP SCHEMA qlapse CASCADE; CREATE SCHEMA ts; SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
	VALUES (99999, 'timescaledb', 10, 'ts'::regnamespace, false, '2');
CREATE TABLE ts.calls (what text);
CREATE FUNCTION ts.create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval)
	RETURNS void LANGUAGE sql AS $$INSERT INTO ts.calls VALUES (relation || ' ' || time_column_name || ' ' || chunk_time_interval)$$;
CREATE FUNCTION ts.drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE sql AS
	$$INSERT INTO ts.calls VALUES ('drop ' || relation); SELECT 'chunk'$$""")
        try:
            r.run("sink", "postgres", "--migrate-only")
            self.expect("hypertables", r.sql("SELECT what FROM ts.calls ORDER BY 1"),
                        "qlapse.deliveries at 1 day\nqlapse.queue_history at 1 day\nqlapse.transitions at 1 day\n")
            r.once("--set", "sink.postgres.transitions_keep=2d")
            self.expect("chunks are dropped", self.r.sql("SELECT DISTINCT what FROM ts.calls WHERE what LIKE 'drop%'"),
                        "drop qlapse.transitions\n")
            self.expect("no partitions of ours", r.sql("SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent "
                                                       "WHERE c.relnamespace = 'qlapse'::regnamespace"), "0\n")
            self.expect("rows are written", self.count("deliveries") > 0, True)
        finally:
            r.sql("SET allow_system_table_mods = on; DELETE FROM pg_extension WHERE oid = 99999; DROP SCHEMA ts CASCADE")

    def refusals(self):
        r = self.r
        text = r.run("sink", "postgres", "--once", "--set", "prefix=other", status=69)
        self.expect("a topic that is missing is named", "other." in text, True)
        r.run("topics", "create", "--set", "prefix=other")
        text = r.run("sink", "postgres", "--once", "--set", "prefix=other", status=78)
        self.expect("another prefix is refused", "prefix is 'other'" in text, True)
        for args, status, words in (
                (("check", "--set", "sink.postgres.conninfo=hosst=x"), 78, "sink.postgres.conninfo"),
                (("check", "--set", "sink.postgres.password_file=/nowhere/x"), 78, "sink.postgres.password_file"),
                (("check", "--set", "sink.topics=[alert]"), 78, "sink.topics"),
                (("sink", "postgres", "--set", "sink.topics=[]"), 78, "sink.topics"),
                (("sink", "mysql",), 64, "postgres"),
                (("check", "--database", "--set", "sink.postgres.conninfo=host=127.0.0.1 port=1"), 69, "postgres:"),
                (("sink", "postgres", "--migrate-only", "--set", "sink.postgres.conninfo=host=127.0.0.1 port=1"), 69,
                 "postgres:")):
            self.expect(f"{args} says what is wrong", words in r.run(*args, status=status), True)
        self.expect("check asks the database", "tables: version" in r.run("check", "--database"), True)

    def main(self):
        r, begun = self.r, time.monotonic()
        try:
            r.start()
            for part in (self.pipeline, self.days, self.columns, self.hostile, self.broken, self.migrations, self.reader,
                         self.timescale, self.refusals):
                part()
                print(f"{part.__name__}: done, {len(self.failures)} failures, {time.monotonic() - begun:.0f} s", flush=True)
        finally:
            r.clean()
        if not self.failures:
            shutil.rmtree(r.dir)
        return 1 if self.failures else 0


sys.exit(Contents(sys.argv[1], sys.argv[2], sys.argv[3]).main())
