#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line from outside: help, exit statuses, suggestions, golden output.

usage: cli_test.py QLAPSE SOURCE_DIR [--update]   --update writes the golden files anew
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

QLAPSE, SOURCE = sys.argv[1], sys.argv[2]
UPDATE = "--update" in sys.argv[3:]
HERE = os.path.join(SOURCE, "tests", "cli")
LINES = os.path.join(HERE, "lines.log")
CLEAR = "emit.local_parts=clear"
NOWHERE = "kafka.bootstrap.servers=127.0.0.1:1"
CONNECTOR = ('connectors=[{name: branch, kind: own, domains: [branch.example.net], '
             'contact: "noc@example.net"}]')
USAGE, NOINPUT, UNAVAILABLE, IOERR, CONFIG = 64, 66, 69, 74, 78


def run(*args, stdin=b"", env=None):
    """(status, stdout, stderr) of one call."""
    done = subprocess.run([QLAPSE, *args], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def commands():
    text = run()[1]
    return re.findall(r"^  (\w+)  +[a-z]", text.split("First steps:")[0], re.M)


class Case(unittest.TestCase):
    maxDiff = None

    def fails(self, args, status, message, **kw):
        got, out, err = run(*args, **kw)
        self.assertEqual((got, out), (status, ""), err)
        self.assertIn(message, err)
        self.assertTrue(err.splitlines()[-1].startswith("qlapse"), err)

    def works(self, *args, **kw):
        got, out, err = run(*args, **kw)
        self.assertEqual(got, 0, err)
        return out

    def golden(self, name, text):
        path = os.path.join(HERE, "golden", name)
        if UPDATE:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), text, f"not as in {path}; if it is right so, run this test with --update")


class Help(Case):
    def test_all_commands_are_there(self):
        self.assertEqual(sorted(commands()),
                         sorted("run replay watch feed explain unknown catalog check topics version".split()))

    def test_general(self):
        for args in ([], ["help"], ["--help"], ["-h"]):
            out = self.works(*args)
            for part in ("Usage: qlapse COMMAND", "First steps:", "Exit status:", "  78  "):
                self.assertIn(part, out)

    def test_each_command_teaches(self):
        for c in commands():
            with self.subTest(c):
                out = self.works("help", c)
                self.assertEqual(out, self.works(c, "--help"))
                self.assertEqual(out, self.works(c, "-h"))
                for part in (f"Usage: qlapse {c} [OPTION...]", "Options:\n", "  --help", "Exit status:"):
                    self.assertIn(part, out)
                if c != "version":
                    self.assertRegex(out, r"Examples:\n  .*qlapse " + c)
                for line in out.split("Examples:")[0].splitlines() + out.split("Options:")[1].splitlines():
                    self.assertLessEqual(len(line), 88, line)

    def test_help_wins_over_missing_arguments(self):
        self.assertIn("Usage:", self.works("replay", "--emit", "alerts", "--help"))

    def test_options_for_tests_are_not_told(self):
        self.assertNotIn("abort-every", self.works("help", "run"))

    def test_version(self):
        out = self.works("version")
        self.assertRegex(out, r"^qlapse \d+\.\d+\.\d+\n")
        self.assertEqual(out, self.works("--version"))


class Usage(Case):
    CASES = [
        (["replya"], "unknown command 'replya'; did you mean 'replay'?"),
        (["help", "expalin"], "unknown command 'expalin'; did you mean 'explain'?"),
        (["zzzzzzzzzzzz"], "unknown command 'zzzzzzzzzzzz'; 'qlapse help' lists them"),
        (["replay", "--emti", "alerts", "x"], "unknown option '--emti'; did you mean '--emit'?"),
        (["replay", "--summray=json", "x"], "unknown option '--summray=json'; did you mean '--summary'?"),
        (["explain", "-j"], "unknown option '-j'"),
        (["run", "--abort-evry", "1"], "unknown option '--abort-evry'"),
        (["replay", "x", "--emit"], "option '--emit' wants a value"),
        (["explain", "--json=1"], "option '--json' takes no value"),
        (["replay", "--emit", "alert", "x"], "did you mean 'alerts'?"),
        (["replay", "--emit", "zzzzzzzz", "x"], "--emit wants one of deliveries, "),
        (["replay", "--year", "12", "x"], "--year wants a number from 1970 to 9999, not '12'"),
        (["replay", "--year", "1e3", "x"], "--year wants a number from 1970 to 9999, not '1e3'"),
        (["replay", "--until", "noon", "x"], "--until wants a time"),
        (["replay"], "FILE... is missing"),
        (["watch"], "FILE... is missing"),
        (["version", "x"], "'x' is one argument too many"),
        (["check", "x"], "'x' is one argument too many"),
        (["version", "--config", "x"], "unknown option '--config'"),
        (["watch", "--now", "2026-11-24T08:00:00Z", "x"], "--now goes with --once"),
        (["watch", "--once", "--now", "noon", "x"], "--now wants a time"),
        (["topics"], "is missing"),
        (["topics", "creat"], "unknown action 'creat'; did you mean 'create'?"),
        (["topics", "read"], "'read' wants the name of a topic"),
        (["topics", "check", "alerts"], "'check' takes no arguments"),
        (["feed", "x"], "no raw_topics are configured: --topic says which"),
        (["feed", "--set", "raw_topics=[a, b]", "x"], "several raw_topics are configured"),
        (["feed", "--topic", "a", "--shift-to-now", "-"], "--shift-to-now reads the files twice"),
        (["feed", "--topic", "a", "--rate", "0", "x"], "--rate wants a number from 1"),
    ]

    def test_mistakes(self):
        for args, message in self.CASES:
            with self.subTest(" ".join(args)):
                self.fails(args, USAGE, message)


class Statuses(Case):
    def test_input_files(self):
        for args in (["replay"], ["watch", "--once"], ["watch"]):
            with self.subTest(args):
                self.fails([*args, LINES, "/nonexistent/mail.log"], NOINPUT,
                           "cannot read '/nonexistent/mail.log': No such file or directory")
                self.fails([*args, SOURCE], NOINPUT, "Is a directory")
        self.fails(["feed", "--topic", "a", "--shift-to-now", "/nonexistent/x"], NOINPUT, "No such file")

    def test_no_broker(self):
        calls = (["topics", "check"], ["topics", "create"], ["topics", "clocks"], ["topics", "read", "alerts"],
                 ["check", "--broker"], ["run"], ["feed", LINES])
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:  # each waits for 10 s
            for call in [pool.submit(self.fails, [*args, "--set", "raw_topics=[mail]", "--set", NOWHERE, "--set", CLEAR], UNAVAILABLE,
                                     "no broker answers") for args in calls]:
                call.result()

    def test_configuration(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "q.yaml")
            for text, message in (("threads: 2\nthreds: 2\n", ":2: unknown option 'threds'; did you mean 'threads'?"),
                                  ("track:\n  lifetime: 2\n", ":2: 'track.lifetime' wants a duration"),
                                  ("a: [\n", "q.yaml:")):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
                for command in ("check", "explain", "run"):
                    with self.subTest((text, command)):
                        self.fails([command, "--config", path], CONFIG, message)
        self.fails(["check", "--config", "/nonexistent/q.yaml"], CONFIG, "No such file or directory")
        self.fails(["check", "--set", "threads=0"], CONFIG, "--set threads=0: 'threads' wants a whole number")
        self.fails(["check", "--set", "threads"], CONFIG, "--set wants path=value")
        self.fails(["check", "--set", "track.forget_after=1h"], CONFIG, "must be longer than track.lifetime")
        self.fails(["check", "--set", "classify.catalog=/nonexistent"], CONFIG, "/nonexistent")
        self.fails(["run"], CONFIG, "raw_topics")

    def test_key_for_local_parts(self):
        with tempfile.TemporaryDirectory() as d:
            key = os.path.join(d, "key")
            for command in ("run", "check"):
                args = [command, "--set", "raw_topics=[mail]", "--set", NOWHERE]
                self.fails(args, CONFIG, "emit.key_file is missing: 'openssl rand -hex 32 >FILE' makes a key")
                self.fails([*args, "--set", "emit.local_parts=drop"], CONFIG, "emit.key_file is missing")
                args += ["--set", f"emit.key_file={key}"]
                with open(key, "w", encoding="ascii") as f:
                    f.write("short\n")
                self.fails(args, CONFIG, f"emit.key_file '{key}': the key for local parts has 5 bytes")
                os.remove(key)
                self.fails(args, CONFIG, f"cannot read emit.key_file '{key}': No such file or directory")
            self.fails(["replay", "--set", f"emit.key_file={key}", LINES], CONFIG, "cannot read emit.key_file")
            with open(key, "w", encoding="ascii") as f:
                f.write("0123456789abcdef0123456789abcdef\n")
            sets = ["--set", f"emit.key_file={key}"]
            self.assertIn(f"hmac, key: {key}", self.works("check", "--set", "raw_topics=[mail]", "--set", NOWHERE, *sets))
            clear, hashed = (self.works("replay", "--emit", "deliveries", *s, LINES) for s in ([], sets))
            self.assertNotEqual(clear, hashed)
            self.assertEqual(clear, self.works("replay", "--emit", "deliveries", *sets, "--set", CLEAR, LINES))
            self.assertTrue(all(re.match(r"(h\.[0-9a-f]{16})?@|$", json.loads(line).get("recipient", ""))
                                for line in hashed.splitlines()))

    def test_settings_that_would_break_a_guarantee(self):
        for name in ("enable.auto.commit", "isolation.level", "transactional.id", "group.id", "acks",
                     "partition.assignment.strategy", "enable.idempotence", "auto.offset.reset"):
            with self.subTest(name):
                self.fails(["check", "--set", "raw_topics=[a]", "--set", NOWHERE, "--set", f"kafka.{name}=1"], CONFIG,
                           name)
        self.fails(["check", "--set", NOWHERE, "--set", "kafka.no.such.setting=1"], CONFIG, "no.such.setting")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_output(self):
        for args in (["help"], ["check", "--print-sample"], ["explain", "--json", "x"], ["replay", LINES]):
            with self.subTest(args), open("/dev/full", "wb") as full:
                done = subprocess.run([QLAPSE, *args], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
                self.assertEqual(done.returncode, IOERR)
                self.assertIn(b"qlapse", done.stderr)


class Check(Case):
    def test_tells_what_would_run(self):
        out = self.works("check", "--set", "raw_topics=[{name: mail, partitions: 3}]", "--set", NOWHERE, "--set", CLEAR, "--set",
                         "stages=[track, queue]", "--set", "threads=2", "--set", CONNECTOR)
        for part in ("track, queue; threads per stage: 2", "mail, 3 partitions; dead letters go to mail.dlq",
                     "branch (own), contact: noc@example.net", "48 h", "built in"):
            self.assertIn(part, out)

    def test_warns_of_connectors_that_never_win(self):
        two = ("connectors=[{name: wide, kind: own, domains: [.example.net]}, "
               "{name: narrow, kind: partner, domains: [branch.example.net], contact: noc}]")
        out = self.works("check", "--set", two)
        self.assertRegex(out, r"warning +connector narrow never wins")
        self.assertNotIn("wide never", out)
        out = self.works("check", "--set", two.replace("}]", ", next_hops: [mx.example.net]}]"))
        self.assertNotIn("never wins", out)

    def test_sample_is_a_configuration(self):
        sample = self.works("check", "--print-sample")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            f.write(re.sub(r"^#", "", sample, flags=re.M))
            f.flush()
            out = self.works("check", "--config", f.name, "--set", CLEAR)
        self.assertIn("mail-log-dmz, 8 partitions", out)

    def test_reference(self):
        with open(os.path.join(SOURCE, "docs", "OPTIONS.md"), encoding="utf-8") as f:
            self.assertEqual(self.works("check", "--print-options", "markdown"), f.read())
        self.assertIn("track.lifetime: 2d\n", self.works("check", "--print-options", "text"))


class Catalog(Case):
    GOOD = "- {id: my.rule, scope: any, tier: exact, class: policy, contains: [frobnicated], samples: [frobnicated]}\n"

    def rules(self, folder, text, name="own.yaml"):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
        return f.name

    def test_list(self):
        rows = [line.split() for line in self.works("catalog", "list").splitlines()]
        objects = [json.loads(line) for line in self.works("catalog", "list", "--json").splitlines()]
        self.assertEqual([r[0] for r in rows], [o["id"] for o in objects])
        self.assertEqual(rows[0][:4], [objects[0][k] for k in ("id", "tier", "scope", "class")])
        self.assertEqual(rows[0][4], f"{objects[0]['file']}:{objects[0]['line']}")
        tiers = ["exact", "text", "code", "guess"]
        order = [tiers.index(o["tier"]) for o in objects]
        self.assertEqual(order, sorted(order))
        self.assertEqual(objects[-1]["class"], "other")

    def test_show(self):
        out = self.works("catalog", "show", "text.greylist")
        for word in ("text.greylist, number ", "tier        text", '"greylist*"', "owner       nobody", "sample      450"):
            self.assertIn(word, out)
        self.fails(["catalog", "show", "text.grelist"], CONFIG, "no rule 'text.grelist'; did you mean 'text.greylist'?")
        self.fails(["catalog", "show"], USAGE, "'show' wants the id of a rule")
        self.fails(["catalog", "shoe", "x"], USAGE, "unknown action 'shoe'; did you mean 'show'?")

    def test_built_in_rules_keep_their_word(self):
        self.assertIn("each sample is decided by its rule", self.works("catalog", "test"))
        self.assertIn("nothing is wrong", self.works("catalog", "lint"))

    def test_own_files(self):
        with tempfile.TemporaryDirectory() as d:
            n = len(self.works("catalog", "list").splitlines())
            good = self.rules(d, self.GOOD)
            self.assertIn(f"{n + 1} rules", self.works("catalog", "test", good))
            listed = self.works("catalog", "list", "--set", f"classify.rules_before={d}").splitlines()
            self.assertTrue(listed[0].startswith("my.rule "))
            self.rules(d, self.GOOD.replace("exact", "text"))
            listed = self.works("catalog", "list", "--set", f"classify.rules_after={d}").splitlines()
            place = next(i for i, line in enumerate(listed) if line.startswith("my.rule "))
            self.assertEqual(listed[place - 1].split()[1], "text")
            self.assertEqual(listed[place + 1].split()[1], "code")

    FAULTS = [
        (GOOD.replace("samples: [frobnicated]", "samples: [spam]"), 'own.yaml:1: a sample of rule "my.rule" is decided'),
        (GOOD.replace(", samples: [frobnicated]", ""), 'own.yaml:1: rule "my.rule" has no sample'),
        (GOOD + GOOD, "own.yaml:2: rule \"my.rule\" is in "),
        (GOOD + GOOD.replace("my.rule", "b"), 'own.yaml:2: rule "b": shadowed: all that fits it fits the earlier rule '
                                              '"my.rule"'),
        (GOOD + GOOD.replace("my.rule", "b"), 'own.yaml:2: rule "b": a sample is one of rule "my.rule"'),
        (GOOD.replace("[frobnicated],", "[frobnicated, ab],"), 'own.yaml:1: rule "my.rule": a word of fewer than three'),
        (GOOD.replace("[frobnicated],", "[frobnicated, Wow],"), 'own.yaml:1: rule "my.rule": texts have no capital'),
        (GOOD.replace("contains: [frobnicated]", "regex: frobnicated"), "plain words stand in contains"),
        (GOOD.replace("contains: [frobnicated]", "regex: '(?:f.*)*frobnicated'"), "own.yaml:1: the pattern could run away"),
        (GOOD.replace("contains: [frobnicated]", "regex: '(f)\\1'"), "own.yaml:1: a pattern may not use such an escape"),
    ]

    def test_faults(self):
        with tempfile.TemporaryDirectory() as d:
            for text, message in self.FAULTS:
                name = self.rules(d, text)
                self.fails(["catalog", "test", name], CONFIG, message)

    def test_own_rules_win(self):
        with tempfile.TemporaryDirectory() as d:
            self.rules(d, "- {id: my.rule, scope: any, tier: guess, class: routing_loop, contains: [refused], "
                          "samples: ['connect to a.example[192.0.2.1]:25: Connection refused']}\n")
            self.rules(d, "- {name: mine, suffixes: ['.L.Google.com']}\n", "providers.yaml")
            out = self.works("explain", "--json", "--replies", "--set", f"classify.rules_before={d}",
                             stdin=b"\tx.l.google.com\tconnect to a.example[192.0.2.1]:25: Connection refused\n")
            self.assertEqual([json.loads(out)[k] for k in ("rule", "class", "provider")],
                             ["my.rule", "routing_loop", "mine"])


class Unknown(Case):
    """Made-up texts that no rule knows."""

    def log(self, *texts):
        return "".join("2026-11-24T07:00:0%d.000000+00:00 mx1 postfix/smtp[9]: 4A1B2C3D4%d: to=<anna@d%d.example>, "
                       "relay=mx.d%d.example[192.0.2.1]:25, delay=10, delays=1/0/1/8, dsn=4.0.0, status=deferred (host "
                       "mx.d%d.example[192.0.2.1] said: %s (in reply to RCPT TO command))\n" % (i, i, i, i, i, text)
                       for i, text in enumerate(texts)).encode()

    def test_json(self):
        log = self.log("450 Frobnicator 17 sulks", "451 4.9.9 Frobnicator 4 sulks", "450 Another mystery",
                       "450 4.2.2 The mailbox is over quota")
        out = self.works("unknown", "--json", "-", stdin=log)
        first, second = map(json.loads, out.splitlines())
        self.assertEqual((first["template"], first["count"], first["codes"], first["mta"], first["destinations"]),
                         ("frobnicator {n} sulks", 2, ["450", "451 4.9.9"], ["postfix"], 2))
        self.assertEqual((second["template"], second["count"], second["count_over"]), ("another mystery", 1, 0))
        self.assertIn("450 Another mystery", second["example"])
        self.assertEqual(self.works("unknown", "--json", "--top", "1", "-", stdin=log).count("\n"), 1)

    def test_rules(self):
        out = self.works("unknown", "-", stdin=self.log("450 Frobnicator 17 sulks", "450 Frobnicator 4 sulks"))
        self.assertIn("# 2 lines read, 2 deferrals, 2 of them without a rule of their own: 1 template here.", out)
        self.assertIn("# 2 texts for 2 destinations, by postfix, code 450", out)
        for part in ("- id: unknown.", "  scope: reply\n", "  tier: text\n", '  contains: ["frobnicator"]\n',
                     "  class: other", '    - "host mx.d0.example[192.0.2.1] said: 450 Frobnicator 17 sulks'):
            self.assertIn(part, out)
        self.assertEqual(self.works("unknown", "--yaml", "-", stdin=self.log("450 Frobnicator 17 sulks",
                                                                            "450 Frobnicator 4 sulks")), out)

    def test_says_what_it_forgot(self):
        log = self.log("450 Frobnicator sulks", "450 Another mystery", "450 Nothing known")
        out = self.works("unknown", "--keep", "2", "-", stdin=log)
        self.assertIn("There were more than can be kept: 1 made room", out)
        self.assertIn("at most 2 texts", out)
        self.assertNotIn("made room", self.works("unknown", "--keep", "3", "-", stdin=log))

    def test_nothing(self):
        self.assertIn("0 of them without a rule", self.works("unknown", "-"))
        self.assertEqual(self.works("unknown", "--json", "-"), "")

    def test_misuse(self):
        self.fails(["unknown"], USAGE, "FILE... or --topic is missing")
        self.fails(["unknown", "--topic", "x", "f"], USAGE, "do not go together")
        self.fails(["unknown", "--json", "--yaml", "f"], USAGE, "do not go together")
        self.fails(["unknown", "--top", "0", "f"], USAGE, "--top wants a number")
        self.fails(["unknown", "/nonexistent"], NOINPUT, "/nonexistent")
        self.fails(["unknown", "--set", NOWHERE, "--topic", "deliveries"], UNAVAILABLE, "")


class Explain(Case):
    KEYS = ("mta event queue_id recipient destination next_hop group provider connector reply_code enhanced_code class "
            "family detail suspended permanent_reply microsoft_code owner side rule tier remedy").split()
    MORE = ["remedy_zh_tw", "fix_now", "links"]

    def setUp(self):
        with open(LINES, encoding="utf-8") as f:
            self.lines = f.read().splitlines()

    def test_json(self):
        out = self.works("explain", "--json", "--set", CONNECTOR, *self.lines)
        self.golden("explain.ndjson", out)
        objects = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(objects), len(self.lines))
        for o in objects:
            extra = [k for k in o if k not in self.KEYS]
            self.assertEqual(list(o)[:len(self.KEYS)], self.KEYS)
            self.assertEqual(extra[:len(self.MORE)], self.MORE)
            self.assertEqual(len(extra) - len(self.MORE), o["event"] is None)
            self.assertLessEqual(set(extra[len(self.MORE):]), {"fact", "noise", "dead_letter"})
            self.assertEqual(bool(o["remedy_zh_tw"]), o["class"] is not None)
            self.assertEqual(bool(o["fix_now"]), o["class"] not in (None, "greylisted"))
            self.assertIs(type(o["suspended"]), bool)
            self.assertIs(type(o["permanent_reply"]), bool)
        self.assertEqual([o["class"] for o in objects[:4]],
                         ["greylisted", "connect_timeout", "connect_refused", None])
        self.assertEqual([o["suspended"] for o in objects[:4]], [False, False, True, False])
        self.assertEqual(objects[1]["connector"], "branch")
        self.assertEqual([list(o.items())[-1] for o in objects[4:]],
                         [("fact", "removed"), ("noise", "connect"), ("dead_letter", "cut_line"), ("noise", "empty"),
                          ("dead_letter", "unknown_format")])

    def test_words(self):
        out = self.works("explain", "--set", CONNECTOR, *self.lines[1:])
        out = re.sub(r"\.yaml:\d+\), the \d+(st|nd|rd|th) tried", ".yaml:N), the Nth tried", out)
        out = re.sub(r"^passed over .*\n( {12}.*\n)*", "", out, flags=re.M)
        self.golden("explain.txt", out)  # new rules come, and lines move

    def test_trail(self):
        text = "host mx.example.org[192.0.2.1] said: 450 4.2.0 Greylisted, hello (in reply to RCPT TO command)"
        out = self.works("explain", "--json", "--trail", "--replies", stdin=text.encode() + b"\n")
        trail = json.loads(out)["trail"]
        self.assertEqual(trail["normalised"], "greylisted, hello")
        self.assertEqual(len(trail["rules"]), min(trail["tried"], 10))
        self.assertEqual([r["unmet"] for r in trail["rules"]][-1], None)
        self.assertTrue(all(r["unmet"] for r in trail["rules"][:-1]))
        self.assertEqual(trail["rules"][-1], {"rule": "text.greylist", "tier": "text", "unmet": None,
                                              "matched": "greylist"})
        words = self.works("explain", "--replies", stdin=text.encode() + b"\n")
        self.assertIn("normalised  greylisted, hello\n", words)
        self.assertRegex(words, r"passed over (\d+ more, )?[a-z]+\.[a-z_.]+ \(")

    def test_replies_line_by_line(self):
        """One object a line, in order, whatever the line is made of."""
        refused = b"connect to a.example[192.0.2.1]:25: Connection refused"
        lines = [(b"\xef\xbb\xbfpostfix\t\t" + refused, "postfix", "connect_refused"), (b"", None, "other"),
                 (b"\t\t", None, "other"), (b"postfix\t\t" + refused + b"\r", "postfix", "connect_refused"),
                 (b" PostFix \t \t  " + refused + b"  ", "postfix", "connect_refused"),
                 (refused, None, "connect_refused"), (b"somemta\t\t450 4.2.2 over quota", None, "mailbox_full"),
                 (b"\t\t450 4.2.2 over\tquota", None, "mailbox_full"),
                 (b"\t\t450 4.2.2 \xff\xfe\0 over quota", None, "mailbox_full"),
                 (b"\t\t450 4.2.2 over quota " + b"x" * 1000000, None, "mailbox_full"),
                 (b'\t\t450 4.2.2 "over" quota \\', None, "mailbox_full")]
        stdin = b"\n".join(line for line, _, _ in lines)
        out = [json.loads(o) for o in self.works("explain", "--json", "--replies", stdin=stdin).splitlines()]
        self.assertEqual([(o["mta"], o["class"]) for o in out], [(mta, c) for _, mta, c in lines])
        self.assertTrue(all(list(o) == list(out[0]) for o in out))

    def test_what_to_mind_comes_before_the_command(self):
        out = self.works("explain", "--set", CONNECTOR, *self.lines[1:])
        self.assertLess(out.index("Each sender gets a bounce"), out.index("postsuper -f -"))

    def test_language(self):
        english = self.works("explain", "--set", CONNECTOR, self.lines[1])
        for args in (["--language", "zh-TW"], ["--set", "language=zh-TW"]):
            out = self.works("explain", "--set", CONNECTOR, *args, self.lines[1])
            self.assertIn("what to do  連線到目的地郵件伺服器時沒有回應（逾時）。", out)
            self.assertIn("postfix, 立即重試:", out)
            self.assertNotIn("What waits", out)
            commands = [line for line in out.splitlines() if "postqueue" in line]
            self.assertEqual(len(commands), 4)
            self.assertEqual(commands, [line for line in english.splitlines() if "postqueue" in line])
            for line in out.splitlines():
                if line not in commands and "http" not in line:
                    self.assertLess(sum(2 if c >= "\u2e80" else 1 for c in line), 80, line)
                    self.assertNotRegex(line, "^ *[，。、；：）」]")
        self.assertEqual(english, self.works("explain", "--set", CONNECTOR, "--language", "en", self.lines[1]))
        self.assertEqual(run("explain", "--language", "fr")[0], USAGE)
        self.assertEqual(run("explain", "--set", "language=fr")[0], CONFIG)

    @unittest.skipUnless(shutil.which("jq"), "no jq")
    def test_postfix_commands_pick_messages(self):
        """any takes a message with one such recipient, all only one with no other, and no bounce."""
        queue = (("A", "deferred", "a@branch.example.net"), ("B", "hold", "b@Branch.Example.NET", "c@other.example"),
                 ("C", "deferred", "c@other.example"), ("D", "deferred", "d@sub.branch.example.net"),
                 ("MAILER", "deferred", "e@branch.example.net"))
        listing = "".join(json.dumps({"queue_name": name, "queue_id": queue_id, "forced_expire": False,
                                      "sender": "MAILER-DAEMON" if queue_id == "MAILER" else "s@example.org",
                                      "recipients": [{"address": a} for a in addresses]}) + "\n"
                          for queue_id, name, *addresses in queue)
        (line,) = self.works("explain", "--json", "--set", CONNECTOR, self.lines[1]).splitlines()
        got = {}
        for fix in json.loads(line)["fix_now"]:
            program = re.search("jq -r '([^']*)'", fix["command"]).group(1)
            got[fix["action"]] = subprocess.run(["jq", "-r", program], input=listing, capture_output=True, text=True,
                                                check=True).stdout.split()
        self.assertEqual(got, {"retry": ["A", "B", "MAILER"], "hold": ["A", "B", "MAILER"], "release": ["B"],
                               "reject": ["A"]})

    def test_input_is_as_arguments(self):
        with open(LINES, "rb") as f:
            text = f.read()
        want = self.works("explain", "--json", *self.lines)
        self.assertEqual(want, self.works("explain", "--json", stdin=text))
        self.assertEqual(want, self.works("explain", "--json", stdin=text.rstrip(b"\n"),
                                          env={"TZ": "Asia/Tokyo", "LC_ALL": "C"}))
        self.assertEqual("", self.works("explain", stdin=b""))

    def test_bytes_of_any_kind(self):
        out = self.works("explain", "--json", stdin=b"\xff\xfe\0\n" + b"x" * 2000000 + b"\n\n")
        self.assertEqual([list(json.loads(line).items())[-1] for line in out.splitlines()],
                         [("dead_letter", "binary"), ("dead_letter", "too_long"), ("noise", "empty")])


class Replay(Case):
    def test_same_whatever_the_surroundings(self):
        for emit in ("deliveries", "transitions", "messages", "queues", "dlq"):
            with self.subTest(emit):
                want = self.works("replay", "--emit", emit, "--year", "2026", LINES)
                self.assertTrue(want)
                for args, env in (([], {"TZ": "America/New_York"}), ([], {"LC_ALL": "C", "LANG": "tr_TR.UTF-8"}),
                                  (["--set", "batch=1"], {})):
                    self.assertEqual(want, self.works("replay", "--emit", emit, "--year", "2026", *args, LINES, env=env))


class Watch(Case):
    def log(self, n):
        return "".join(f"2026-11-24T06:{i // 60:02}:{i % 60:02}Z mx1 postfix/smtp[1]: {0xA0000 + i:X}: "
                       f"to=<u{i}@branch.example.net>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred "
                       "(connect to mx.branch.example.net[192.0.2.7]:25: Connection refused)\n"
                       for i in range(n)).encode()

    def once(self, n, now, *args):
        return self.works("watch", "--once", "--now", now, "--set", CONNECTOR, *args, "-", stdin=self.log(n))

    def test_nothing_is_wrong(self):
        self.assertEqual(self.once(5, "2026-11-24T07:30:00Z"),
                         "Nothing is wrong. 5 lines read; messages in the queue as far as is known: 5, overdue: 0.\n")
        self.assertEqual(self.once(5, "2026-11-24T07:30:00Z", "--json"), "")

    def test_something_is_wrong(self):
        out = self.once(30, "2026-11-24T07:30:00Z")
        for part in ("Warning: 30 messages wait for branch (connect_refused)", "What to do:", "Contact: noc@example.net",
                     "30 lines read"):
            self.assertIn(part, out)
        self.assertIn("postsuper -f -", out)
        self.assertIn("See: https://", out)
        self.assertIn("postfix, 拒絕:", self.once(30, "2026-11-24T07:30:00Z", "--set", "language=zh-TW"))
        (incident,) = map(json.loads, self.once(30, "2026-11-24T07:30:00Z", "--json").splitlines())
        self.assertEqual((incident["group"], incident["family"], incident["class"], incident["messages"],
                          incident["state"]), ("branch", "reach", "connect_refused", 30, "open"))
        self.assertIn("Critical", self.once(1, "2026-11-26T05:00:00Z"))

    def test_follows_until_told_to_stop(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sig), tempfile.NamedTemporaryFile("wb") as f:
                f.write(self.log(2))
                f.flush()
                p = subprocess.Popen([QLAPSE, "watch", f.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                first = p.stdout.readline()
                p.send_signal(sig)
                out, err = p.communicate(timeout=60)
                self.assertEqual((p.returncode, out, err), (0, b"", b""))
                self.assertIn(b"Nothing is wrong. 2 lines read", first)

    def test_ends_with_its_pipe(self):
        self.assertIn("Nothing is wrong.", self.works("watch", "-", stdin=self.log(2)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
