#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes deploy/quickstart/sample.log: six hours of a small Postfix on which three things go wrong. Example names only."""
import datetime

BASE = datetime.datetime(2026, 11, 24, 0, 0, 0, tzinfo=datetime.timezone.utc)
lines = []


def add(second, service, text):
    stamp = (BASE + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
    lines.append((second, f"{stamp} mx1 postfix/{service}[410]: {text}"))


def message(i, second, to, attempts, outcome):
    qid = f"{0xA10000 + i:X}"
    add(second, "smtpd", f"{qid}: client=web.sender.example[192.0.2.80]")
    add(second, "cleanup", f"{qid}: message-id=<{i}@sender.example>")
    add(second, "qmgr", f"{qid}: from=<news@sender.example>, size=4321, nrcpt=1 (queue active)")
    at = second
    for relay, dsn, text in attempts:
        delay = at - second
        add(at, "smtp", f"{qid}: to=<{to}>, relay={relay}, delay={delay}, delays={delay}/0.1/0/0, dsn={dsn}, "
                        f"status=deferred ({text})")
        at += 1800
    if outcome:
        delay = at - second
        add(at, "smtp", f"{qid}: to=<{to}>, relay={outcome}:25, delay={delay}, delays={delay}/0.1/0.2/0.3, dsn=2.0.0, "
                        "status=sent (250 2.0.0 Ok: queued as 4F21)")
        add(at, "qmgr", f"{qid}: removed")


refused = ("none", "4.4.1", "connect to mail.branch.example[198.51.100.25]:25: Connection refused")
certificate = ("mx.partner.example[203.0.113.40]:25", "4.7.5", "Server certificate not trusted")
unresolved = ("none", "4.4.3", "Host or domain name not found. Name service error for name=mx.gone.example type=A: "
                               "Host not found, try again")
grey = ("mx.shop.example[203.0.113.9]:25", "4.2.0", "host mx.shop.example[203.0.113.9] said: 450 4.2.0 "
        "<info@shop.example>: Recipient address rejected: Greylisted, come back later (in reply to RCPT TO command)")

n = 0
for k in range(40):  # it works, all day
    n += 1
    message(n, 500 * k, f"reader{k}@shop.example", [grey] if k % 9 == 0 else [], "mx.shop.example[203.0.113.9]")
for k in range(8):  # the branch office's server worked, and then refuses
    n += 1
    message(n, 300 + 200 * k, f"staff{k}@branch.example", [], "mail.branch.example[198.51.100.25]")
for k in range(30):
    n += 1
    message(n, 7200 + 60 * k, f"staff{k}@branch.example", [refused] * 6, None)
for k in range(12):  # a partner's certificate
    n += 1
    message(n, 9000 + 90 * k, f"orders{k}@partner.example", [certificate] * 5, None)
for k in range(5):  # a domain that is gone
    n += 1
    message(n, 4000 + 30 * k, f"list{k}@gone.example", [unresolved] * 7, None)
lines.sort(key=lambda line: line[0])
print("\n".join(text for _, text in lines))
