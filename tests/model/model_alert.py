# SPDX-License-Identifier: Apache-2.0
"""Section 3 of docs/SEMANTICS.md: rows to incidents and alerts.

Rules look at one pair of (group, family) only, so each pair is played through alone.
"""
from model_base import family_of_class, hash64, hit, put, text_of, time_of
from model_queue import BASES

ATTRIBUTES = ("last_error", "detail", "destination", "next_hop", "next_hop_ip", "mta", "microsoft_code", "owner", "side",
              "connector", "kind", "provider")
SUMS = ("messages", "recipients", "held", "overdue", "mismatched", "expiring_1h", "expiring_6h", "expiring_24h",
        "attempts", "permanent_replies", "delivered", "bounced", "expired")
TOLD_AGAIN = ("messages", "recipients", "delivered", "bounced", "expired")
CONDITIONS = ("class", "severity", "over_volume", "near_expiry")


class Pair:
    def __init__(self, group, family):
        self.group, self.family = group, family
        self.rows = {}  # class: row
        self.forget()

    def forget(self):
        self.candidate = self.title = self.over_since = self.clear_since = None
        self.opened = self.last_alert = self.last_alert_at = None
        self.over_volume = self.unsent = False
        self.seq = 0
        self.attributes = {}

    def waiting(self):
        """Waiting rows, in the order of rule 1."""
        rows = [r for r in self.rows.values() if r["recipients"] > 0]
        return sorted(rows, key=lambda r: (-r["messages"], -r["recipients"], r["class"].encode()))

    def sum(self, name):
        return sum(r[name] for r in self.rows.values())

    def first_expiry(self):
        return min((time_of(r["first_expiry"]) for r in self.waiting() if "first_expiry" in r), default=None)


class Alert:
    def __init__(self, settings):
        self.set = settings
        self.family = family_of_class()
        self.incidents = []  # {"p", "key", "value" or None}, every record
        self.alerts = []

    def run(self, rows, until):
        """rows as Queue made them; an evaluation as of M comes before until if M + 1 does."""
        of_pair = {}
        for row in rows:
            if row["p"] < until:
                group, name = row["key"].rsplit("|", 1)
                of_pair.setdefault((group, self.family[name]), []).append((row["p"], name, row["value"]))
        for (group, family), its_rows in of_pair.items():
            self._run_pair(Pair(group, family), its_rows, until)
        for records in (self.incidents, self.alerts):
            records.sort(key=lambda r: (r["p"], r["key"]))

    def _run_pair(self, pair, rows, until):
        self.pair, self.m = pair, None
        boundaries = sorted({p for p, _, _ in rows})
        while True:
            moments = [b for b in boundaries if self.m is None or b > self.m]
            moments += self._own_moments()
            if not moments or min(moments) + 1 >= until:
                break
            self.m = min(moments)
            for p, name, value in rows:
                if p == self.m and value is None:
                    hit("3 a tombstone takes the row away")
                    pair.rows.pop(name, None)
                elif p == self.m:
                    pair.rows[name] = value
            hit("3 evaluation for a row" if self.m in boundaries else "3 evaluation of its own")
            self._evaluate()
        # A tombstone, too, comes after all rows of its moment.
        self.incidents = [r for r in self.incidents if r["value"] is not None or r["p"] + 1 < until]

    # 7

    def _own_moments(self):
        pair, due = self.pair, []
        if self.m is None:
            return due
        _, volume_over, near_expiry = self._thresholds()
        if pair.over_since is not None and not pair.over_volume:
            due.append(pair.over_since + volume_over)
        if pair.clear_since is not None:
            due.append(pair.clear_since + self.set.clear_after)
        if pair.unsent:
            due.append(pair.last_alert_at + self.set.update_min)
        if pair.opened is not None:
            due.append(pair.last_alert_at + self.set.update_every)
        if pair.first_expiry() is not None:
            due += [pair.first_expiry() - near_expiry, pair.first_expiry() - self.set.critical_expiry]
        return [m for m in due if m > self.m]

    # 1 to 5

    def _thresholds(self):
        return self.set.thresholds(self.pair.attributes.get("connector"), self.pair.attributes.get("kind"))

    def _evaluate(self):
        pair = self.pair
        pair.unsent = False
        self._title()
        self._volume()
        near_expiry = self._near_expiry()
        numbers = self._numbers(self._severity(), near_expiry)
        if pair.over_volume or near_expiry:
            hit("3.5 condition: " + ("both" if pair.over_volume and near_expiry
                                     else "volume" if pair.over_volume else "near expiry"))
            self._condition(numbers)
        elif pair.opened is not None:
            self._no_condition(numbers)
        if pair.opened is None and pair.over_since is None and not pair.rows:
            hit("3.7 the pair is forgotten")
            pair.forget()

    def _title(self):
        pair, waiting = self.pair, self.pair.waiting()
        candidate = waiting[0]["class"] if waiting else None
        if len(waiting) > 1 and waiting[0]["messages"] == waiting[1]["messages"]:
            hit("3.1 as many messages: " + ("by recipients" if waiting[0]["recipients"] > waiting[1]["recipients"]
                                            else "by name"))
        if pair.opened is None:
            pair.title = candidate
        elif candidate is not None and candidate != pair.title:
            if candidate == pair.candidate:
                hit("3.1 title changed: candidate twice")
                pair.title = candidate
            else:
                hit("3.1 title stays: candidate for the first time")
        pair.candidate = candidate
        if pair.title in pair.rows:
            row = pair.rows[pair.title]
            pair.attributes = {name: row[name] for name in ATTRIBUTES if name in row}
        elif pair.opened is not None:
            hit("3.1 the title row is gone: attributes as they were")

    def _volume(self):
        pair, (volume, volume_over, _) = self.pair, self._thresholds()
        v = sum(max(0, r["messages"] - r["held"] - r["null_sender"]) for r in pair.rows.values())
        if any(r["messages"] < r["held"] + r["null_sender"] for r in pair.rows.values()):
            hit("3.2 a row's share of the volume is not less than nothing")
        if v >= volume and pair.over_since is None:
            hit("3.2 volume reached")
            pair.over_since = self.m
        if v < volume and not pair.over_volume and pair.over_since is not None:
            hit("3.2 volume lost before its time")
            pair.over_since = None
        if pair.over_since is not None and self.m - pair.over_since >= volume_over:
            if not pair.over_volume:
                hit("3.2 over volume")
            pair.over_volume = True
        if 2 * v < volume:
            if pair.over_volume:
                hit("3.2 volume fell below the half")
            pair.over_volume, pair.over_since = False, None
        elif v < volume and pair.over_volume:
            hit("3.2 below the volume, not below the half")

    def _near_expiry(self):
        pair, first = self.pair, self.pair.first_expiry()
        near = first is not None and first - self.m <= self._thresholds()[2]
        if not near and pair.sum("overdue") == 0:
            return False
        if not near:
            hit("3.3 overdue, no expiry near")
        real = pair.sum("recipients") - pair.sum("null_sender")
        if real <= 0:
            hit("3.3 null senders only")
            return False
        if pair.attributes.get("kind") in ("own", "partner"):
            hit("3.3 near at an " + pair.attributes["kind"] + " connector")
            return True
        if real >= self.set.internet_min:
            hit("3.3 near on the internet: many")
            return True
        success = self._last_success()
        if success is not None and self.m - success <= self.set.internet_success:
            hit("3.3 near on the internet: worked before")
            return True
        hit("3.3 near on the internet: few, and never worked" if success is None
            else "3.3 near on the internet: few, and worked long ago")
        return False

    def _last_success(self):
        return max((time_of(r["last_success"]) for r in self.pair.rows.values() if "last_success" in r), default=None)

    def _severity(self):
        pair, first = self.pair, self.pair.first_expiry()
        reasons = [name for name in ("overdue", "expired") if pair.sum(name) > 0]
        if first is not None and first - self.m <= self.set.critical_expiry:
            reasons.append("expiry")
        if len(reasons) == 1:
            hit("3.4 critical for " + reasons[0])
        return "critical" if reasons else "warning"

    def _condition(self, numbers):
        pair = self.pair
        if pair.opened is None:
            pair.opened = self.m
            self._alert("opened", numbers)
            return
        if pair.clear_since is not None:
            hit("3.5 the condition is back")
        pair.clear_since = None
        last = pair.last_alert
        changed = [name for name in CONDITIONS if numbers[name] != last[name]]
        for condition in changed:
            hit("3.5 wanted: another " + condition)
        again = (self.m - pair.last_alert_at >= self.set.update_every
                 and any(numbers[name] != last[name] for name in TOLD_AGAIN))
        rose = numbers["severity"] == "critical" and last["severity"] != "critical"
        early = self.m < pair.last_alert_at + self.set.update_min
        if not changed and not again:
            if self.m - pair.last_alert_at >= self.set.update_every:
                hit("3.5 not wanted: the same numbers")
            self._write(numbers)
        elif early and not rose:
            hit("3.5 wanted, too early")
            pair.unsent = True
            self._write(numbers)
        else:
            if not changed:
                hit("3.5 wanted: other numbers after a while")
            if early:
                hit("3.5 sent early: rose to critical")
            self._alert("updated", numbers)

    def _no_condition(self, numbers):
        pair = self.pair
        if pair.clear_since is None:
            hit("3.5 no condition any more")
            pair.clear_since = self.m
        if numbers["recipients"] > 0 and self.m < pair.clear_since + self.set.clear_after:
            self._write(numbers)
            return
        hit("3.5 resolved: " + ("nothing waits" if numbers["recipients"] == 0 else "clear for long enough"))
        self._alert("resolved", numbers)
        self.incidents.append({"p": self.m + self.set.incident_keep, "key": self._id(), "value": None})
        pair.over_since = pair.clear_since = pair.opened = pair.last_alert = pair.last_alert_at = None
        pair.over_volume, pair.seq = False, 0

    # Records

    def _id(self):
        return f"{hash64(f'{self.pair.group}|{self.pair.family}|{self.pair.opened}'.encode()):016x}"

    def _alert(self, alert, numbers):
        hit("3.5 alert " + alert)
        pair = self.pair
        pair.seq += 1
        pair.last_alert, pair.last_alert_at = numbers, self.m
        record = self._write(numbers, resolved=alert == "resolved")
        self.alerts.append({"p": self.m, "key": self._id(), "value": {"event": alert, "at": text_of(self.m), **record}})

    def _write(self, numbers, resolved=False):
        pair = self.pair
        record = {"incident": self._id(), "seq": pair.seq, "state": "resolved" if resolved else "open",
                  "group": pair.group, "family": pair.family, "opened": text_of(pair.opened),
                  "updated": text_of(self.m), **numbers, **pair.attributes,
                  **self.set.told_of(pair.attributes.get("connector"))}
        put(record, resolved=text_of(self.m) if resolved else None)
        self.incidents.append({"p": self.m, "key": self._id(), "value": record})
        return record

    def _numbers(self, severity, near_expiry):
        """Everything that is counted, as of M, and what the conditions say."""
        pair, waiting, rows = self.pair, self.pair.waiting(), list(self.pair.rows.values())
        numbers = {"class": pair.title, "severity": severity, "over_volume": pair.over_volume,
                   "near_expiry": near_expiry}
        numbers.update((name, pair.sum(name)) for name in SUMS)
        for name in ("since", "oldest", "first_expiry"):
            put(numbers, **{name: min((r[name] for r in waiting if name in r), default=None)})
        for name in ("last_failure", "last_success"):
            put(numbers, **{name: max((r[name] for r in rows if name in r), default=None)})
        put(numbers, longest_wait_ms=max((r["longest_wait_ms"] for r in rows if "longest_wait_ms" in r), default=None))
        bases = {r["expiry_basis"] for r in waiting if "expiry_basis" in r}
        put(numbers, expiry_basis=next((b for b in BASES if b in bases), None))
        put(numbers, classes=[{name: r[name] for name in ("class", "messages", "recipients")} for r in waiting],
            sources=self._sources(waiting), samples=self._samples(waiting))
        if len(waiting) > 1:
            hit("3 numbers of several classes")
        if len(rows) > len(waiting):
            hit("3 numbers of an empty row")
        return numbers

    @staticmethod
    def _sources(waiting):
        by_host, mta = {}, {}
        for row in waiting:
            for source in row.get("sources", []):
                by_host[source["host"]] = by_host.get(source["host"], 0) + source["recipients"]
                mta.setdefault(source["host"], source.get("mta"))
        order = sorted(by_host, key=lambda host: (-by_host[host], host.encode()))[:10]
        return [put({"host": host, "recipients": by_host[host]}, mta=mta[host]) for host in order]

    @staticmethod
    def _samples(waiting):
        samples = [sample for row in waiting for sample in row.get("samples", [])]
        if len(samples) > 3:
            hit("3 samples of several classes")
        return samples[:3]
