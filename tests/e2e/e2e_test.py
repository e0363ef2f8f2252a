#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Postfix defers to servers that fail in real ways, a real rsyslog ships its log with a null key into a real
Kafka, qlapse runs on it, and kcat finds one incident per fault on the alerts topic; the mail expires, and the incident
says so.

usage: e2e_test.py QLAPSE SOURCE_DIR     exit status 77: a part cannot be had here (1 with CI=true)
"""
import json
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fault_server import FaultServer, closed_port  # noqa: E402

QLAPSE, SOURCE = sys.argv[1:3]
KAFKA = os.path.join(SOURCE, "deploy", "kafka", "kafka.sh")
LIFETIME_S, LIMIT_S, MESSAGES = 45, 170, 2

# name: (address, class, family); each is the domain NAME.example and a connector of that name
FAULTS = {
    "refused": ("127.0.0.11", "connect_refused", "reach"),
    "hang": ("127.0.0.12", "session_timeout", "reach"),
    "drop": ("127.0.0.13", "session_dropped", "reach"),
    "busy": ("127.0.0.14", "session_refused", "reach"),
    "plain": ("127.0.0.15", "tls_unavailable", "tls"),
    "badcert": ("127.0.0.16", "certificate_invalid", "tls"),
    "grey": ("127.0.0.17", "greylisted", "policy"),
    "gone": (None, "dns_failure", "reach"),
}


def skip(why):
    print("skipped:", why)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def run(*args, **kw):
    done = subprocess.run(args, capture_output=True, text=True, timeout=180, check=False, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(args)} ends with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def json_lines(text):
    """the records among the whole lines of a text"""
    return [json.loads(line) for line in text.splitlines(True) if line.startswith("{") and line.endswith("\n")]


def faults_of(name, alerts):
    """What is wrong with what the alerts say of a fault; alerts: those of its group."""
    address, cls, family = FAULTS[name]
    if len({a["incident"] for a in alerts}) != 1:
        return [f"{len({a['incident'] for a in alerts})} incidents, not one"]
    wrong = []
    for key, want in (("family", family), ("class", cls), ("next_hop", address or "mx.gone.invalid")):
        if {a.get(key) for a in alerts} != {want}:
            wrong.append(f"{key} is {[a.get(key) for a in alerts]}, not {want}: {alerts[0].get('last_error')}")
    events = [a["event"] for a in alerts]
    if events[0] != "opened" or events[-1] != "resolved" or set(events[1:-1]) - {"updated"}:
        wrong.append(f"{events}, not opened and at last resolved")
    last = alerts[-1]
    if last["expired"] != MESSAGES or f"{MESSAGES} expired" not in last["summary"]:
        wrong.append(f"{last['expired']} expired, not {MESSAGES}, and it says: {last['summary']}")
    return wrong


class EndToEnd:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.processes = []
        self.config = str(self.dir / "qlapse.yaml")
        self.key = self.dir / "qlapse.key"
        self.key.write_text("an example of a key, no more\n", encoding="ascii")
        self.postfix = self.dir / "postfix"
        self.log = self.dir / "log" / "mail.log"

    def start_servers(self):
        key, cert = self.dir / "key.pem", self.dir / "cert.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.wrong.example",
            "-keyout", str(key), "-out", str(cert))
        self.ports = {"refused": closed_port("127.0.0.11"), "gone": 25}
        for name, (address, _, _) in FAULTS.items():
            if name not in self.ports:
                server = FaultServer(name, address, (str(cert), str(key)))
                server.start()
                self.ports[name] = server.port
        good = FaultServer("good", "127.0.0.18", None)
        good.start()
        self.ports["good"] = good.port

    def hop(self, name):
        address = FAULTS[name][0] if name in FAULTS else "127.0.0.18"
        return f"[{address or 'mx.gone.invalid'}]:{self.ports[name]}"

    def start_postfix(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.smtp_port = s.getsockname()[1]
        for folder, owner in ((self.postfix, "root"), (self.dir / "queue", "root"), (self.dir / "data", "postfix"),
                              (self.log.parent, "root")):
            folder.mkdir()
            shutil.chown(folder, owner)
        routes = "".join(f" {{{n}.example = smtp:{self.hop(n)}}}" for n in [*FAULTS, "good"])
        (self.postfix / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {self.dir}/queue
data_directory = {self.dir}/data
maillog_file = {self.log}
maillog_file_prefixes = {self.log.parent}
myhostname = mx1.sender.example
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
transport_maps = inline:{{ {{sender.example = discard:}}{routes} }}
smtp_tls_security_level = may
smtp_tls_policy_maps = inline:{{ {{{self.hop("plain")} = encrypt}}
  {{{self.hop("badcert")} = secure match=mx.right.example}} }}
queue_run_delay = 3s
minimal_backoff_time = 3s
maximal_backoff_time = 6s
maximal_queue_lifetime = {LIFETIME_S}s
bounce_queue_lifetime = {LIFETIME_S}s
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
smtp_mail_timeout = 3s
smtp_rcpt_timeout = 3s
smtp_destination_concurrency_failed_cohort_limit = 100
""", encoding="ascii")
        shutil.copy("/usr/share/postfix/master.cf.dist", self.postfix / "master.cf")
        master = (self.postfix / "master.cf").read_text(encoding="utf-8")
        (self.postfix / "master.cf").write_text(
            "\n".join(f"127.0.0.1:{self.smtp_port} inet n - n - - smtpd" if line.startswith("smtp      inet") else line
                      for line in master.splitlines()) + "\n", encoding="utf-8")
        run("postconf", "-c", str(self.postfix), "-F", "*/*/chroot=n")
        # A resolver that says "no such host" would bounce at once what one that cannot be reached defers.
        run("postconf", "-c", str(self.postfix), "-P", "smtp/unix/soft_bounce=yes")
        run("postfix", "-c", str(self.postfix), "start")

    def start_kafka(self):
        done = subprocess.run([KAFKA, "start", "--dir", str(self.dir / "kafka")], capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode == 69:
            skip(done.stderr.strip())
        self.bootstrap = (self.dir / "kafka" / "bootstrap").read_text(encoding="ascii").strip()
        connectors = "".join(f"  - {{name: {n}, kind: own, domains: [{n}.example], lifetime: {LIFETIME_S}s}}\n"
                             for n in [*FAULTS, "good"])
        pathlib.Path(self.config).write_text(f"""
kafka: {{bootstrap.servers: "{self.bootstrap}"}}
raw_topics: [{{name: raw, partitions: 3}}]
emit: {{key_file: {self.key}}}
encodings: {{deliveries: json}}
track: {{grace: 20s}}
alert: {{own: {{volume_messages: 1, volume_over: 0}}, clear_after: 1s, update_min: 2s}}
connectors:
{connectors}""", encoding="ascii")
        run(QLAPSE, "topics", "create", "--config", self.config)

    def start(self, name, *args):
        out = open(self.dir / f"{name}.out", "w", encoding="utf-8")
        self.processes.append(subprocess.Popen(args, stdout=out, stderr=out))

    def start_rsyslog(self):
        (self.dir / "rsyslog").mkdir()
        conf = self.dir / "rsyslog.conf"
        conf.write_text(f"""
global(workDirectory="{self.dir}/rsyslog")
module(load="imfile")
module(load="omkafka")
template(name="line" type="string" string="%msg%")
input(type="imfile" File="{self.log}" Tag="mail:" ruleset="ship")
ruleset(name="ship") {{
  action(type="omkafka" topic="raw" broker=["{self.bootstrap}"] template="line")
}}
""", encoding="ascii")
        self.start("rsyslog", "rsyslogd", "-n", "-f", str(conf), "-i", str(self.dir / "rsyslog.pid"))

    def send(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                smtp = smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        for name in [*FAULTS, "good"]:
            for i in range(MESSAGES):
                text = f"Subject: to {name}\r\n\r\nhello\r\n"
                smtp.sendmail("news@sender.example", [f"user{i}@{name}.example"], text)
        smtp.quit()

    def alerts(self):
        """by another client than ours"""
        out = run("kcat", "-C", "-q", "-e", "-b", self.bootstrap, "-t", "qlapse.alerts.v1", "-X",
                  "isolation.level=read_committed")
        return json_lines(out)

    def follow_deliveries(self):
        """Ticks come to their topic all the time: a client that reads it to its end might find none."""
        self.start("deliveries", "kcat", "-C", "-q", "-u", "-b", self.bootstrap, "-t", "qlapse.deliveries.v1", "-X",
                   "isolation.level=read_committed", "-o", "beginning")

    def deliveries(self):
        return json_lines((self.dir / "deliveries.out").read_text(encoding="utf-8", errors="replace"))

    def still_wrong(self):
        alerts = self.alerts()
        wrong = []
        for name in FAULTS:
            wrong += [f"{name}: {x}" for x in faults_of(name, [a for a in alerts if a["group"] == name])]
        wrong += [f"an incident for {a['group']}" for a in alerts if a["group"] not in FAULTS]
        # What a loopback server takes is handed on by nature (internal_hops): accepted, though not at its destination.
        good = [d["event"] for d in self.deliveries() if d.get("group") == "good"]
        if good != ["handed_on"] * MESSAGES:
            wrong.append(f"good: {good}, not {MESSAGES} times handed_on")
        return wrong

    def test(self):
        self.start_servers()
        self.start_kafka()
        self.follow_deliveries()
        self.start("qlapse", QLAPSE, "run", "--config", self.config)
        self.start_postfix()
        self.start_rsyslog()
        self.send()
        deadline = time.monotonic() + LIMIT_S
        wrong = ["nothing was looked at"]
        while wrong and time.monotonic() < deadline:
            time.sleep(3)
            wrong = self.still_wrong()
        for a in self.alerts():
            print(a["at"], a["event"], a["title"])
        if not wrong:
            print("one incident per fault, with its class and server; every message expired, and the incidents say so")
            return 0
        print("\n".join(wrong))
        print("\n".join(json.dumps(d) for d in self.deliveries()[-20:]))
        return 1

    def stop(self):
        for p in self.processes:
            p.terminate()
        for p in self.processes:
            try:
                p.wait(30)
            except subprocess.TimeoutExpired:
                p.kill()
        if self.postfix.exists():
            subprocess.run(["postfix", "-c", str(self.postfix), "stop"], capture_output=True, timeout=60, check=False)
        subprocess.run([KAFKA, "clean", "--dir", str(self.dir / "kafka")], capture_output=True, timeout=60, check=False)


def main():
    for program in ("postfix", "postconf", "rsyslogd", "kcat", "openssl"):
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            skip(f"{program} is missing")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if not list(pathlib.Path("/usr/lib").glob("**/rsyslog/omkafka.so")):
        skip("rsyslog's omkafka is missing (Debian: rsyslog-kafka)")
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        skip("there is no user postfix")
    if os.geteuid() != 0:
        skip("Postfix can only be started by root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # what it started is stopped then, too
    folder = tempfile.mkdtemp(prefix="qlapse-e2e-")
    os.chmod(folder, 0o755)
    e = EndToEnd(folder)
    try:
        status = e.test()
    finally:
        e.stop()
    if status == 0:
        shutil.rmtree(folder)
    else:
        print("kept:", folder)
    return status


sys.exit(main())
