#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/quickstart.sh shows the three incidents of its sample, once each, in words, and leaves nothing behind: no
process and no file, also when it is ended half-way; where Kafka cannot start it says so and shows the same without.

usage: quickstart_test.py kafka|no_kafka|fallback QLAPSE SOURCE_DIR
exit status 77: Kafka cannot be had here (1 with CI=true); "kafka" does not pass on the way without Kafka
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

MODE, QLAPSE, SOURCE = sys.argv[1:4]
SCRIPT = os.path.join(SOURCE, "deploy", "quickstart.sh")
SAMPLE = os.path.join(SOURCE, "deploy", "quickstart", "sample.log")
WITHOUT = "in one process, without Kafka: "
INCIDENTS = (
    ("5 messages wait for gone.example (dns_failure)", "The name of the destination's mail server, or of the smart host, does not resolve."),
    ("30 messages wait for branch-office (connect_refused)", "destination's mail server refuses the connection."),
    ("12 messages wait for partner (certificate_invalid)", "of the destination's mail server does not pass our check."),
)


class Trial:
    """The script in a TMPDIR of its own, so that all it leaves behind can be seen."""

    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()
        self.out = self.dir / "out"
        self.env = dict(os.environ, QLAPSE_RELEASE=QLAPSE, TMPDIR=str(self.tmp))

    def start(self, *args):
        with open(self.out, "wb") as out:
            return subprocess.Popen([SCRIPT, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env)

    def text(self):
        return self.out.read_text(encoding="utf-8", errors="replace")

    def run(self, *args):
        """exit status and what it says"""
        return self.start(*args).wait(240), self.text()

    def run_until(self, mark, signo):
        """ends it by a signal once it has said the mark; whether it had"""
        process = self.start()
        deadline = time.monotonic() + 120
        while mark not in self.text() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        said = mark in self.text() and process.poll() is None
        process.send_signal(signo)
        process.wait(60)
        return said

    def without_java(self):
        """puts a java that cannot run first in the path"""
        java = self.dir / "bin" / "java"
        java.parent.mkdir()
        java.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
        java.chmod(0o755)
        self.env["PATH"] = f"{java.parent}:{self.env['PATH']}"

    def left(self):
        """files, and processes that were given this folder; a process may take a moment to go"""
        deadline = time.monotonic() + 20
        while (running := self.running()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return [f"left behind: {x}" for x in [*map(str, self.tmp.iterdir()), *running]]

    def running(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.tmp) in words:
                found.append(f"process {entry.parent.name}: {words[:100]}")
        return found


def shown(status, text):
    """what is wrong with a run over the sample"""
    flat = " ".join(text.split())
    wrong = [] if status == 0 else [f"ends with {status}"]
    for title, remedy in INCIDENTS:
        if flat.count(title) != 1:
            wrong.append(f'{flat.count(title)} times, not once: "{title}"')
        if remedy not in flat:
            wrong.append(f'not said: "{remedy}"')
    if text.count("\n* ") != len(INCIDENTS):
        wrong.append(f"{text.count(chr(10) + '* ')} alerts, not {len(INCIDENTS)}")
    if "Where to go next:" not in text:
        wrong.append("where to go next is not said")
    return wrong


def no_kafka(trial):
    status, text = trial.run("--no-kafka")
    wrong = shown(status, text) + trial.left()
    if WITHOUT + "as asked for" not in text:
        wrong.append("that it runs without Kafka is not said")
    own = trial.dir / "own log"
    with open(SAMPLE, encoding="ascii") as sample:
        own.write_text("".join(line for line in sample if "gone.example" in line or "/qmgr" in line), encoding="ascii")
    status, text = trial.run("--no-kafka", str(own))
    if status != 0 or text.count("\n* ") != 1 or INCIDENTS[0][0] not in text:
        wrong.append(f"the reader's log: ends with {status}, {text}")
    status, text = trial.run("--no-kafka", str(trial.dir / "nowhere.log"))
    if status != 66 or "nowhere.log" not in text:
        wrong.append(f"a log that is not there: ends with {status}, {text}")
    return wrong + trial.left()


def fallback(trial):
    trial.without_java()
    status, text = trial.run()
    wrong = shown(status, text) + trial.left()
    if WITHOUT not in text or WITHOUT + "as asked for" in text:
        wrong.append("that there is no Kafka is not said")
    return wrong


def kafka(trial):
    status, text = trial.run()
    if WITHOUT in text:
        print("skipped: the quickstart had no Kafka:", text[text.index(WITHOUT) + len(WITHOUT):].splitlines()[0])
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    wrong = shown(status, text) + trial.left()
    for signo in (signal.SIGTERM, signal.SIGINT):
        if not trial.run_until("lines fed", signo):
            wrong.append(f"it had not come to feed the log before {signo.name}: {trial.text()}")
        wrong += [f"after {signo.name}, {x}" for x in trial.left()]
    return wrong


def main():
    with tempfile.TemporaryDirectory(prefix="qlapse-quickstart-") as folder:
        trial = Trial(folder)
        wrong = {"kafka": kafka, "no_kafka": no_kafka, "fallback": fallback}[MODE](trial)
        if wrong:
            print(trial.text())
            print("\n".join(wrong))
        return 1 if wrong else 0


sys.exit(main())
