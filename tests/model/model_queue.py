# SPDX-License-Identifier: Apache-2.0
"""Section 2 of docs/SEMANTICS.md: transitions to rows.

A row remembers every transition since it was last empty, and whenever it is written its numbers are counted anew from
that history. Rules look at one group only, so each group is played through alone.
"""
from model_base import MINUTE, family_of_class, hit, minute, put, text_of, time_of

TAKEN_OVER = ("detail", "destination", "next_hop", "next_hop_ip", "mta", "microsoft_code", "owner", "side", "connector",
              "kind", "provider")
FLAGS = ("held", "overdue", "mismatched", "null_sender")
BASES = ("default", "observed", "configured", "record")  # weakest first
N_BARS, N_SOURCES, N_SAMPLES = 360, 10, 3


class Row:
    def __init__(self):
        self.idle = True
        self.history = []  # transitions since it was last idle
        self.changed_at = None  # p of the first change since it was last written
        self.written_at = None

    def count(self, of):
        """Sums of recipients_delta by of(transition); None is not counted."""
        sums = {}
        for t in self.history:
            if of(t) is not None:
                sums[of(t)] = sums.get(of(t), 0) + t["recipients_delta"]
        return {what: n for what, n in sorted(sums.items()) if n != 0}

    def total(self, of=lambda t: True):
        return sum(t["recipients_delta"] for t in self.history if of(t))


class Queue:
    def __init__(self, settings):
        self.set = settings
        self.family = family_of_class()
        self.rows = []  # {"p", "key", "value" or None} in the order of writing
        self.counts = {}

    def run(self, transitions, until):
        """transitions as Track made and sorted them."""
        of_group = {}
        for t in transitions:
            if t["p"] < until:
                of_group.setdefault(t["value"]["group"], []).append((t["p"], t["value"]))
        for group, its_own in of_group.items():
            self._run_group(group, its_own, until)
        self.rows.sort(key=lambda r: (r["p"], r["order"]))

    def _run_group(self, group, transitions, until):
        self.group, self.of_class = group, {}
        self.last_success = self.success_p = None
        for p, t in transitions:
            self._boundaries_before(p + 1)
            self._apply(p, t)
        self._boundaries_before(until)

    # The boundaries

    def _at_or_after(self, ms):
        return -(-ms // self.set.row_interval) * self.set.row_interval

    def _boundaries_before(self, end):
        """Everything due at boundaries earlier than end, boundary by boundary."""
        while True:
            due = [self._due(row) for row in self.of_class.values()]
            due = [at for at in due if at is not None and at < end]
            if not due:
                return
            for name in sorted(self.of_class, key=str.encode):
                if self._due(self.of_class[name]) == min(due):
                    self._write(name, min(due))

    def _due(self, row):
        """The next boundary at which something is to be done for the row, or None."""
        if row.changed_at is not None:
            return row.changed_at // self.set.row_interval * self.set.row_interval + self.set.row_interval
        if row.idle:
            return row.written_at + self.set.tombstone_after
        clock = self._clock_minute(row)
        return None if clock is None else self._at_or_after(clock * MINUTE)

    @staticmethod
    def _clock_minute(row):
        """The first minute after the last writing at which one of its minutes changes its place."""
        last, minutes = minute(row.written_at), row.count(lambda t: t.get("expires_minute"))
        marks = [m + away for m in minutes for away in (-59, -359, -1439, 1)]
        return min((m for m in marks if m > last), default=None)

    def _write(self, name, boundary):
        row = self.of_class[name]
        out = {"p": boundary, "key": f"{self.group}|{name}", "order": f"{self.group}\0{name}".encode()}
        if row.idle and row.changed_at is None:
            hit("2 tombstone of an idle row")
            del self.of_class[name]
            self.rows.append({**out, "value": None})
            return
        hit("2 written for " + ("a change" if row.changed_at is not None else "the clock"))
        self.rows.append({**out, "value": self._value(row, name, boundary)})
        row.written_at, row.changed_at = boundary, None
        if row.total() == 0:
            hit("2 written empty: idle")
            row.idle = True

    # A transition

    def _apply(self, p, t):
        if self.success_p is not None and p >= self.success_p + self.set.group_keep:
            hit("2 last success forgotten")
            self.last_success = self.success_p = None
        if t["change"] == "success":
            self._success(p, time_of(t["time"]))
            return
        if t["change"] == "step":
            hit("2 step: nothing")
            return
        row = self.of_class.get(t["class"])
        if row is None and t["change"] != "enter":
            hit("2 no row to leave")
            self.counts["no_row"] = self.counts.get("no_row", 0) + 1
            return
        if row is None:
            hit("2 row made")
            row = self.of_class[t["class"]] = Row()
        elif row.idle and t["change"] == "enter":
            hit("2 idle row entered again")
        if row.idle and t["change"] == "enter":
            row.idle, row.history = False, []
        row.history.append(t)
        self._changed(row, p)

    def _success(self, p, time):
        if self.last_success is not None and time < self.last_success:
            hit("2 success of an earlier time")
        self.last_success = time if self.last_success is None else max(self.last_success, time)
        self.success_p = p
        for row in self.of_class.values():
            hit("2 success: idle row not changed" if row.idle else "2 success: row changed")
            if not row.idle:
                self._changed(row, p)

    @staticmethod
    def _changed(row, p):
        row.changed_at = p if row.changed_at is None else row.changed_at

    # A row as of a boundary

    def _value(self, row, name, boundary):
        first = row.history[0]
        queued = row.count(lambda t: t.get("queued_minute") if t["change"] != "retry" else None)
        expires = row.count(lambda t: t.get("expires_minute"))
        value = {"group": self.group, "class": name, "family": self.family[name], "at": text_of(boundary),
                 "messages": sum(t["messages_delta"] for t in row.history), "recipients": row.total(),
                 "since": first.get("time", first["at"])}
        hit("2 since: " + ("time of a line" if "time" in first else "moment of a timer"))
        for flag in FLAGS:
            value[flag] = row.total(lambda t: t.get(flag, False))
            if value[flag] > 0:
                hit("2 some are " + flag)
        self._histograms(value, queued, expires, minute(boundary))
        bases = row.count(lambda t: t["basis"])
        put(value, expiry_basis=next((b for b in BASES if bases.get(b)), None))
        if len(bases) > 1:
            hit("2 the weakest basis of several")
        if self.last_success is not None and boundary < self.success_p + self.set.group_keep:
            put(value, last_success=text_of(self.last_success))
        self._sources(value, row)
        self._samples(value, row)
        self._counters(value, row)
        return value

    @staticmethod
    def _histograms(value, queued, expires, b):
        coming = [m for m in expires if m >= b]
        if len(coming) < len(expires):
            hit("2 a minute of expires lies behind the boundary")
        put(value, oldest=text_of(min(queued) * MINUTE) if queued else None,
            first_expiry=text_of(min(coming) * MINUTE) if coming else None)
        for hours in (1, 6, 24):
            value[f"expiring_{hours}h"] = sum(expires[m] for m in coming if m < b + 60 * hours)
            if value[f"expiring_{hours}h"]:
                hit(f"2 some expire within {hours} h")
        width = 60 if len(queued) > N_BARS or len(expires) > N_BARS else 1
        if width == 60:
            hit("2 bars of an hour: " + ("queued" if len(queued) > N_BARS else "expires alone"))
        value["resolution_min"] = width
        for name, minutes in (("queued", queued), ("expires", expires)):
            bars = {}
            for m, n in minutes.items():
                bars[m // width * width] = bars.get(m // width * width, 0) + n
            put(value, **{name: [{"minute": m, "recipients": n} for m, n in sorted(bars.items())]})

    @staticmethod
    def _sources(value, row):
        by_host = row.count(lambda t: t["host"])
        order = sorted(by_host, key=lambda host: (-by_host[host], host.encode()))
        if len(order) > N_SOURCES:
            hit("2 more than 10 sources")
        if len(set(by_host.values())) < len(by_host):
            hit("2 sources with as many each")
        mta = {t["host"]: t.get("mta") for t in row.history if t["change"] != "retry"}
        put(value, sources=[put({"host": host, "recipients": by_host[host]}, mta=mta[host])
                            for host in order[:N_SOURCES]])

    @staticmethod
    def _samples(value, row):
        samples = []
        for t in row.history:
            if t["change"] == "enter" and t["message"] not in samples:
                if len(samples) < N_SAMPLES:
                    samples.append(t["message"])
                else:
                    hit("2 a fourth message is no sample")
            if t["change"] == "leave" and t["messages_delta"] == -1 and t["message"] in samples:
                hit("2 a sample leaves")
                samples.remove(t["message"])
        put(value, samples=[{"message": m} for m in samples])

    @staticmethod
    def _counters(value, row):
        value["attempts"] = value["permanent_replies"] = 0
        failures, waits = [], []
        for t in row.history:
            if t["change"] == "retry" or t.get("reason") == "deferred":
                value["permanent_replies"] += t.get("permanent_reply", False)
                if t.get("permanent_reply"):
                    hit("2 permanent reply" + (", suspended" if t.get("suspended") else ""))
                if not t.get("suspended"):
                    value["attempts"] += 1
                    failures.append(t["time"])
            if "waited_ms" in t:
                waits.append(t["waited_ms"])
        value["entered"] = sum(t["change"] == "enter" for t in row.history)
        for reason in ("delivered", "bounced", "expired"):
            value[reason] = sum(t.get("reason") == reason for t in row.history)
        told = [t for t in row.history if t["change"] in ("enter", "retry")][-1]
        put(value, last_failure=max(failures, default=None), longest_wait_ms=max(waits, default=None),
            last_error=told.get("text"), **{name: told.get(name) for name in TAKEN_OVER})
