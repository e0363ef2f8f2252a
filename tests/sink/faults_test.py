#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL restarted, killed, hanging, read-only, its connections cut, its disk full; Kafka restarted; two sinks that
take partitions from each other: the tables equal the topics, and the log tells of each trouble once.

usage: faults_test.py QLAPSE SOURCE_DIR WORK_DIR
Exit status 77: Kafka or PostgreSQL cannot be had. A full disk needs root (a tmpfs); without it that part is left out, and says so.
"""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402


class Faults:
    def __init__(self, qlapse, source, work):
        self.r = rig.Rig(qlapse, source, work, 3)
        self.made = 0

    def load(self, n=600):
        """A little of each topic; in threes, so that a batch is cut off in its middle now and then."""
        r = self.r
        for topic, count in (("deliveries", n), ("transitions", n // 2), ("incidents", n // 10), ("queues", n // 10),
                             ("alerts", n // 20)):
            r.produce(topic, [(f"k{r.random.randrange(50)}", r.record(topic)) for _ in range(count)])
            self.made += count

    def caught_up(self, limit_s=90):
        """All that was produced is in the tables."""
        rig.wait_for("the sink to catch up", lambda: self.stored() >= self.made, limit_s, 0.2)

    def stored(self):
        try:
            return self.r.offsets()
        except RuntimeError:  # the database is away
            return -1

    def trouble(self, what, words, make, mend):
        """The sink tells of it once, waits, and goes on when it is over."""
        log = len(self.r.log("a"))
        make()
        self.load()
        rig.wait_for(f"the sink to notice: {what}", lambda: words in self.r.log("a")[log:], 90)
        time.sleep(2)  # attempts in between are not told
        mend()
        self.caught_up()
        rig.wait_for(f"the end of: {what}", lambda: "takes records again" in self.r.log("a")[log:])
        told = [line for line in self.r.log("a")[log:].splitlines() if "nothing is lost" in line]
        if len(told) > 2:  # a restart may show two faces: cut off, then starting
            sys.exit(f"{what} is told {len(told)} times: {told}")
        print(f"{what}: noticed, waited, went on", flush=True)

    def postgres(self, action):
        return lambda: self.r.script("postgres", action)

    def database_away(self):
        self.trouble("stopped and started", "nothing is lost", self.postgres("stop"), self.postgres("start"))
        self.trouble("killed", "nothing is lost", self.postgres("kill"), self.postgres("start"))

    def cut(self):
        """Connections ended one after the other, amid transactions."""
        for _ in range(10):
            self.load(200)
            self.r.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'qlapse-sink'")
            time.sleep(self.r.random.uniform(0, 0.3))
        self.caught_up()
        print("10 connections cut", flush=True)

    def read_only(self):
        def setting(value):
            self.r.sql(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            self.r.sql("SELECT pg_reload_conf()")

        def mend():
            done = subprocess.run(["psql", "-XAtq", self.r.conninfo], text=True, env=self.r.env, capture_output=True, timeout=60,
                                  input="SET default_transaction_read_only = off;\nALTER SYSTEM RESET "
                                        "default_transaction_read_only;\nSELECT pg_reload_conf();\n")
            if done.stderr:
                sys.exit(done.stderr)
        self.trouble("read-only", "nothing is lost", lambda: setting("on"), mend)

    def locked(self):
        """Whoever locks a table makes the sink wait, and then it goes on."""
        p = subprocess.Popen(["psql", "-XAtq", self.r.conninfo, "-c",
                              "BEGIN; LOCK TABLE qlapse.deliveries; SELECT pg_sleep(4); COMMIT"], env=self.r.env,
                             stdout=subprocess.DEVNULL)
        self.load()
        p.wait(60)
        self.caught_up()
        print("a table locked for 4 s", flush=True)

    def disk_full(self):
        r = self.r
        path = os.path.join(r.dir, "full")
        os.makedirs(path, exist_ok=True)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m,mode=777", "none", path], capture_output=True).returncode == 0
        if not mounted:
            print("left out: a full disk needs root, and the right to mount", flush=True)
            return
        try:
            r.sql(f"CREATE TABLESPACE small LOCATION '{path}'")
            for table in r.sql("SELECT relid::regclass FROM pg_partition_tree('qlapse.deliveries') WHERE isleaf").split():
                r.sql(f"ALTER TABLE {table} SET TABLESPACE small")
            log = len(r.log("a"))
            for _ in range(20):
                self.load(2000)
                if "nothing is lost" in r.log("a")[log:]:
                    break
            rig.wait_for("a full disk", lambda: "nothing is lost" in r.log("a")[log:])
            if "53100" not in r.log("a")[log:]:
                sys.exit(f"not the disk: {r.log('a')[log:]}")
            subprocess.run(["mount", "-o", "remount,size=512m", path], check=True)
            self.caught_up()
            print("disk full, then larger: went on", flush=True)
            for table in r.sql("SELECT relid::regclass FROM pg_partition_tree('qlapse.deliveries') WHERE isleaf").split():
                r.sql(f"ALTER TABLE {table} SET TABLESPACE pg_default")
            r.sql("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", path], check=False)

    def hanging(self):
        """A server that is there and says nothing: SIGSTOP. SIGTERM ends the sink all the same."""
        r = self.r
        pid = int(r.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'qlapse-sink' LIMIT 1"))
        os.kill(pid, signal.SIGSTOP)
        try:
            self.load()
            time.sleep(1)
            begun = time.monotonic()
            r.stop_sink("a")
            took = time.monotonic() - begun
        finally:
            os.kill(pid, signal.SIGCONT)
        print(f"a hanging server: ended after {took:.0f} s, with 0", flush=True)
        r.start_sink("a")
        self.caught_up()

    def kafka_restarts(self):
        self.load()
        self.r.script("kafka", "stop")
        time.sleep(1)
        self.r.script("kafka", "start")
        self.load()
        self.caught_up()
        print("Kafka restarted", flush=True)

    def two_sinks(self):
        """They share; one that hangs while its partitions go to the other cannot write when it wakes."""
        r = self.r
        r.start_sink("b")
        rig.wait_for("partitions for the second", lambda: "partitions are ours" in r.log("b"))
        self.load()
        for _ in range(2):
            self.load(2000)
            r.sinks["a"].send_signal(signal.SIGSTOP)
            self.load()
            self.caught_up()  # after a's session has timed out
            self.load(2000)
            r.sinks["a"].send_signal(signal.SIGCONT)
            self.caught_up()
        r.stop_sink("b")
        self.load()
        self.caught_up()
        print("two sinks, one of them asleep for longer than its session", flush=True)

    def main(self):
        r, ok = self.r, False
        begun = time.monotonic()
        try:
            r.start()
            self.load()
            r.start_sink("a", "--set", "sink.postgres.batch=200")
            self.caught_up()
            for part in (self.database_away, self.cut, self.read_only, self.locked, self.disk_full, self.hanging,
                         self.kafka_restarts, self.two_sinks):
                part()
            r.stop_sink("a")
            compared = r.compare()
            ok = compared == self.made
            print(f"{compared} records compared, {self.made} produced, {time.monotonic() - begun:.0f} s")
        finally:
            r.clean()
        if ok:
            shutil.rmtree(r.dir)
        return 0 if ok else 1


sys.exit(Faults(os.environ.get("QLAPSE_RELEASE", sys.argv[1]), sys.argv[2], sys.argv[3]).main())
