# SPDX-License-Identifier: Apache-2.0
"""A seeded Postfix log of a fleet for the comparison of Kafka with replay: retries over days, ties within seconds,
requeues, holds, expiries, repeated lines. Own words and example names only."""
import datetime
import random

CAUSES = [
    ("4.4.1", "connect to mx.{d}[{ip}]:25: Connection timed out"),
    ("4.4.1", "connect to mx.{d}[{ip}]:25: Connection refused"),
    ("4.4.2", "lost connection with mx.{d}[{ip}] while sending RCPT TO"),
    ("4.4.3", "Host or domain name not found. Name service error for name=mx.{d} type=A: Host not found, try again"),
    ("4.7.5", "Server certificate not trusted"),
    ("4.2.2", "host mx.{d}[{ip}] said: 452 4.2.2 <u@{d}>: Mailbox is full (in reply to RCPT TO command)"),
    ("4.4.1", "delivery temporarily suspended: connect to mx.{d}[{ip}]:25: Connection refused"),
]
BASE = datetime.datetime(2026, 11, 10, tzinfo=datetime.timezone.utc)


class Stream:
    def __init__(self, seed, messages, hosts=4, domains=12, hours=30):
        self.r = random.Random(seed)
        self.lines = []  # (second, host, text)
        self.hosts, self.domains, self.hours = hosts, domains, hours
        for i in range(messages):
            self.message(i)
        self.lines.sort(key=lambda l: l[0])
        self.end = BASE + datetime.timedelta(seconds=self.lines[-1][0] + 7)

    def add(self, at, host, service, text):
        self.lines.append((at, host, f"{stamp(at)} mx{host} postfix/{service}[77]: {text}"))
        if self.r.random() < 0.01:  # a shipper repeats it
            self.lines.append(self.lines[-1])

    def message(self, i):
        r = self.r
        host, domain = r.randrange(self.hosts), f"d{r.randrange(self.domains)}.example"
        ip = f"192.0.2.{10 + hash_of(domain) % 200}"
        start = at = r.randrange(self.hours * 3600)
        queue_id = f"{0x100000 + i:X}"
        recipients = r.choice((1, 1, 1, 2, 4))
        self.add(at, host, "smtpd", f"{queue_id}: client=c.example[198.51.100.7]")
        self.add(at, host, "cleanup", f"{queue_id}: message-id=<{i}@c.example>")
        sender = "" if r.random() < 0.1 else "s@c.example"
        self.add(at, host, "qmgr", f"{queue_id}: from=<{sender}>, size=900, nrcpt={recipients} (queue active)")
        for _ in range(r.choice((0, 4, 8, 12, 16))):
            dsn, text = r.choice(CAUSES)
            for k in range(recipients):
                self.record(at, host, queue_id, start, f"u{k}@{domain}", dsn, "deferred", text.format(d=domain, ip=ip))
            if r.random() < 0.03:
                self.add(at, host, "postsuper", f"{queue_id}: {r.choice(('placed on hold', 'released from hold'))}")
            at += r.choice((60, 300, 300, 900, 3600, 20000))
        outcome = r.random()
        if outcome < 0.1:
            return
        if outcome < 0.2:
            self.add(at, host, "qmgr", f"{queue_id}: from=<{sender}>, status=expired, returned to sender")
        elif outcome < 0.23:
            self.add(at, host, "postsuper", f"{queue_id}: {r.choice(('removed', 'requeued'))}")
            return
        else:
            for k in range(recipients):
                self.record(at, host, queue_id, start, f"u{k}@{domain}", "2.0.0", "sent", "250 2.0.0 Ok")
        self.add(at, host, "qmgr", f"{queue_id}: removed")

    def record(self, at, host, queue_id, start, to, dsn, status, text):
        delay = at - start
        relay = "none" if dsn[0] == "4" else f"mx.{to.split('@')[1]}[192.0.2.9]:25"
        self.add(at, host, "smtp", f"{queue_id}: to=<{to}>, relay={relay}, delay={delay}, "
                                   f"delays={delay}/0/0/0, dsn={dsn}, status={status} ({text})")

    def partitions(self, n, by_host, seed):
        """Lines by raw partition; the last one stays empty."""
        r = random.Random(seed)
        parts = [[] for _ in range(n)]
        for _, host, text in self.lines:
            parts[host % (n - 1) if by_host else r.randrange(n - 1)].append(text)
        return parts


def stamp(second):
    return (BASE + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def hash_of(text):
    return sum(ord(c) * 31 ** i for i, c in enumerate(text)) % 1000003
