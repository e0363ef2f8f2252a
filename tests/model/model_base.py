# SPDX-License-Identifier: Apache-2.0
"""What the three parts of the model share: times, settings, classes, hashes, and how often each rule was taken.

Times are integer milliseconds since 1970 within the model; documents have RFC 3339 text. Records are plain
dictionaries with an absent field left out, as in the documents of lib/mail/*.def.
"""
import calendar
import collections
import datetime
import os
import re

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
UNITS = {"ms": 1, "s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
SOURCE_DIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

taken = collections.Counter()


def hit(rule):
    """Counts a rule of SEMANTICS.md; RULES in model.py lists all that there are."""
    taken[rule] += 1


def time_of(text):
    """Milliseconds of an RFC 3339 text."""
    m = STAMP.fullmatch(text)
    if not m:
        raise ValueError(f"not a time: {text!r}")
    seconds = calendar.timegm(tuple(int(m[i]) for i in range(1, 7)))
    zone = m[8]
    if zone != "Z":
        away = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds -= away if zone[0] == "+" else -away
    return seconds * 1000 + int(((m[7] or "") + "000")[:3])


def text_of(ms):
    """RFC 3339 text with milliseconds, as all documents have it."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds") + "Z"


def minute(ms):
    return ms // MINUTE


def span(value):
    """Milliseconds of a setting such as 48h, 90s or 5d."""
    m = re.fullmatch(r"(\d+)(ms|s|m|h|d)", str(value))
    if not m:
        raise ValueError(f"not a duration: {value!r}")
    return int(m[1]) * UNITS[m[2]]


def family_of_class():
    """Class name to family name, from the list that everything else is made from."""
    with open(os.path.join(SOURCE_DIR, "lib", "mail", "class.def"), encoding="utf-8") as f:
        return {m[1]: m[2].lower() for m in re.finditer(r"^CLASS\((\w+), (\w+),", f.read(), re.M)}


def hash64(data, seed=0):
    """MurmurHash64A of bytes."""
    m, full = 0xC6A4A7935BD1E995, (1 << 64) - 1
    h = (seed ^ (len(data) * m)) & full
    whole = len(data) // 8 * 8
    for i in range(0, whole, 8):
        k = int.from_bytes(data[i:i + 8], "little") * m & full
        k = (k ^ (k >> 47)) * m & full
        h = (h ^ k) * m & full
    if len(data) > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & full
    h = (h ^ (h >> 47)) * m & full
    return h ^ (h >> 47)


def put(record, **fields):
    """Sets the fields that are not absent: None, False and the empty text are."""
    for name, value in fields.items():
        if value is not None and value is not False and value != "" and value != []:
            record[name] = value
    return record


class Settings:
    """The part of the configuration that the rules speak of, with the defaults of SEMANTICS.md.

    Takes the same tree that the program reads as YAML.
    """

    def __init__(self, tree=None):
        tree = tree or {}
        track, queue, alert = (tree.get(name) or {} for name in ("track", "queue", "alert"))
        self.default_lifetime = span(track.get("lifetime", "48h"))
        self.grace = span(track.get("grace", "72m"))
        self.steps = [str(s) for s in track.get("steps", ["4h", "50%", "75%", "90%", "100%"])]
        self.closed_keep = span(track.get("closed_keep", "1h"))
        self.forget_after = span(track.get("forget_after", "7d"))
        self.row_interval = span(queue.get("row_interval", "1s"))
        self.tombstone_after = span(queue.get("tombstone_after", "1h"))
        self.group_keep = span(queue.get("group_keep", "7d"))
        self.critical_expiry = span(alert.get("critical_expiry", "2h"))
        self.clear_after = span(alert.get("clear_after", "10m"))
        self.update_min = span(alert.get("update_min", "5m"))
        self.update_every = span(alert.get("update_every", "1h"))
        self.incident_keep = span(alert.get("incident_keep", "7d"))
        self.internet_min = int(alert.get("internet_min", 20))
        self.internet_success = span(alert.get("internet_success", "7d"))
        self.kinds = {kind: self._kind(alert.get(kind) or {}, messages)
                      for kind, messages in (("own", 20), ("partner", 50), ("internet", 2000))}
        self.lifetimes = tree.get("lifetimes") or []
        self.connectors = {c["name"]: c for c in reversed(tree.get("connectors") or [])}

    @staticmethod
    def _kind(tree, messages):
        return {"volume_messages": int(tree.get("volume_messages", messages)),
                "volume_over": span(tree.get("volume_over", "1h")),
                "near_expiry": span(tree.get("near_expiry", "6h"))}

    def thresholds(self, connector, kind):
        """(volume_messages, volume_over, near_expiry) for a route: its own, else its kind's."""
        own = self.connectors.get(connector) or {}
        of_kind = self.kinds[kind or "internet"]
        return (int(own.get("volume_messages", of_kind["volume_messages"])),
                span(own["volume_over"]) if "volume_over" in own else of_kind["volume_over"],
                span(own["near_expiry"]) if "near_expiry" in own else of_kind["near_expiry"])

    def told_of(self, connector):
        """What an incident repeats of the connector's configuration."""
        own = self.connectors.get(connector) or {}
        told = {name: own[name] for name in ("contact", "runbook") if name in own}
        if own.get("egress"):
            told["egress"] = [{"address": address} for address in own["egress"]]
        return told

    def lifetime(self, connector, host, mta, null_sender):
        """(lifetime, basis) by 1.3, where no line told the expiry itself."""
        own = self.connectors.get(connector) or {}
        if "lifetime" in own:
            hit("1.3 lifetime of the connector")
            return span(own["lifetime"]), "configured"
        for rule in self.lifetimes:
            if (rule.get("host", host).lower() == host.lower() and rule.get("mta", mta) == mta
                    and bool(rule.get("null_sender", null_sender)) == null_sender):
                hit("1.3 lifetime of a rule")
                return span(rule["lifetime"]), "configured"
        hit("1.3 lifetime by default")
        return self.default_lifetime, "default"
