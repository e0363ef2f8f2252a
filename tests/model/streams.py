#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random Postfix logs by seed, made to reach every rule of docs/SEMANTICS.md, and a configuration to go with each.

usage: streams.py --seed N [--messages N] [--files N] [--span HOURS] DIR

Writes DIR/0.log, 1.log ... and DIR/config.json, and prints the time up to which the stream should be played. The
lives of messages are made first, as (time, host, service, text); then lines are lost, doubled, delayed and given
wrong clocks, spread over the files, and written with the head of their file. The same seed gives the same files.
"""
import argparse
import json
import os
import random

from model_base import DAY, HOUR, MINUTE, Settings, text_of, time_of

YEAR = 2026
BEGIN = time_of("2026-03-02T06:00:00Z")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
HEADS = ("rfc3164", "rfc3339", "rfc3339-seconds", "rfc3339-zone")
BACKOFF = (5, 10, 20, 40, 68)

# Destinations: domain, its mail servers. Two servers of one domain in different groups make messages move.
DOMAINS = {
    "branch.example.org": ("mx.branch.example.org",),
    "plant.example.org": ("mx.plant.example.org", "mx.backup.example"),
    "supplier.example.net": ("mx1.supplier.example.net", "mx2.supplier.example.net"),
    "alpha.example": ("mx1.alpha.example", "mx2.alpha.example"),
    "beta.example": ("mx.hoster.example",),
    "gamma.example": ("mx.hoster.example", "mx.backup.example"),
    "delta.example": ("mx.delta.example",),
    "epsilon.example": ("mx.epsilon.example",),
}

SURE = "zeta.example"  # none of its lines is lost or late

# Faults: (service, relay known, dsn, reason); {mx}, {ip}, {ip6}, {domain} and {to} are filled in.
FAULTS = {
    "timeout": ("smtp", False, "4.4.1", "connect to {mx}[{ip}]:25: Connection timed out"),
    "refused": ("smtp", False, "4.4.1", "connect to {mx}[{ip}]:25: Connection refused"),
    "route": ("smtp", False, "4.4.1", "connect to {mx}[{ip}]:25: No route to host"),
    "ipv6": ("smtp", False, "4.4.1", "connect to {mx}[{ip6}]:25: Network is unreachable"),
    "dropped": ("smtp", True, "4.4.2", "lost connection with {mx}[{ip}] while sending RCPT TO"),
    "dns": ("smtp", False, "4.4.3",
            "Host or domain name not found. Name service error for name={domain} type=MX: Host not found, try again"),
    "grey": ("smtp", True, "4.7.1",
             "host {mx}[{ip}] said: 450 4.7.1 <{to}>: greylisted, come again (in reply to RCPT TO command)"),
    "full": ("smtp", True, "4.2.2",
             "host {mx}[{ip}] said: 452 4.2.2 <{to}> mailbox full (in reply to RCPT TO command)"),
    "busy": ("smtp", True, "4.3.2", "host {mx}[{ip}] refused to talk to me: 421 4.3.2 too busy at the moment"),
    "banned": ("smtp", True, "5.7.1", "host {mx}[{ip}] refused to talk to me: 554 5.7.1 not from you"),
    "tls": ("smtp", True, "4.7.4", "TLS is required, but was not offered by host {mx}[{ip}]"),
    "cert": ("smtp", True, "4.7.5", "Server certificate not verified"),
    "transport": ("error", False, "4.3.0", "mail transport unavailable"),
    "strange": ("smtp", False, "4.0.0", "the far end made no sense at all"),
}
# What a domain's trouble turns into from one attempt to the next.
TROUBLES = (("timeout", "refused", "route"), ("timeout", "ipv6"), ("ipv6", "dropped"), ("grey", "full"), ("dns",),
            ("busy", "banned"), ("tls", "cert"), ("strange", "timeout"), ("transport", "refused"), ("timeout",),
            tuple(FAULTS))


def base52(number, width=1):
    digits = ""
    while number > 0 or len(digits) < width:
        number, digit = divmod(number, 52)
        digits = BASE52[digit] + digits
    return digits


def delay_text(ms):
    seconds = max(0, ms) / 1000
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.2g}"


class Message:
    """One life under one queue id; a requeue begins another."""

    def __init__(self, host, queue_id, begun, first_arrival, sender, recipients):
        self.host, self.queue_id, self.begun, self.first_arrival = host, queue_id, begun, first_arrival
        self.sender, self.recipients = sender, list(recipients)
        self.pid = 100 + len(recipients)


class Stream:
    def __init__(self, seed, n_messages=120, n_files=3, span=8 * HOUR):
        self.rng = random.Random(seed)
        self.seed, self.n_messages, self.n_files, self.span = seed, n_messages, n_files, span
        self.flood, self.seesaw = seed % 10 == 9, seed % 10 == 4
        self.hosts = [f"mx{i}" for i in range(14 if self.flood or seed % 5 == 3 else 4)]
        self.free_ids = {host: [] for host in self.hosts}
        self.events = []  # (time, host, service, text, where it stands in the file as a time)
        self.config = self._config()
        self.settings = Settings(self.config)
        self.interval = self.settings.row_interval
        self.lifetime = self.rng.choice((80 * MINUTE, 3 * HOUR, 5 * HOUR, 120 * HOUR))
        self.until = BEGIN + span
        self.ips = {mx: f"192.0.2.{i + 1}" for i, mx in enumerate(sorted({m for d in DOMAINS.values() for m in d}))}

    def chance(self, p):
        return self.rng.random() < p

    # The configuration

    def _config(self):
        pick = self.rng.choice
        if self.seed % 6 == 5 and not self.flood:
            return {}
        kind = {"volume_messages": pick((1, 2, 4)), "volume_over": pick(("0s", "90s", "10m", "1h")),
                "near_expiry": pick(("10m", "1h", "6h"))}
        interval, tombstone_after = pick((("1s", "1m"), ("1s", "1h"), ("5s", "10m"), ("7s", "70s"), ("1m", "10m")))
        if self.seesaw:
            interval, tombstone_after = "1s", "1m"
            kind = dict(kind, volume_over="0s", near_expiry="10m")
        lifetime = pick(("1h", "2h", "4h", "2d"))
        forget_after = {"4h": ("6h", "7d"), "2d": ("7d",)}.get(lifetime, ("190m", "6h", "7d"))
        if self.flood:
            forget_after = ("7d",)
        tree = {
            "track": {"lifetime": lifetime, "grace": pick(("0s", "10m", "72m")),
                      "closed_keep": pick(("30s", "5m", "1h")), "forget_after": pick(forget_after),
                      "steps": pick((["4h", "50%", "75%", "90%", "100%"], ["10m", "1h", "100%"], ["33%", "7m"]))},
            "queue": {"row_interval": interval, "tombstone_after": tombstone_after,
                      "group_keep": pick(("10m", "1h", "7d"))},
            "alert": {"own": dict(kind), "partner": dict(kind, volume_messages=pick((1, 3))),
                      "internet": dict(kind, volume_messages=2 if self.seesaw else pick((2, 5, 9))),
                      "critical_expiry": pick(("5m", "30m", "2h")), "clear_after": pick(("1m", "10m")),
                      "update_min": pick(("0s", "1m", "5m")), "update_every": pick(("3m", "20m", "1h")),
                      "incident_keep": pick(("10m", "7d")), "internet_min": pick((2, 5, 20)),
                      "internet_success": pick(("5m", "1h", "7d"))},
            "lifetimes": [{"null_sender": True, "lifetime": "45m"}, {"host": "MX1", "mta": "postfix", "lifetime": "3h"},
                          {"host": "mx2", "null_sender": False, "lifetime": "100m"}][:pick((0, 1, 2, 3))],
            "connectors": [{"name": "branches", "kind": "own", "domains": ["branch.example.org", "plant.example.org"]},
                           {"name": "supplier", "kind": "partner", "domains": ["supplier.example.net"],
                            "lifetime": "75m", "volume_messages": 2, "volume_over": "5m", "near_expiry": "30m",
                            "contact": "noc@supplier.example.net", "runbook": "https://wiki.example.org/supplier",
                            "egress": ["192.0.2.0/28", "2001:db8::25"]},
                           {"name": "elsewhere", "kind": "internet", "next_hops": ["mx.backup.example"]}
                           ][:pick((2, 3))],
        }
        return {name: part for name, part in tree.items() if part}

    # Lives

    def make(self):
        for _ in range(self.n_messages):
            self._life()
        if self.flood:
            self._flood()
        self._outages()
        if self.seesaw:
            self._seesaw()
        for edge in (self._edge_reuse, self._edge_clock, self._edge_requeue, self._edge_lifetime, self._edge_keep,
                     self._edge_success):
            for _ in range(3):
                edge(BEGIN + self.rng.randrange(self.span))
        self._choose_until()

    def _choose_until(self):
        """Often just behind a boundary that has something to tell."""
        if self.chance(0.5) and not self.flood and not self.seesaw:
            moment = max(self.rng.choice(self.events)[0] for _ in range(5))
            self.until = -(-moment // self.interval) * self.interval + self.interval + self.rng.choice((0, 1, 2))
        else:
            self.until += self.rng.choice((0, 20 * MINUTE, 3 * HOUR, 30 * HOUR)) + self.rng.choice((0, 1, 2, 500))

    def log(self, time, host, service, text, place=None):
        self.events.append((int(time), host, service, text, int(time if place is None else place)))

    def _new_id(self, host, now):
        """Long ids hold their time; short ones are used again once their message is gone."""
        if self.rng.random() < 0.4:
            return base52(now // 1000) + base52(now % 1000 * 1000, 4) + "z" + base52(self.rng.randrange(52 ** 3), 3)
        reusable = [i for gone, i in self.free_ids[host] if gone <= now]
        if reusable and self.chance(0.7):
            chosen = self.rng.choice(reusable)
            self.free_ids[host] = [(gone, i) for gone, i in self.free_ids[host] if i != chosen]
            return chosen
        return f"{self.rng.randrange(16 ** 10):010X}"

    def _gone(self, m, now):
        self.free_ids[m.host].append((now + self.rng.choice((0, 1500, 5 * MINUTE)), m.queue_id))

    def _life(self):
        rng = self.rng
        now = BEGIN + rng.randrange(self.span)
        host = rng.choice(self.hosts)
        domains = rng.sample(sorted(DOMAINS), rng.choice((1, 1, 1, 2)))
        recipients = [f"{name}@{rng.choice(domains)}" for name in rng.sample(("ann", "bob", "cy", "dee", "eve"),
                                                                             rng.choice((1, 1, 2, 3, 4)))]
        sender = "" if self.chance(0.2) else f"{rng.choice('klmn')}@sender.example"
        age = rng.choice((0, 0, 0, 0, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 110 * HOUR, 140 * HOUR))
        m = Message(host, self._new_id(host, now - age), now - age, now - age, sender, recipients)
        if age == 0:
            self._arrive(m)
        if self.chance(0.1):
            self.log(now - 500, host, "postsuper", f"{m.queue_id}: placed on hold")
            if self.chance(0.5):
                return
        trouble = rng.choice(TROUBLES) if self.chance(0.75) else ()
        self._passes(m, now + rng.randrange(3000), trouble)

    def _arrive(self, m, orig_id=None):
        if orig_id:
            self.log(m.begun, m.host, "pickup", f"{m.queue_id}: uid=89 from=<{m.sender}> orig_id={orig_id}")
        elif self.chance(0.8):
            self.log(m.begun, m.host, "smtpd", f"{m.queue_id}: client=app.example.com[198.51.100.9]")
        else:
            self.log(m.begun, m.host, "pickup", f"{m.queue_id}: uid=33 from=<{m.sender or 'root'}>")
        self.log(m.begun, m.host, "cleanup", f"{m.queue_id}: message-id=<{m.queue_id.lower()}@sender.example>")
        if self.chance(0.05):
            self.log(m.begun + 5, m.host, "cleanup", f"{m.queue_id}: hold: header Subject: a bill from "
                     f"app.example.com[198.51.100.9]; from=<{m.sender}> to=<{m.recipients[0]}> proto=ESMTP helo=<app>")
            self.log(m.begun + self.rng.randrange(20 * MINUTE), m.host, "postsuper",
                     f"{m.queue_id}: released from hold")
        if self.chance(0.03):
            self.log(m.begun + 6, m.host, "cleanup", f"{m.queue_id}: discard: header Subject: win from "
                     f"app.example.com[198.51.100.9]; from=<{m.sender}> to=<{m.recipients[0]}> proto=ESMTP helo=<app>")

    def _passes(self, m, now, trouble):
        """Delivery passes until nobody waits any more, the message expires, an operator steps in, or the log ends."""
        for turn in range(60):
            if now > BEGIN + self.span:
                return
            self._active(m, now)
            fault = None if not trouble else self.rng.choice(trouble)
            now = self._pass(m, now, fault, turn)
            if not m.recipients:
                self._remove(m, now)
                return
            if now - m.begun >= self.lifetime or (trouble and self.chance(0.01)):
                self._expire(m, now, self.chance(0.1))
                return
            if self._operator(m, now, trouble):
                return
            if turn > 1 and self.chance(0.12):
                trouble = self.rng.choice(TROUBLES + ((), (), ()))
            if self.chance(0.04):
                return  # nothing more is heard of it
            now += int(BACKOFF[min(turn, 4)] * MINUTE * self.rng.uniform(0.8, 1.1))

    def _active(self, m, now):
        if self.chance(0.9):
            self.log(now, m.host, "qmgr", f"{m.queue_id}: from=<{m.sender}>, size={1000 + len(m.sender)}, "
                     f"nrcpt={len(m.recipients)} (queue active)")

    def _pass(self, m, now, fault, turn):
        """One try for each recipient left."""
        for to in list(m.recipients):
            now += self.rng.choice((0, 0, 1, 250, 1000))
            if fault is None or self.chance(0.06):
                self._outcome(m, to, now)
                if self.chance(0.95):  # else it is tried again, who knows why
                    m.recipients.remove(to)
            else:
                suspended = turn > 0 and self.chance(0.25)
                self._defer(m, to, now, fault if self.chance(0.9) else self.rng.choice(sorted(FAULTS)), suspended)
        return now

    def _delivery(self, m, to, now, service, relay, dsn, status):
        delay = delay_text(now - m.first_arrival)
        self.log(now, m.host, service, f"{m.queue_id}: to=<{to}>, relay={relay}, delay={delay}, "
                 f"delays={delay}/0.01/0/0, dsn={dsn}, {status}")

    def _server(self, to):
        mx = self.rng.choice(DOMAINS[to.split("@")[1]])
        return mx, self.ips[mx]

    def _outcome(self, m, to, now):
        mx, ip = self._server(to)
        relay, kind = f"{mx}[{ip}]:25", self.rng.random()
        if kind < 0.75:
            self._delivery(m, to, now, "smtp", relay, "2.0.0", "status=sent (250 2.0.0 Ok: taken)")
        elif kind < 0.85:
            self._delivery(m, to, now, "smtp", relay, "5.1.1", f"status=bounced (host {mx}[{ip}] said: 550 5.1.1 "
                           f"<{to}>: nobody of that name (in reply to RCPT TO command))")
        elif kind < 0.9:
            self._delivery(m, to, now, "discard", "none", "2.0.0", "status=sent (thrown away)")
        elif kind < 0.95:
            self._delivery(m, to, now, "local", "local", "2.0.0", "status=sent (forwarded as 0A0B0C0D0E)")
        else:
            self._delivery(m, to, now, "smtp", "127.0.0.1[127.0.0.1]:10024", "2.0.0", "status=sent (250 2.0.0 from "
                           "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 0F0E0D0C0B)")

    def _defer(self, m, to, now, fault, suspended):
        service, with_relay, dsn, reason = FAULTS[fault]
        mx, ip = self._server(to)
        reason = reason.format(mx=mx, ip=ip, ip6="2001:db8::25", domain=to.split("@")[1], to=to)
        relay = f"{mx}[{ip}]:25" if with_relay else "none"
        if self.chance(0.03):  # a try that ends in the same moment
            self._delivery(m, to, now, "smtp", "none", "4.4.1", f"status=deferred (connect to {mx}[{ip}]:25: "
                           "Connection refused)")
        if suspended:
            self._delivery(m, to, now, "error", "none", dsn,
                           f"status=deferred (delivery temporarily suspended: {reason})")
        elif with_relay and dsn[0] == "4" and self.chance(0.05):
            self._delivery(m, to, now, service, relay, "4.1.1", f"status=SOFTBOUNCE (host {mx}[{ip}] said: 550 5.1.1 "
                           f"<{to}>: no such person (in reply to RCPT TO command))")
        else:
            self._delivery(m, to, now, service, relay, dsn, f"status=deferred ({reason})")

    def _expire(self, m, now, forced):
        self.log(now, m.host, "qmgr", f"{m.queue_id}: from=<{m.sender}>, status={'force-' * forced}expired, "
                 "returned to sender")
        if m.sender:
            self.log(now, m.host, "bounce", f"{m.queue_id}: sender non-delivery notification: 0B0B0B0B0B")
        self._remove(m, now)

    def _remove(self, m, now):
        now += self.rng.choice((0, 1, 500))
        if self.chance(0.9):
            self.log(now, m.host, "qmgr", f"{m.queue_id}: removed")
        if self.chance(0.05):  # a server that tells of it later than of its end
            self._delivery(m, "ann@alpha.example", now + 2500, "smtp", "none", "4.0.0", "status=deferred (too slow)")
        self._gone(m, now)

    def _operator(self, m, now, trouble):
        """True: that life is over."""
        now, what = now + self.rng.randrange(100, 4 * MINUTE), self.rng.random()
        if what < 0.03:
            self.log(now, m.host, "postsuper", f"{m.queue_id}: removed")
            self._gone(m, now)
            return True
        if what < 0.06:
            self.log(now, m.host, "postsuper", f"{m.queue_id}: requeued")
            self._gone(m, now)
            begun = now + self.rng.choice((100, 1000, 90_000))
            again = Message(m.host, self._new_id(m.host, begun), begun, m.first_arrival, m.sender, m.recipients)
            self._arrive(again, m.queue_id)
            self._passes(again, begun + 700, trouble)
            return True
        if what < 0.12:
            self.log(now, m.host, "postsuper", f"{m.queue_id}: placed on hold")
            if self.chance(0.5):  # a delivery was under way
                self._defer(m, m.recipients[0], now + 1200, "timeout", False)
            if self.chance(0.7):
                self.log(now + self.rng.randrange(3 * HOUR), m.host, "postsuper", f"{m.queue_id}: released from hold")
        if what > 0.98:
            self.log(now, m.host, "postsuper", f"{m.queue_id}: expired")
        return False

    def _outages(self):
        """Enough messages at once for one destination that volume is reached, and all of them delivered at the end."""
        for domain in self.rng.sample(sorted(DOMAINS), 2):
            begin = BEGIN + self.rng.randrange(self.span // 2)
            end = begin + self.rng.randrange(10 * MINUTE, 3 * HOUR)
            for i in range(self.rng.choice((3, 6, 12))):
                now = begin + self.rng.randrange(3 * MINUTE)
                host = self.rng.choice(self.hosts)
                m = Message(host, self._new_id(host, now), now, now, "k@sender.example", [f"u{i}@{domain}"])
                self._arrive(m)
                for turn, fault in enumerate(("timeout", "timeout", "refused", "refused")):
                    if now < end:
                        self._pass(m, now, fault, turn)
                        now += BACKOFF[turn] * MINUTE
                if m.recipients:
                    self._pass(m, max(now, end), None, 9)
                self._remove(m, max(now, end) + 5)

    def _flood(self):
        """A message a minute, and a notice with it, for hours: more bars than a row tells one by one."""
        for i in range(400):
            now, host = BEGIN + i * MINUTE + 20_000, self.hosts[i % len(self.hosts)]
            for sender in ("k@sender.example", ""):
                m = Message(host, f"{0xF100000000 + i * 2 + (sender == ''):010X}", now, now, sender,
                            [f"u{i}@delta.example"])
                if now < BEGIN + self.span:
                    self._active(m, now)
                    self._defer(m, m.recipients[0], now + 2, "timeout", False)

    # Scripts: lives that reach what chance seldom does. x is one less than, at, or one more than an edge.

    def _one(self, now, domain="delta.example", sender="k@sender.example"):
        return Message("mx0", f"{self.rng.randrange(16 ** 10):010X}", now, now, sender, [f"u@{domain}"])

    def _x(self):
        return self.rng.choice((-1000, -1, 0, 0, 1, 1000))

    def _said(self, m, now, delay, fault="refused"):
        """A deferral whose delay is what is wanted."""
        domain = m.recipients[0].split("@")[1]
        reason = FAULTS[fault][3].format(mx="mx." + domain, ip="192.0.2.3", ip6="", domain="", to=m.recipients[0])
        self.log(now, m.host, "smtp", f"{m.queue_id}: to=<{m.recipients[0]}>, relay=none, delay={delay}, "
                 f"delays={delay}/0/0/0, dsn=4.4.1, status=deferred ({reason})")

    def _seesaw(self):
        """The cause with most messages changes each time that one looks, until the title's row is gone."""
        now = BEGIN + self.rng.randrange(self.span) // 1000 * 1000

        def some(n, fault, begin, end):
            for i in range(n):
                m = self._one(now + begin, SURE)
                m.recipients = [f"s{i}@{SURE}"]
                self._said(m, now + begin, "100", fault)
                self._delivery(m, m.recipients[0], now + end, "smtp", f"mx.{SURE}[192.0.2.99]:25", "2.0.0",
                               "status=sent (250 2.0.0 Ok: taken)")

        some(4, "timeout", 0, 20_000)
        some(2, "refused", 10_000, 600_000)
        some(1, "route", 10_000, 600_000)
        for i in range(6):
            some(3, ("route", "refused")[i % 2], (i + 3) * 10_000, 600_000)

    def _edge_reuse(self, now):
        """Lines about an id just at the moments that tell one message from the next."""
        m, error = self._one(now), self.rng.choice((1001, 2000, 1000))
        self._arrive(m)
        self._said(m, now + 2000, "2")
        last = now + 60_000
        if self.chance(0.5):
            self.log(last, m.host, "qmgr", f"{m.queue_id}: removed")
            begins = last - error  # in time, just
        else:
            self._said(m, last, "60")
            begins = last + error + 1000
        kind, delay = self.rng.random(), self.rng.choice((101, 150))
        if kind < 0.3:
            self.log(last + 1000 + self._x(), m.host, "qmgr", f"{m.queue_id}: from=<z@sender.example>, size=9, nrcpt=1 "
                     "(queue active)")
        elif kind < 0.6:
            self.log(last + 1000 + self._x(), m.host, "smtpd", f"{m.queue_id}: client=app.example.com[198.51.100.9]")
        else:
            self._said(m, begins + delay * 1000 + self._x(), str(delay))

    def _edge_requeue(self, now):
        """A delay that begins just so long before its queue id that it may be that of a requeued message."""
        m, error, delay = self._one(now), self.rng.choice((1001, 2000)), self.rng.choice((101, 150))
        self._arrive(m)
        self._said(m, now + delay * 1000 - error - 2000 + self._x(), str(delay))

    def _edge_lifetime(self, now):
        """Retries about the end of a lifetime and its grace, and about whole days."""
        m, settings = self._one(now), self.settings
        if self.chance(0.4):
            delay = self.rng.choice((5 * DAY, 6 * DAY, 2 * DAY)) // 1000 + self.rng.choice((-1, 0, 1))
            self._said(m, now, str(delay))
            return
        self._arrive(m)
        end = now + settings.default_lifetime + settings.grace
        if self.chance(0.5):
            gap = self.rng.choice((2, 3)) * MINUTE + settings.grace
            self._said(m, now + 1000, "1")
            self._said(m, now + 1000 + gap, "100")
            end = now + settings.default_lifetime + gap
        self._said(m, max(end, now + 2000) + self._x(), "100000", "timeout")

    def _edge_keep(self, now):
        """Lines about the moment at which something is given up."""
        m, settings, kind = self._one(now), self.settings, self.rng.random()
        if kind < 0.3:
            self.log(now, m.host, "smtpd", "connect from app.example.com[198.51.100.9]")
            self.log(now - settings.closed_keep + self._x(), m.host, "smtpd",
                     f"{m.queue_id}: client=app.example.com[198.51.100.9]", now + 1)
            return
        self._arrive(m)
        end = now + settings.closed_keep
        if kind < 0.8:
            self._said(m, now, "0")
        if kind < 0.6:
            self.log(now, m.host, "qmgr", f"{m.queue_id}: removed")
        elif kind < 0.8:
            end = now + settings.forget_after
        self.log(end + self._x(), m.host, "qmgr", f"{m.queue_id}: from=<>, size=9, nrcpt=1 (queue active)")

    def _edge_clock(self, now):
        """A delivery that was stamped before its message arrived, and another end after the end."""
        m = self._one(now)
        self._arrive(m)
        self._said(m, now + 1000, "1")
        for back in (2000, -2000):
            self._outcome(m, m.recipients[0], now + 3000)
            self.events[-1] = (now - back, *self.events[-1][1:])
        self._said(m, now + 9000, "9")

    def _edge_success(self, now):
        """A row just when a success has become too old to speak for its destination."""
        domain, settings = self.rng.choice(("epsilon.example", "delta.example")), self.settings
        now = now // (self.interval * 60) * self.interval * 60
        good, bad = self._one(now, domain), self._one(now, domain)
        self._delivery(good, good.recipients[0], now, "smtp", f"mx.{domain}[192.0.2.3]:25", "2.0.0",
                       "status=sent (250 2.0.0 Ok: taken)")
        wait = self.rng.choice((settings.internet_success, settings.group_keep))
        end = now + wait + self.rng.choice((-self.interval, 0, 0, self.interval))
        age = max(settings.default_lifetime - 5 * MINUTE, 0) // 1000
        self._said(bad, end - self.interval, str(max(age, 100)), "timeout")

    # Lines

    def files(self):
        """The lines of each file, in the order of the file."""
        scattered, lines = self.seed % 2 == 0, [[] for _ in range(self.n_files)]
        heads = [self.rng.choice(HEADS) for _ in range(self.n_files)]
        for time, host, service, text, place in sorted(self.events):
            sure = SURE in text
            if self.chance(0.02) and not sure:
                continue
            if self.chance(0.01) and not sure:
                back = self.rng.choice((2000, 5000, 15_000))  # the clock was set back for a moment
                time, place = time - back, place - back
            for copy in range(1 + self.chance(0.03)):
                of_host = self.hosts.index(host) % self.n_files
                file = self.rng.randrange(self.n_files) if scattered or copy else of_host
                late = 0 if sure else self._late()
                lines[file].append((place + late, len(lines[file]), self._head(heads[file], time, host)
                                    + f"{self._tag(service)}[{100 + len(text) % 50}]: {text}\n"))
        return [[line for _, _, line in sorted(of_file)] for of_file in lines]

    def _late(self):
        kind = self.rng.random()
        if kind < 0.1:
            return self.rng.randrange(3000)
        if kind < 0.12:
            return self.rng.choice((30_000, 4 * MINUTE, 50 * MINUTE, 2 * HOUR))
        return 0

    @staticmethod
    def _tag(service):
        return ("postfix-out/" if service == "error" else "postfix/") + service

    @staticmethod
    def _head(form, time, host):
        text = text_of(time)
        if form == "rfc3164":
            return f"{MONTHS[int(text[5:7]) - 1]} {int(text[8:10]):2} {text[11:19]} {host} "
        if form == "rfc3339":
            return f"{text[:-1]}000+00:00 {host} "
        if form == "rfc3339-seconds":
            return f"{text[:19]}Z {host} "
        return f"{text_of(time + 2 * HOUR)[:-1]}+02:00 {host} "

    def write(self, folder):
        """Writes the files; returns their paths and that of the configuration."""
        self.make()
        paths = []
        for i, lines in enumerate(self.files()):
            paths.append(os.path.join(folder, f"{i}.log"))
            with open(paths[-1], "w", encoding="utf-8") as f:
                f.writelines(lines)
        config = os.path.join(folder, "config.json")
        with open(config, "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1)
        return paths, config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--messages", type=int, default=120)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--span", type=float, default=8, metavar="HOURS")
    parser.add_argument("folder", metavar="DIR")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    stream = Stream(args.seed, args.messages, args.files, int(args.span * HOUR))
    stream.write(args.folder)
    print(text_of(stream.until))


if __name__ == "__main__":
    main()
