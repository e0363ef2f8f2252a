# SPDX-License-Identifier: Apache-2.0
"""Section 1 of docs/SEMANTICS.md: deliveries to transitions and messages.

The rules of a message look at nothing but its own lines, so each key is played through alone, from its first line to
its last timer, and the transitions of all keys are sorted at the end.
"""
from model_base import DAY, MINUTE, hit, minute, put, span, text_of

OPENING = {"arrived", "queued", "delivered", "deferred", "bounced", "handed_on", "discarded", "held"}
FINISHING = {"delivered", "bounced", "handed_on", "discarded"}
FINISHED = FINISHING | {"expired"}
ROUTE = ("group", "connector", "kind", "provider", "next_hop", "next_hop_ip")
VERDICT = ("class", "detail", "microsoft_code", "owner", "side")
WORDS = ("text", "suspended", "permanent_reply", "destination")
SAME_LINE = ("event", "time", "dsn", "relay", "delay_ms", "text")


class Recipient:
    def __init__(self, address):
        self.address = address
        self.state = "new"
        self.last_line = self.first_deferral = self.attempts = None
        self.route, self.verdict, self.words = {}, {}, {}
        self.wait_afresh()

    def wait_afresh(self):
        self.has_group = False
        self.record_expires = self.told = self.same_line = self.likely_lifetime = None
        self.crossed = set()
        self.overdue = self.mismatched = False

    def finish(self, state, time):
        self.state = state
        self.last_line = time if self.last_line is None else max(self.last_line, time)


class Entry:
    def __init__(self, d, ordinal, seq):
        self.site, self.host, self.queue_id = d["site"], d["host"], d["queue_id"]
        self.ordinal, self.seq = ordinal, seq
        self.closed_time = self.last_p = self.last_line = self.mta = None
        self.own = self.delay = self.sender = None
        self.null_sender = self.held = self.ever_waiting = False
        self.longest_gap = 0
        self.first_seen = d["time"]
        self.recipients = {}

    def message(self):
        return f"{self.site}/{self.host}/{self.queue_id}#{self.ordinal}"

    def by_address(self):
        return [self.recipients[a] for a in sorted(self.recipients, key=str.encode)]

    def waiting(self):
        return [r for r in self.by_address() if r.state == "waiting"]

    def find_or_make(self, address):
        return self.recipients.setdefault(address, Recipient(address))

    def since(self):
        """(lifetime base, queued_since, source, error) by 1.2."""
        if self.own is None and self.delay is None:
            hit("1.2 first seen")
            return self.first_seen, self.first_seen, "first_seen", None
        if self.own is None:
            hit("1.2 by the delay alone")
            return self.delay[0], self.delay[0], "delay", self.delay[1]
        own, error, source = self.own
        if self.delay is not None and self.delay[0] + (self.delay[1] or 0) + 2000 < own:
            hit("1.2 requeued: age by the delay, expiry by its own beginning")
            return own, self.delay[0], "delay", self.delay[1]
        hit("1.2 its own beginning, " + source)
        return own, own, source, error


class Track:
    def __init__(self, settings):
        self.set = settings
        self.transitions = []  # {"p", "order": key of the entry, "value"}
        self.messages = {}  # key: record as it stands at the end
        self.counts = {}

    def run(self, lines, until):
        """lines: [(p, source, offset, delivery with times in ms)]; all with p < until and all timers due before it."""
        of_key = {}
        for p, _, _, d in sorted((line for line in lines if line[0] < until), key=lambda line: line[:3]):
            of_key.setdefault(f"{d['site']}/{d['host']}/{d['queue_id']}", []).append((p, d))
        for key, its_lines in of_key.items():
            self._run_key(key, its_lines, until)
        self.transitions.sort(key=lambda t: (t["p"], t["order"].encode(), t["value"]["seq"]))

    def _run_key(self, key, its_lines, until):
        self.key, self.entry = key, None
        for p, d in its_lines:
            self._fire_up_to(p)
            self._line(p, d)
        self._fire_up_to(until - 1)
        if self.entry is not None:
            self.messages[key] = self._record()

    def _fire_up_to(self, last):
        while self.entry is not None and self.next_moment() <= last:
            self._fire(self.next_moment())

    def _count(self, counter):
        hit("counted " + counter)
        self.counts[counter] = self.counts.get(counter, 0) + 1

    # 1.1

    def _line(self, p, d):
        if not self._which_message(p, d):
            return
        e = self.entry
        e.last_p = p
        e.last_line = d["time"] if e.last_line is None else max(e.last_line, d["time"])
        e.mta = d["mta"]
        self._candidates(d)
        self._event(p, d)
        if self.entry is not None:
            self._refresh(p, d["time"])

    def _which_message(self, p, d):
        """False: the line was stopped."""
        e, opens = self.entry, d["event"] in OPENING
        implied = d.get("arrival") if d.get("arrival_source") else None
        error = d.get("arrival_error_ms") or 0
        if e is None:
            if p - d["time"] > self.set.closed_keep:
                return self._count("too_late")
            if not opens:
                return self._count("unknown_message")
            return self._open(d, 1, 0)
        if e.closed_time is not None:
            if opens and d["time"] > e.closed_time + 1000 and (implied is None or implied + error >= e.closed_time):
                hit("1.1.2 id reused after the end, " + ("no" if implied is None else "an") + " arrival implied")
                return self._open(d, e.ordinal + 1, e.seq)
            if opens and d["time"] > e.closed_time + 1000:
                hit("1.1.2 late: it arrived before the end")
            return self._count("late")
        if d["event"] == "arrived" and d["time"] > e.last_line + 1000:
            hit("1.1.3 ended unseen: arrived again")
        elif implied is not None and d["arrival_source"] == "delay" and implied - error > e.last_line + 1000:
            hit("1.1.3 ended unseen: the delay begins after its last line")
        else:
            return True
        for r in e.waiting():
            hit("1.1.3 a waiting recipient of the old message leaves")
            self._leave(r, "closed_unknown", p, None, None)
        return self._open(d, e.ordinal + 1, e.seq)

    def _open(self, d, ordinal, seq):
        self._count("opened")
        self.entry = Entry(d, ordinal, seq)
        return True

    # 1.2

    def _candidates(self, d):
        e = self.entry
        if d["event"] == "arrived":
            if e.own is None or e.own[2] != "explicit":
                hit("1.2 explicit begins it" if e.own is None else "1.2 explicit replaces queue_id")
                e.own = (d["arrival"], d.get("arrival_error_ms"), "explicit")
            else:
                hit("1.2 the first explicit one stays")
        if e.own is None and d.get("id_time") is not None:
            hit("1.2 the queue id begins it")
            e.own = (d["id_time"], 0, "queue_id")
        if d.get("arrival_source") == "delay":
            if e.delay is None or (d.get("arrival_error_ms") or 0) < (e.delay[1] or 0):
                hit("1.2 first delay" if e.delay is None else "1.2 delay with less error")
                e.delay = (d["arrival"], d.get("arrival_error_ms"))
            elif (d.get("arrival_error_ms") or 0) == (e.delay[1] or 0) and d["arrival"] != e.delay[0]:
                hit("1.2 another delay with the same error: the first stays")

    # 1.3, 1.4

    def expires(self, r):
        """(expires, basis)."""
        e = self.entry
        if r.record_expires is not None:
            hit("1.3 the record's own expiry")
            return r.record_expires, "record"
        lifetime, basis = self.set.lifetime(r.route.get("connector"), e.host, e.mta, e.null_sender)
        return e.since()[0] + lifetime, basis

    def _place(self, r):
        e, (expires, basis) = self.entry, self.expires(r)
        place = {"group": r.route["group"], "class": r.verdict["class"], "queued_minute": minute(e.since()[1])}
        if not e.held and not r.mismatched:
            place["expires_minute"] = minute(expires)
        put(place, held=e.held, overdue=r.overdue, mismatched=r.mismatched, null_sender=e.null_sender, basis=basis)
        return place

    def _refresh(self, at, time):
        for r in self.entry.waiting():
            place = self._place(r)
            if r.told is None:
                hit("1.4 first enter")
                self._enter(r, place, "deferred", at, time)
            elif place != r.told:
                for of_place in set(place) | set(r.told):
                    if place.get(of_place) != r.told.get(of_place):
                        hit("1.4 moved: " + of_place)
                hit("1.4 moved by a line" if time is not None else "1.4 moved by a timer")
                self._leave(r, "moved", at, time, None)
                self._enter(r, place, "moved", at, time)

    def _shared(self, r, place):
        return any(o is not r and o.told is not None and o.told["group"] == place["group"]
                   and o.told["class"] == place["class"] for o in self.entry.recipients.values())

    # 1.5

    def _event(self, p, d):
        e, event = self.entry, d["event"]
        if event == "deferred":
            self._deferred(p, d)
        elif event in FINISHING:
            self._finished(p, d)
        elif event == "expired":
            self._expired(p, d)
        elif event in ("held", "released"):
            hit("1.5 held" if event == "held" else "1.5 released")
            e.held = event == "held"
        elif event in ("requeued", "deleted", "removed"):
            reason = "closed_unknown" if event == "removed" else event
            for r in e.waiting():
                hit("1.5 leaves as " + reason)
                self._leave(r, reason, p, d["time"], self._waited(d))
            self._close(d)
        elif event == "queued":
            hit("1.5 queued" + (", null sender" if d.get("null_sender") else ""))
            e.null_sender, e.sender = d.get("null_sender", False), d.get("sender")
        elif event == "arrived":
            hit("1.5 arrived" + (", was requeued" if d.get("orig_queue_id") else ""))
        else:
            hit("1.5 another fact: nothing")

    def _deferred(self, p, d):
        e, r = self.entry, self.entry.find_or_make(d.get("recipient", ""))
        same, was_waiting = tuple(d.get(name) for name in SAME_LINE), r.state == "waiting"
        if r.state in FINISHED and d["time"] <= r.last_line:
            hit("1.5 deferred: finished by a line that is not older")
            return self._count("duplicate")
        if was_waiting and d["time"] == r.last_line and same == r.same_line:
            hit("1.5 deferred: the same line again")
            return self._count("duplicate")
        if was_waiting and d["time"] < r.last_line:
            return self._count("stale")
        if was_waiting and d["time"] == r.last_line:
            hit("1.5 deferred: another line of the same time")
        if r.state in FINISHED:
            hit("1.5 deferred: waits again after " + r.state)
            r.wait_afresh()
        self._take_group(r, d)
        self._take_class(r, d, was_waiting)
        r.state, r.same_line = "waiting", same
        r.words = {name: d[name] for name in WORDS if name in d}
        r.attempts = (r.attempts or 0) + (not d.get("suspended"))
        r.first_deferral = d["time"] if r.first_deferral is None else r.first_deferral
        if r.overdue:
            hit("1.5 deferred: overdue no longer")
        r.overdue = False
        r.record_expires = d.get("expires", r.record_expires)
        self._mismatch(r, d)
        if was_waiting and d["time"] - r.last_line > e.longest_gap:
            hit("1.5 deferred: longest gap so far")
            e.longest_gap = d["time"] - r.last_line
        first_enter = r.told is None
        r.last_line, e.ever_waiting = d["time"], True
        self._refresh(p, d["time"])
        if not d.get("suspended") and not first_enter:
            hit("1.5 deferred: retry")
            self._say(r, "retry", p, d["time"], r.told, **self._details(r))
        elif d.get("suspended"):
            hit("1.5 deferred: suspended" + (", first enter" if first_enter else ", no retry"))

    @staticmethod
    def _take_group(r, d):
        hopless = not d.get("next_hop") and not d.get("connector")
        if hopless and d.get("family") != "local" and r.has_group:
            hit("1.5 group: kept, the line has no next hop")
            return
        if hopless and r.has_group:
            hit("1.5 group: taken from a local line without next hop")
        elif hopless:
            hit("1.5 group: taken from a first line without next hop")
        r.route = {name: d[name] for name in ROUTE if name in d}
        r.has_group = "group" in r.route

    @staticmethod
    def _take_class(r, d, was_waiting):
        if (d.get("class") == "unreachable" and d.get("detail") == "ipv6_no_route" and was_waiting
                and r.verdict["class"] != "unreachable"):
            hit("1.5 class: kept, the line is but of IPv6")
            return
        if was_waiting and d.get("suspended") and d.get("class", "none") in ("other", "none"):
            hit("1.5 class: kept, the line is suspended and gives no reason")
            return
        if d.get("detail") == "ipv6_no_route":
            hit("1.5 class: taken from a line of IPv6")
        if was_waiting and r.verdict["class"] != d.get("class", "other"):
            hit("1.5 class: changed")
        r.verdict = {name: d[name] for name in VERDICT if name in d}
        if r.verdict.get("class", "none") == "none":
            hit("1.5 class: none becomes other")
            r.verdict["class"] = "other"

    def _mismatch(self, r, d):
        e, base = self.entry, self.entry.since()[0]
        past = d["time"] > self.expires(r)[0] + max(self.set.grace, e.longest_gap)
        if past and e.held:
            hit("1.5 mismatch: not while held")
        elif past and not r.mismatched:
            hit("1.5 mismatch: " + ("a first deferral" if r.told is None else "a retry"))
            r.mismatched = True
        elif d["time"] > self.expires(r)[0] + self.set.grace and not r.mismatched:
            hit("1.5 mismatch: not yet, for the longest gap")
        if r.mismatched:
            age = d["time"] - base
            hit("1.5 likely lifetime: 5 days" if age < 5 * DAY else "1.5 likely lifetime: more than 5 days")
            r.likely_lifetime = 5 * DAY if age < 5 * DAY else (age // DAY + 1) * DAY

    def _finished(self, p, d):
        r = self.entry.find_or_make(d.get("recipient", ""))
        if r.state in FINISHED:
            hit("1.5 finished already: " + d["event"])
            self._count("duplicate")
            return
        if r.state == "waiting":
            hit("1.5 leaves as " + d["event"])
            self._leave(r, d["event"], p, d["time"], self._waited(d))
        else:
            hit("1.5 finished at once as " + d["event"])
        r.finish(d["event"], d["time"])
        self._refresh(p, d["time"])
        if d["event"] == "delivered":
            line = {"group": d.get("group", ""), "class": "none"}
            more = {name: d.get(name) for name in ROUTE[1:]}
            self._say(r, "success", p, d["time"], line, destination=d.get("destination"), **more)

    def _expired(self, p, d):
        waiting = self.entry.waiting()
        if not waiting:
            self._count("expired_unknown")
        for r in waiting:
            hit("1.5 leaves as expired")
            self._leave(r, "expired", p, d["time"], self._waited(d))
            r.finish("expired", d["time"])

    def _waited(self, d):
        waited = d["time"] - self.entry.since()[1]
        if waited < 0:
            hit("1.5 waited: not less than nothing")
        return max(0, waited)

    def _close(self, d):
        e = self.entry
        hit("1.5 closed: a marker stays" if e.ever_waiting else "1.5 closed: removed at once")
        e.closed_time = d["time"]
        e.recipients = {}
        if not e.ever_waiting:
            self.entry = None

    # 1.6

    def _step_time(self, r, step):
        base, queued_since = self.entry.since()[:2]
        if step.endswith("%"):
            return base + (self.expires(r)[0] - base) * int(step[:-1]) // 100
        return queued_since + span(step)

    def _overdue_time(self, r):
        return self.expires(r)[0] + max(self.set.grace, self.entry.longest_gap)

    def _timed(self):
        """Recipients that steps and overdue are for."""
        return [] if self.entry.held else [r for r in self.entry.waiting() if not r.mismatched]

    def next_moment(self):
        e = self.entry
        if e.closed_time is not None or not e.waiting():
            return e.last_p + self.set.closed_keep
        due = [e.last_p + self.set.forget_after]
        for r in self._timed():
            due += [self._step_time(r, step) for step in self.set.steps if step not in r.crossed]
            if not r.overdue:
                due.append(self._overdue_time(r))
        return max(min(due), e.last_p)

    def _fire(self, m):
        e = self.entry
        if e.closed_time is not None or not e.waiting():
            hit("1.6 " + ("closed marker" if e.closed_time is not None else "open without waiting") + " removed")
            self.entry = None
            return
        if m >= e.last_p + self.set.forget_after:
            for r in e.waiting():
                hit("1.6 forgotten")
                self._leave(r, "forgotten", m, None, None)
            self.entry = None
            return
        hit("1.6 a moment moved up to the last line" if m == e.last_p else "1.6 a moment of its own")
        for r in self._timed():
            for step in self.set.steps:
                if step not in r.crossed and self._step_time(r, step) <= m:
                    hit("1.6 step " + ("by share" if step.endswith("%") else "by age"))
                    r.crossed.add(step)
                    route = {name: r.route.get(name) for name in ("connector", "kind", "provider")}
                    self._say(r, "step", m, None, r.told, step=step, **route)
            if not r.overdue and self._overdue_time(r) <= m:
                hit("1.6 overdue" + (", by the longest gap" if e.longest_gap > self.set.grace else ""))
                r.overdue = True
        self._refresh(m, None)

    # 1.7

    def _enter(self, r, place, reason, at, time):
        shared = self._shared(r, place)
        hit("1.7 enter: " + ("another recipient is there" if shared else "the message's first"))
        r.told = place
        self._say(r, "enter", at, time, place, reason=reason, recipients_delta=1, messages_delta=int(not shared),
                  **self._details(r))

    def _leave(self, r, reason, at, time, waited):
        shared = self._shared(r, r.told)
        hit("1.7 leave: " + ("another recipient stays" if shared else "the message's last"))
        self._say(r, "leave", at, time, r.told, reason=reason, recipients_delta=-1, messages_delta=-int(not shared),
                  waited_ms=waited)
        r.told = None

    @staticmethod
    def _details(r):
        details = {name: r.route.get(name) for name in ROUTE[1:]}
        details.update((name, r.verdict.get(name)) for name in VERDICT[1:])
        details.update((name, r.words.get(name)) for name in WORDS[:3])
        details["likely_lifetime_ms"] = r.likely_lifetime if r.mismatched else None
        return details

    def _say(self, r, change, at, time, place, recipients_delta=0, messages_delta=0, destination=None, **more):
        e = self.entry
        e.seq += 1
        value = {"message": e.message(), "seq": e.seq, "at": text_of(at), "change": change,
                 "recipients_delta": recipients_delta, "messages_delta": messages_delta, "host": e.host, "mta": e.mta}
        put(value, time=None if time is None else text_of(time), recipient=r.address,
            destination=destination if change == "success" else r.words.get("destination"), **place, **more)
        value.setdefault("group", "")
        self.transitions.append({"p": at, "order": self.key, "key": value["group"], "value": value})

    # 1.8

    def _record(self):
        e = self.entry
        _, queued_since, source, error = e.since()
        record = {"message": e.message(), "site": e.site, "host": e.host, "queue_id": e.queue_id, "mta": e.mta,
                  "state": self._state(), "seq": e.seq}
        put(record, queued_since=text_of(queued_since), queued_since_source=source, queued_since_error_ms=error,
            null_sender=e.null_sender, sender=e.sender, last_line=text_of(e.last_line),
            recipients=[self._record_of(r) for r in e.by_address()])
        timed = self._timed()
        if timed:
            first = min(timed, key=lambda r: self.expires(r)[0])
            put(record, expires=text_of(self.expires(first)[0]), basis=self.expires(first)[1])
        return record

    def _state(self):
        e = self.entry
        if e.closed_time is not None:
            state = "closed"
        elif e.held:
            state = "held"
        elif any(r.overdue for r in e.waiting()):
            state = "overdue"
        elif e.waiting():
            state = "waiting"
        else:
            state = "done" if e.recipients else "active"
        hit("1.8 " + state)
        return state

    def _record_of(self, r):
        record = {"recipient": r.address, "state": r.state}
        put(record, last_line=text_of(r.last_line))
        if r.attempts is not None:
            put(record, group=r.route.get("group"), text=r.words.get("text"), first_deferral=text_of(r.first_deferral),
                attempts=r.attempts, **{"class": r.verdict["class"]})
        if r.state == "waiting":
            expires, basis = self.expires(r)
            put(record, expires=text_of(expires), basis=basis, overdue=r.overdue, mismatched=r.mismatched)
        else:
            hit("1.8 a finished recipient that " + ("waited" if r.attempts is not None else "never waited"))
        return record
