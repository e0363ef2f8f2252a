#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What qlapse tells over HTTP, with the real promtool, Prometheus and Kafka.

usage: metrics_test.py PART QLAPSE SOURCE_DIR WORK_DIR [TEST...]      PART: Watch, Rules, Server or Kafka
exit status 77: what the part needs cannot be had here (1 with CI=true)
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PART, QLAPSE, SOURCE, WORK = sys.argv[1:5]
DEPLOY = os.path.join(SOURCE, "deploy", "prometheus")
KAFKA = os.path.join(SOURCE, "deploy", "kafka", "kafka.sh")
BROKER = os.path.join(WORK, "kafka-metrics")
CONFIG, OSERR = 78, 71
STAGES = ("ingest", "track", "queue", "alert")
DEFERRED = ("{stamp} mx1 postfix/smtp[7]: {queue:X}: to=<u@{domain}>, relay=none, delay=9, delays=9/0/0/0, dsn=4.4.1, "
            "status=deferred (connect to {host}[192.0.2.9]:25: Connection refused)")
HOSTILE = ("~other", 'a"b', "a\\", 'x\\"} 1', "a{b=\"c\"}", "-", "%7Eother", "a,b", "sp ace.example", "\x1b[31m.example",
           "\u202egnp.example", "\x85.example", "'; drop table x;--.example", "<script>.example", "x" * 300 + ".example")


def deferred(n, domain, host=None):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return DEFERRED.format(stamp=stamp, queue=0x100000 + n, domain=domain, host=host or domain)


def promtool(*args, **kw):
    return subprocess.run(["promtool", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=60, **kw)


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError("it did not come about within %s s: %r" % (seconds, what))


class Running:
    """A qlapse that listens on a free port, and what it says on standard error."""

    def __init__(self, *args, listen="127.0.0.1:0"):
        self.process = subprocess.Popen([QLAPSE, *args, "--set", f"http.listen={listen}"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.at = wait_for(self.find_address)

    def read(self):
        self.lines.extend(iter(self.process.stderr.readline, ""))

    def find_address(self):
        if self.process.poll() is not None:
            raise AssertionError("".join(self.lines))
        found = re.search(r"http://(\S+)/$", "".join(self.lines), re.M)
        return found and found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.status = self.process.wait(60)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stderr.close()

    def ask(self, path, method="GET", body=None):
        c = http.client.HTTPConnection(self.at, timeout=30)
        try:
            c.request(method, path, body=body)
            answer = c.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            c.close()

    def is_ready(self):
        return self.ask("/readyz")[0] == 200

    def page(self):
        status, text, headers = self.ask("/metrics")
        assert status == 200
        assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return text


def series(page):
    return [line for line in page.splitlines() if not line.startswith("#")]


def numbers(page, name):
    """Value by the text of the labels."""
    found = re.findall(r"^%s(\{.*\})? (\S+)$" % name, page, re.M)
    return {labels: float(value) for labels, value in found}


class Watch(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def log(self, lines):
        path = os.path.join(self.dir.name, "mail.log")
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        return path

    def watch(self, lines, *args, **kw):
        running = Running("watch", self.log(lines), *args, **kw)
        try:
            wait_for(running.is_ready)
        except BaseException:
            running.__exit__()
            raise
        return running

    def test_promtool_has_nothing_to_say(self):
        with self.watch([deferred(i, domain) for i, domain in enumerate(HOSTILE)]) as q:
            page = wait_for(lambda: sum(numbers(q.page(), "qlapse_waiting_messages").values()) > 10 and q.page())
        done = promtool("check", "metrics", input=page)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        broken = promtool("check", "metrics", input=page.replace('kind="own"', 'kind="o"w"'))
        self.assertNotEqual(broken.returncode, 0)
        self.assertEqual(len(series(page)), len({line.rsplit(" ", 1)[0] for line in series(page)}), "a series twice")
        groups = numbers(page, "qlapse_destination_messages")
        self.assertEqual(sum(groups.values()), sum(numbers(page, "qlapse_waiting_messages").values()))
        self.assertGreater(len(groups), 5)
        self.assertEqual(groups['{group="~other"}'], 0)
        for c in page:
            self.assertTrue(c == "\n" or c.isprintable(), repr(c))

    def test_many_destinations_are_few_series(self):
        def size(n, *args):
            with self.watch([deferred(i, f"d{i}.example") for i in range(n)], *args) as q:
                wait_for(lambda: numbers(q.page(), "qlapse_destinations").get("") == n)
                page = q.page()
            shown = numbers(page, "qlapse_destination_messages")
            self.assertEqual(sum(shown.values()), n)
            return len(series(page)), len(page), len(shown)

        n, octets, shown = size(10000)
        self.assertEqual(shown, 51)
        self.assertLess(n, 1000)
        self.assertLess(octets, 100000)
        fewer = size(200)
        self.assertLessEqual(n - fewer[0], 8)
        self.assertLess(octets - fewer[1], 1000)
        self.assertEqual(size(200, "--set", "metrics.groups=3")[2], 4)

    def test_pages(self):
        with self.watch([deferred(1, "d.example")]) as q:
            for path in ("/", "/metrics", "/healthz", "/readyz", "/version", "/metrics?x=1"):
                status, text, headers = q.ask(path)
                self.assertEqual(status, 200, path)
                head = q.ask(path, "HEAD")
                self.assertEqual((head[0], head[1]), (200, ""))
                self.assertEqual(headers["Content-Type"], head[2]["Content-Type"])
                for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
                    status, _, headers = q.ask(path, method, body="x" * 100000)
                    self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)
            for path in ("/metrics/", "/x", "//", "/../etc/passwd", "/METRICS", "/%00"):
                self.assertEqual(q.ask(path)[0], 404, path)
            self.assertEqual(set(json.loads(q.ask("/version")[1])), {"qlapse", "librdkafka", "libmicrohttpd"})
            self.assertIn("/readyz", q.ask("/")[1])
        self.assertEqual(q.status, 0)

    @staticmethod
    def raw(q, octets, source="127.0.0.3"):
        """What comes back of some bytes, up to the end of the connection."""
        host, port = q.at.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=40, source_address=(source, 0)) as s:
            answer = b""
            try:
                s.sendall(octets)
                while chunk := s.recv(65536):
                    answer += chunk
            except (ConnectionResetError, BrokenPipeError):
                pass
            return answer

    def test_hostile_clients(self):
        with self.watch([deferred(1, "d.example")]) as q:
            begun = time.monotonic()
            ended = []

            def dribble():
                host, port = q.at.rsplit(":", 1)
                with socket.create_connection((host, int(port)), source_address=("127.0.0.4", 0)) as s:
                    try:
                        s.sendall(b"GET / HTTP/1.1\r\nX: ")
                        while time.monotonic() - begun < 60:
                            s.sendall(b"x")
                            time.sleep(0.5)
                    except OSError:
                        pass
                    ended.append(time.monotonic() - begun)

            slow = threading.Thread(target=dribble)
            slow.start()
            host, port = q.at.rsplit(":", 1)
            held = []
            for i in range(200):
                s = socket.socket()
                s.settimeout(5)
                s.bind(("127.0.0.2", 0))
                s.connect((host, int(port)))
                held.append(s)
            for s in held:
                try:
                    s.sendall(b"GET /metrics HTTP/1.1\r\n")
                except OSError:
                    pass
            self.assertEqual(q.ask("/healthz")[0], 200)
            self.assertRegex(self.raw(q, b"GET /" + b"x" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), rb"^(HTTP/1.1 4\d\d |$)")
            flood = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20000)) + b"\r\n"
            self.assertRegex(self.raw(q, flood), rb"^(HTTP/1.1 4\d\d |$)")
            self.assertRegex(self.raw(q, b"\0\xff" * 5000 + b"\r\n\r\n"), rb"^(HTTP/1.\d 4\d\d |$)")
            endless = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"
            self.assertIn(b"200 OK", self.raw(q, endless))
            twice = self.raw(q, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            self.assertEqual(twice.count(b"200 OK"), 1)
            self.assertEqual(q.ask("/metrics")[0], 200)
            resident = numbers(q.page(), "qlapse_resident_memory_bytes")[""]
            self.assertLess(resident, 400e6)
            for s in held:
                s.close()
            slow.join(60)
            self.assertTrue(ended and 10 < ended[0] < 30, ended)
            self.assertEqual(q.ask("/metrics")[0], 200)
        self.assertEqual(q.status, 0)

    def fails(self, listen, status, words):
        done = subprocess.run([QLAPSE, "watch", "--set", f"http.listen={listen}", self.log([])], capture_output=True,
                              text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)

    def test_addresses(self):
        self.fails("9877", CONFIG, "is no address to listen on")
        self.fails("'::1:9877'", CONFIG, "is no address to listen on")
        self.fails("127.0.0.1:99999", CONFIG, "is no address to listen on")
        self.fails("no-such-host.invalid:9877", CONFIG, "cannot listen on 'no-such-host.invalid:9877'")
        self.fails("192.0.2.1:9877", OSERR, "cannot listen on '192.0.2.1:9877'")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.fails("127.0.0.1:%d" % taken.getsockname()[1], OSERR, "in use")

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        with self.watch([], listen='"[::1]:0"') as q:
            self.assertTrue(q.at.startswith("[::1]:"))
            self.assertEqual(q.ask("/healthz")[0], 200)


class Rules(unittest.TestCase):
    """The alert rules, by promtool; and each of their links."""
    RULES = os.path.join(DEPLOY, "qlapse.rules.yml")

    def test_promtool(self):
        done = promtool("check", "rules", self.RULES)
        self.assertEqual(done.returncode, 0, done.stdout)
        done = promtool("test", "rules", os.path.join(DEPLOY, "qlapse.tests.yml"))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_rule_is_tested(self):
        """With all rules made such that they never fire, the tests miss each of them."""
        with open(self.RULES, encoding="utf-8") as f:
            rules = f.read()
        names = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(names), 12)
        dead, n = re.subn(r"expr: (?!>-)", "expr: (vector(0) == 1) and ", rules)
        dead, m = re.subn(r"expr: >-\n", "expr: >-\n          (vector(0) == 1) and ", dead)
        self.assertEqual(n + m, len(names))
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "qlapse.rules.yml"), "w", encoding="utf-8") as f:
                f.write(dead)
            shutil.copy(os.path.join(DEPLOY, "qlapse.tests.yml"), d)
            done = promtool("test", "rules", os.path.join(d, "qlapse.tests.yml"))
        self.assertNotEqual(done.returncode, 0)
        missed = done.stdout.replace("QlapseExpiry.*", "QlapseExpiryWithin6h QlapseExpiryWithin1h")
        self.assertEqual([name for name in names if name not in missed], [], done.stdout)

    def test_links_and_metrics_exist(self):
        with open(self.RULES, encoding="utf-8") as f:
            rules = f.read()
        with open(os.path.join(SOURCE, "docs", "OPERATIONS.md"), encoding="utf-8") as f:
            heads = re.findall(r"^#+ (.*)$", f.read(), re.M)
        anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}
        links = re.findall(r"runbook_url: \S+/OPERATIONS\.md#(\S+)$", rules, re.M)
        self.assertEqual(len(links), rules.count("- alert:"))
        self.assertEqual(set(links) - anchors, set())
        with open(os.path.join(SOURCE, "docs", "METRICS.md"), encoding="utf-8") as f:
            known = set(re.findall(r"^\| `(\w+)`", f.read(), re.M))
        used = {re.sub(r"_(bucket|sum|count)$", "", m) for m in re.findall(r"\bqlapse_\w+", rules)}
        self.assertEqual(used - known, set())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Server(unittest.TestCase):
    """A real Prometheus scrapes, takes in the alert rules, and answers."""

    def query(self, port, path):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            c.request("GET", path)
            return json.loads(c.getresponse().read())["data"]
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return None
        finally:
            c.close()

    def test_prometheus_answers(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as d:
            log = os.path.join(d, "mail.log")
            with open(log, "w", encoding="utf-8") as f:
                f.writelines(deferred(i, domain) + "\n" for i, domain in enumerate(HOSTILE))
            with Running("watch", log) as q:
                wait_for(q.is_ready)
                with open(os.path.join(d, "prometheus.yml"), "w", encoding="utf-8") as f:
                    json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                               "rule_files": [os.path.join(DEPLOY, "qlapse.rules.yml")],
                               "scrape_configs": [{"job_name": "qlapse", "static_configs": [{"targets": [q.at]}]}]}, f)
                with open(os.path.join(d, "log"), "w", encoding="utf-8") as out:
                    server = subprocess.Popen(["prometheus", "--config.file", os.path.join(d, "prometheus.yml"),
                                               "--storage.tsdb.path", os.path.join(d, "data"),
                                               "--web.listen-address", f"127.0.0.1:{port}"], stdout=out, stderr=out)
                try:
                    def answer():
                        data = self.query(port, "/api/v1/query?query=sum(qlapse_destination_messages)")
                        return data and [float(r["value"][1]) for r in data["result"] if float(r["value"][1]) > 10]

                    got = wait_for(answer)
                    self.assertEqual(got, [numbers(q.page(), "qlapse_waiting_messages")['{kind="internet"}']])
                    up = self.query(port, "/api/v1/query?query=up")["result"]
                    self.assertEqual([u["value"][1] for u in up], ["1"])

                    def evaluated():
                        data = self.query(port, "/api/v1/rules")
                        rules = [r for g in data["groups"] for r in g["rules"]]
                        return len(rules) > 12 and all(r["health"] == "ok" for r in rules)

                    wait_for(evaluated)
                finally:
                    server.terminate()
                    server.wait(30)


def broker(action):
    return subprocess.run([KAFKA, action, "--dir", BROKER], capture_output=True, timeout=300, check=False)


class Kafka(unittest.TestCase):
    def setUp(self):
        self.prefix = f"m{os.getpid()}"
        with open(os.path.join(BROKER, "bootstrap"), encoding="ascii") as f:
            bootstrap = f.read().strip()
        settings = [f"kafka.bootstrap.servers={bootstrap}", f"prefix={self.prefix}", f"app={self.prefix}",
                    f"raw_topics=[{{name: {self.prefix}-raw, partitions: 3}}]", "threads=2", "emit.local_parts=clear"]
        self.settings = [x for s in settings for x in ("--set", s)]

    def works(self, *args, **kw):
        subprocess.run([QLAPSE, *args, *self.settings], check=True, timeout=120, stdout=subprocess.DEVNULL, **kw)

    def become_ready(self, q):
        """Asks without a pause; what was said before the first yes, and the log as it stood then."""
        said = []

        def ready():
            status, text, _ = q.ask("/readyz")
            said.append((status, text))
            self.assertIn(status, (200, 503))
            self.assertEqual(q.ask("/healthz")[0], 200)
            return status == 200

        wait_for(ready, 120)
        return said[:-1], "".join(q.lines)

    def check_log(self, log):
        for stage in STAGES:
            for k in range(2):
                self.assertRegex(log, rf"{stage}/{k}: {stage}: assigned \d+ partitions")
        for stage in STAGES[1:]:
            for k in range(2):
                self.assertRegex(log, rf"{stage}/{k}: {stage}: restored \d+ state records")

    def test_ready_after_restore(self):
        self.works("topics", "create")
        lines = "".join(deferred(i, f"d{i % 70}.example") + "\n" for i in range(3000))
        self.works("feed", "-", input=lines.encode())
        with Running("run", *self.settings) as q:
            before, log = self.become_ready(q)
            self.assertTrue(before)
            for status, text in before:
                self.assertEqual(status, 503)
                self.assertRegex(text, r"\A(not ready: (ingest|track|queue|alert)/\d [a-z ]+.*\n)+\Z")
            self.check_log(log)
            wait_for(lambda: numbers(q.page(), "qlapse_waiting_messages").get('{kind="internet"}') == 3000, 120)
            n = 3 + 4 + 4 + 1  # an end is known once something has been fetched

            def settled():
                page = q.page()
                lag = numbers(page, "qlapse_partition_lag_records")
                behind = numbers(page, "qlapse_partition_behind_seconds")
                return len(lag) == n and max(lag.values()) < 50 and max(behind.values()) < 60 and page

            page = wait_for(settled, 60)  # what is read is known a moment after what was done with it
            self.assertTrue(q.is_ready())
        self.assertEqual(q.status, 0, "".join(q.lines))
        self.assertEqual((lambda d: (d.returncode, d.stdout))(promtool("check", "metrics", input=page)), (0, ""))
        self.assertEqual(sum(numbers(page, "qlapse_events_total").values()), 3000)
        self.assertEqual(sum(numbers(page, "qlapse_destination_messages").values()), 3000)
        self.assertEqual(len(numbers(page, "qlapse_destination_messages")), 51)
        commits = numbers(page, "qlapse_commit_seconds_count")
        committed = {k: v for k, v in numbers(page, "qlapse_transactions_total").items() if "committed" in k}
        self.assertGreater(sum(commits.values()), 8)
        self.assertLessEqual(abs(sum(commits.values()) - sum(committed.values())), 60)  # looks are a second apart
        with Running("run", *self.settings) as q:
            before, log = self.become_ready(q)
            self.assertTrue(before)
            self.check_log(log)
            def told():
                page = q.page()
                return numbers(page, "qlapse_waiting_messages").get('{kind="internet"}') == 3000 and page

            page = wait_for(told, 60)  # ready is told before the sums of what was restored
        restored = numbers(page, "qlapse_restored_records_total")
        self.assertGreater(sum(v for k, v in restored.items() if "track" in k), 2999)
        self.assertEqual(max(numbers(page, "qlapse_restoring_partitions").values()), 0)


def skip(why):
    print("metrics_test.py: skipped,", why)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def main():
    tools = {"Server": ("promtool", "prometheus")}.get(PART, ("promtool",))
    for tool in tools:
        if shutil.which(tool) is None:
            skip(f"no {tool}")
    if PART == "Kafka" and broker("start").returncode != 0:
        skip("no broker can be had")
    try:
        names = [f"{PART}.{t}" for t in sys.argv[5:]]
        suite = unittest.defaultTestLoader.loadTestsFromNames(names or [PART], sys.modules["__main__"])
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        if PART == "Kafka":
            broker("clean")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


main()
