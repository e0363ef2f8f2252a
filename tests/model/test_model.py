#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model itself, on small cases computed by hand from the text of docs/SEMANTICS.md.

All times are counted from T0, a whole hour.
"""
import unittest

import model
from model_alert import Alert
from model_base import DAY, HOUR, MINUTE, Settings, hash64, text_of, time_of
from model_queue import Queue
from model_track import Track

T0 = time_of("2026-03-02T06:00:00Z")
MIN0 = T0 // MINUTE
S = 1000
LATER = T0 + 30 * DAY
ANN, BOB = "ann@alpha.example", "bob@alpha.example"


def at(ms):
    return text_of(T0 + ms)


def line(p, event, time=None, source=0, **fields):
    """A delivery of pipeline time T0 + p; its own time is the same if not given."""
    d = {"site": "site", "host": "mx1", "mta": "postfix", "queue_id": "A1", "event": event,
         "time": T0 + (p if time is None else time), **fields}
    for name in ("arrival", "id_time", "expires"):
        if name in d:
            d[name] += T0
    return T0 + p, source, 0, d


def arrived(p, **fields):
    return line(p, "arrived", arrival=fields.pop("time", p), arrival_source="explicit", arrival_error_ms=1, **fields)


def deferred(p, to=ANN, **fields):
    known = {"destination": "alpha.example", "group": "alpha.example", "kind": "internet",
             "next_hop": "mx.alpha.example", "class": "connect_timeout", "family": "reach", "text": "no answer",
             "dsn": "4.4.1"}
    return line(p, "deferred", recipient=to, **{**known, **fields})


def delivered(p, to=ANN, **fields):
    return line(p, "delivered", recipient=to, **{"destination": "alpha.example", "group": "alpha.example", **fields})


class TrackCase(unittest.TestCase):
    maxDiff = None

    def track(self, *lines, until=LATER, **settings):
        lines = [(p, source, i, d) for i, (p, source, _, d) in enumerate(lines)]
        t = Track(Settings({"track": {"steps": [], **settings.pop("track", {})}, **settings}))
        t.run(lines, until)
        self.counts = t.counts
        self.messages = t.messages
        return [t["value"] for t in t.transitions]

    def said(self, *lines, **settings):
        """(change, reason, recipient's local part, messages_delta) of each transition."""
        return [(v["change"], v.get("reason"), v["recipient"].split("@")[0], v["messages_delta"])
                for v in self.track(*lines, **settings)]


class WhichMessage(TrackCase):
    def test_too_late_by_more_than_closed_keep(self):
        self.track(deferred(HOUR, time=0), until=T0 + 2 * HOUR)
        self.assertEqual(self.counts, {"opened": 1})
        self.track(deferred(HOUR + 1, time=0))
        self.assertEqual(self.counts, {"too_late": 1})

    def test_what_does_not_open(self):
        for event in ("removed", "expired", "released", "requeued", "deleted", "message_id", "notified"):
            self.track(line(0, event))
            self.assertEqual(self.counts, {"unknown_message": 1}, event)

    def test_id_reused_after_its_end(self):
        def ordinals(gap, **fields):
            values = self.track(deferred(0), line(S, "removed"), deferred(S + gap, **fields))
            return [v["message"].split("#")[1] for v in values], [v["seq"] for v in values]

        self.assertEqual(ordinals(1000), (["1", "1"], [1, 2]))
        self.assertEqual(self.counts, {"opened": 1, "late": 1})
        self.assertEqual(ordinals(1001)[0][:3], ["1", "1", "2"])
        self.assertEqual(ordinals(1001)[1][:3], [1, 2, 3])

    def test_id_reused_only_if_it_did_not_arrive_before_the_end(self):
        for arrival, opened in ((-500, 2), (-501, 1)):  # the end is at 1000 and the error 1500
            self.track(deferred(0), line(S, "removed"),
                       deferred(9 * S, arrival=arrival, arrival_source="delay", arrival_error_ms=1500))
            self.assertEqual(self.counts["opened"], opened, arrival)

    def test_ended_unseen_when_it_arrives_again(self):
        said = self.said(deferred(0), deferred(0, BOB), arrived(1001), until=T0 + HOUR)
        self.assertEqual(said[2:], [("leave", "closed_unknown", "ann", 0), ("leave", "closed_unknown", "bob", -1)])
        self.assertEqual(self.messages["site/mx1/A1"]["message"], "site/mx1/A1#2")
        self.assertEqual(self.messages["site/mx1/A1"]["state"], "active")
        self.assertEqual(len(self.said(deferred(0), arrived(1000), until=T0 + HOUR)), 1)

    def test_leaves_of_a_message_that_ended_unseen_have_no_time(self):
        leave = self.track(deferred(0), arrived(5000))[1]
        self.assertEqual((leave["at"], leave.get("time"), leave.get("waited_ms")), (at(5000), None, None))

    def test_ended_unseen_by_a_delay_that_begins_later(self):
        for arrival, ordinal in ((3000, 1), (3001, 2)):  # last line at 0, error 2000
            self.track(deferred(0), until=T0 + HOUR)
            values = self.track(deferred(0), deferred(9 * S, arrival=arrival, arrival_source="delay",
                                                      arrival_error_ms=2000), until=T0 + HOUR)
            self.assertEqual(values[-1]["message"], f"site/mx1/A1#{ordinal}")

    def test_what_never_waited_is_removed_at_once(self):
        self.track(arrived(0), delivered(S), line(2 * S, "removed"), until=T0 + 3 * S)
        self.assertEqual(self.messages, {})
        self.track(deferred(0), delivered(S), line(2 * S, "removed"), until=T0 + 3 * S)
        self.assertEqual(self.messages["site/mx1/A1"]["state"], "closed")


class SinceAndExpiry(TrackCase):
    def minutes(self, *lines, **settings):
        first = self.track(*lines, until=T0 + 3 * HOUR, **settings)[0]
        return first["queued_minute"] - MIN0, first["expires_minute"] - MIN0, first["basis"]

    def test_first_seen(self):
        self.assertEqual(self.minutes(deferred(5 * MINUTE)), (5, 5 + 48 * 60, "default"))

    def test_delay_with_the_least_error(self):
        def hinted(p, arrival, error):
            return deferred(p, arrival=arrival, arrival_source="delay", arrival_error_ms=error)

        self.track(hinted(9 * MINUTE, 0, 50), hinted(10 * MINUTE, MINUTE, 50), hinted(11 * MINUTE, 2 * MINUTE, 49),
                   hinted(12 * MINUTE, 3 * MINUTE, 51), until=T0 + HOUR)
        record = self.messages["site/mx1/A1"]
        self.assertEqual((record["queued_since"], record["queued_since_source"], record["queued_since_error_ms"]),
                         (at(2 * MINUTE), "delay", 49))

    def test_explicit_replaces_queue_id_and_the_first_stays(self):
        self.track(line(MINUTE, "queued", id_time=0), until=T0 + HOUR)
        self.assertEqual(self.messages["site/mx1/A1"]["queued_since_source"], "queue_id")
        self.track(line(MINUTE, "queued", id_time=0), arrived(MINUTE + 1), arrived(MINUTE + 2), until=T0 + HOUR)
        record = self.messages["site/mx1/A1"]
        self.assertEqual((record["queued_since"], record["queued_since_source"]), (at(MINUTE + 1), "explicit"))

    def test_requeued_has_the_age_of_the_delay_and_its_own_expiry(self):
        own = 100 * MINUTE
        for begins, queued in ((own - 2101, 99), (own - 2100, 100)):  # error 100
            with self.subTest(begins):
                lines = arrived(own), deferred(own + S, arrival=begins, arrival_source="delay", arrival_error_ms=100)
                self.assertEqual(self.minutes(*lines), (queued, 100 + 48 * 60, "default"))

    def test_lifetime_of_connector_rule_and_default(self):
        settings = {"connectors": [{"name": "c", "kind": "own", "lifetime": "1h"}],
                    "lifetimes": [{"host": "MX1", "null_sender": True, "lifetime": "2h"}]}
        null = line(0, "queued", null_sender=True)
        self.assertEqual(self.minutes(null, deferred(0, group="c", connector="c"), **settings), (0, 60, "configured"))
        self.assertEqual(self.minutes(null, deferred(0), **settings), (0, 120, "configured"))
        self.assertEqual(self.minutes(deferred(0), **settings), (0, 48 * 60, "default"))

    def test_expiry_of_the_record_stays_until_the_record_has_another(self):
        values = self.track(deferred(0, expires=HOUR), deferred(S), deferred(2 * S, expires=2 * HOUR),
                            until=T0 + MINUTE)
        self.assertEqual([(v["change"], v["expires_minute"] - MIN0, v["basis"]) for v in values],
                         [("enter", 60, "record"), ("retry", 60, "record"), ("leave", 60, "record"),
                          ("enter", 120, "record"), ("retry", 120, "record")])


class Events(TrackCase):
    def test_two_recipients_are_one_message(self):
        self.assertEqual(self.said(deferred(0), deferred(S, BOB), delivered(2 * S), delivered(3 * S, BOB)),
                         [("enter", "deferred", "ann", 1), ("enter", "deferred", "bob", 0),
                          ("leave", "delivered", "ann", 0), ("success", None, "ann", 0),
                          ("leave", "delivered", "bob", -1), ("success", None, "bob", 0)])

    def test_another_class_is_another_place(self):
        said = self.said(deferred(0), deferred(0, BOB), deferred(S, **{"class": "connect_refused"}), until=T0 + HOUR)
        self.assertEqual(said[2:], [("leave", "moved", "ann", 0), ("enter", "moved", "ann", 1),
                                    ("retry", None, "ann", 0)])

    def test_duplicates_and_stale_lines(self):
        self.said(deferred(S), deferred(S), deferred(2 * S, time=0), until=T0 + HOUR)
        self.assertEqual(self.counts, {"opened": 1, "duplicate": 1, "stale": 1})
        self.assertEqual(len(self.said(deferred(S), deferred(S, text="another"), until=T0 + HOUR)), 2)
        self.said(deferred(0), delivered(S), delivered(2 * S), deferred(3 * S, time=S), until=T0 + HOUR)
        self.assertEqual(self.counts, {"opened": 1, "duplicate": 2})

    def test_waits_again_after_having_been_finished(self):
        self.said(deferred(0), delivered(S), deferred(2 * S), until=T0 + HOUR)
        its = self.messages["site/mx1/A1"]["recipients"][0]
        self.assertEqual((its["state"], its["attempts"], its["first_deferral"], its["last_line"]),
                         ("waiting", 2, at(0), at(2 * S)))

    def test_suspended_lines_are_no_attempts(self):
        said = self.said(deferred(0, suspended=True), deferred(S, suspended=True), deferred(2 * S), until=T0 + HOUR)
        self.assertEqual([change for change, _, _, _ in said], ["enter", "retry"])
        self.assertEqual(self.messages["site/mx1/A1"]["recipients"][0]["attempts"], 1)

    def test_a_suspended_line_without_a_reason_keeps_the_class(self):
        none, said = {"suspended": True, "class": "other", "family": "other"}, {"suspended": True, "class": "dns_failure"}
        values = self.track(deferred(0), deferred(S, **none), deferred(2 * S, **said), deferred(3 * S), until=T0 + HOUR)
        self.assertEqual([v["class"] for v in values if v["change"] == "enter"],
                         ["connect_timeout", "dns_failure", "connect_timeout"])
        self.assertEqual(self.track(deferred(0, **none), until=T0 + HOUR)[0]["class"], "other")

    def test_a_line_without_next_hop_keeps_the_group(self):
        def groups(**fields):
            values = self.track(deferred(0), deferred(S, next_hop="", group="local:mx1", **fields), until=T0 + HOUR)
            return values[-1]["group"], values[-1].get("next_hop")

        self.assertEqual(groups(family="other"), ("alpha.example", "mx.alpha.example"))
        self.assertEqual(groups(family="local"), ("local:mx1", None))
        self.assertEqual(groups(connector="c"), ("local:mx1", None))
        values = self.track(deferred(0, next_hop="", group="first"), until=T0 + HOUR)
        self.assertEqual(values[0]["group"], "first")

    def test_no_route_by_ipv6_says_nothing_of_another_cause(self):
        ipv6 = {"class": "unreachable", "detail": "ipv6_no_route"}
        values = self.track(deferred(0), deferred(S, **ipv6), until=T0 + HOUR)
        self.assertEqual([v["class"] for v in values], ["connect_timeout"] * 2)
        self.assertEqual(self.track(deferred(0, **ipv6), until=T0 + HOUR)[0]["detail"], "ipv6_no_route")

    def test_class_none_becomes_other(self):
        self.assertEqual(self.track(deferred(0, **{"class": "none"}), until=T0 + HOUR)[0]["class"], "other")

    def test_mismatch_beyond_lifetime_and_grace(self):
        short = {"track": {"lifetime": "1h", "grace": "10m"}}
        begin = (arrived(0), line(50 * MINUTE, "message_id"))
        values = self.track(*begin, deferred(70 * MINUTE), until=T0 + 71 * MINUTE, **short)
        self.assertNotIn("mismatched", values[0])
        values = self.track(*begin, deferred(70 * MINUTE + 1), until=T0 + 71 * MINUTE, **short)
        self.assertTrue(values[0]["mismatched"])
        self.assertNotIn("expires_minute", values[0])
        self.assertEqual(values[0]["likely_lifetime_ms"], 5 * DAY)

    def test_the_longest_gap_is_taken_where_it_is_longer(self):
        short = {"track": {"lifetime": "1h", "grace": "10m"}}
        values = self.track(deferred(0), deferred(40 * MINUTE), deferred(100 * MINUTE), until=T0 + 101 * MINUTE,
                            **short)
        self.assertFalse(any(v.get("mismatched") for v in values))  # 60 minutes and 40
        values = self.track(deferred(0), deferred(40 * MINUTE), deferred(100 * MINUTE + 1), until=T0 + 101 * MINUTE,
                            **short)
        self.assertTrue(values[-1].get("mismatched"))  # its own gap does not count yet

    def test_likely_lifetime(self):
        for age, likely in ((5 * DAY - 1, 5), (5 * DAY, 6), (6 * DAY - 1, 6), (6 * DAY, 7)):
            values = self.track(deferred(0, arrival=-age, arrival_source="delay"), until=T0 + S)
            self.assertEqual(values[0]["likely_lifetime_ms"], likely * DAY, age)

    def test_expired_and_removed(self):
        said = self.said(deferred(0), deferred(0, BOB), line(S, "expired"), line(2 * S, "removed"), until=T0 + HOUR)
        self.assertEqual(said[2:], [("leave", "expired", "ann", 0), ("leave", "expired", "bob", -1)])
        self.said(arrived(0), line(S, "expired"), until=T0 + HOUR)
        self.assertEqual(self.counts, {"opened": 1, "expired_unknown": 1})
        self.assertEqual(self.said(deferred(0), line(S, "removed"))[1], ("leave", "closed_unknown", "ann", -1))

    def test_waited(self):
        values = self.track(arrived(0), deferred(S), delivered(5 * S, time=4 * S))
        self.assertEqual(values[1]["waited_ms"], 4 * S)
        values = self.track(arrived(10 * S), deferred(11 * S), delivered(12 * S, time=9 * S))
        self.assertEqual(values[1]["waited_ms"], 0)

    def test_on_hold(self):
        values = self.track(arrived(0), deferred(S), line(2 * S, "held"), line(3 * S, "released"), until=T0 + HOUR)
        self.assertEqual([(v["change"], v.get("held"), "expires_minute" in v) for v in values],
                         [("enter", None, True), ("leave", None, True), ("enter", True, False),
                          ("leave", True, False), ("enter", None, True)])


class Timers(TrackCase):
    def test_steps_once_each_and_not_before_the_line(self):
        steps = {"track": {"lifetime": "10h", "steps": ["4h", "50%", "100%"]}}
        values = self.track(deferred(5 * HOUR, arrival=0, arrival_source="delay"), until=T0 + 10 * HOUR + 1, **steps)
        self.assertEqual([(v["step"], v["at"]) for v in values[1:]],
                         [("4h", at(5 * HOUR)), ("50%", at(5 * HOUR)), ("100%", at(10 * HOUR))])

    def test_no_timer_at_until_itself(self):
        steps = {"track": {"steps": ["4h"]}}
        self.assertEqual(len(self.track(deferred(0), until=T0 + 4 * HOUR, **steps)), 1)
        self.assertEqual(len(self.track(deferred(0), until=T0 + 4 * HOUR + 1, **steps)), 2)

    def test_overdue(self):
        values = self.track(deferred(0), until=T0 + 50 * HOUR)
        self.assertEqual([(v["change"], v["at"], v.get("overdue")) for v in values[1:]],
                         [("leave", at(49 * HOUR + 12 * MINUTE), None), ("enter", at(49 * HOUR + 12 * MINUTE), True)])
        self.assertEqual(self.messages["site/mx1/A1"]["state"], "overdue")

    def test_timers_go_first(self):
        last = 49 * HOUR + 12 * MINUTE
        values = self.track(deferred(0), deferred(last), until=T0 + last + 1)
        self.assertEqual([v["change"] for v in values], ["enter", "leave", "enter", "leave", "enter", "retry"])
        self.assertEqual([v.get("overdue") for v in values], [None, None, True, True, None, None])

    def test_no_step_and_not_overdue_while_held(self):
        values = self.track(deferred(0), line(S, "held"), until=T0 + 5 * DAY, track={"steps": ["4h"]})
        self.assertEqual([v["change"] for v in values], ["enter", "leave", "enter"])

    def test_forgotten(self):
        values = self.track(deferred(0), line(S, "held"), until=T0 + 7 * DAY + S + 1)
        self.assertEqual((values[-1]["reason"], values[-1]["at"]), ("forgotten", at(7 * DAY + S)))
        self.assertEqual(self.messages, {})

    def test_markers_and_messages_without_waiting_are_removed(self):
        for lines in ([deferred(0), line(S, "removed")], [arrived(0), line(S, "message_id")]):
            self.track(*lines, until=T0 + HOUR + S)
            self.assertEqual(len(self.messages), 1)
            self.track(*lines, until=T0 + HOUR + S + 1)
            self.assertEqual(len(self.messages), 0)


def moved(p, change, n, **fields):
    """A transition at T0 + p."""
    value = {"message": "site/mx1/A1#1", "seq": 1, "at": at(p), "time": at(p), "change": change, "recipient": ANN,
             "group": "g", "class": "connect_timeout", "host": "mx1", "mta": "postfix", "basis": "default",
             "recipients_delta": n, "messages_delta": n, "queued_minute": MIN0, "expires_minute": MIN0 + 90}
    value.update(fields)
    return {"p": T0 + p, "value": {name: v for name, v in value.items() if v is not None}}


class Rows(unittest.TestCase):
    maxDiff = None

    def rows(self, *transitions, until, **settings):
        q = Queue(Settings({"queue": settings}))
        q.run(list(transitions), T0 + until)
        self.counts = q.counts
        return [((r["p"] - T0) / 1000, r["value"]) for r in q.rows]

    def test_a_change_is_written_at_the_next_boundary(self):
        for p, boundary in ((0, 1), (999, 1), (1000, 2)):
            rows = self.rows(moved(p, "enter", 1, reason="deferred"), until=5000)
            self.assertEqual([b for b, _ in rows], [boundary], p)

    def test_no_boundary_at_until(self):
        self.assertEqual(self.rows(moved(0, "enter", 1, reason="deferred"), until=1000), [])
        self.assertEqual(len(self.rows(moved(0, "enter", 1, reason="deferred"), until=1001)), 1)

    def test_written_again_by_the_clock(self):
        rows = self.rows(moved(0, "enter", 1, reason="deferred"), until=3 * HOUR)
        self.assertEqual([b for b, _ in rows], [1, 31 * 60, 91 * 60])
        self.assertEqual([v["expiring_1h"] for _, v in rows], [0, 1, 0])
        self.assertEqual([v.get("first_expiry") for _, v in rows], [at(90 * MINUTE)] * 2 + [None])

    def test_emptied_row_and_its_tombstone(self):
        rows = self.rows(moved(0, "enter", 1, reason="deferred"),
                         moved(2000, "leave", -1, reason="delivered", waited_ms=7), until=2 * HOUR)
        self.assertEqual([(b, v and v["recipients"]) for b, v in rows], [(1, 1), (3, 0), (3603, None)])
        self.assertEqual((rows[1][1]["delivered"], rows[1][1]["longest_wait_ms"]), (1, 7))
        self.assertNotIn("samples", rows[1][1])

    def test_an_idle_row_begins_anew(self):
        rows = self.rows(moved(0, "enter", 1, reason="deferred"), moved(2000, "leave", -1, reason="delivered"),
                         moved(5000, "enter", 1, reason="deferred"), until=10_000)
        self.assertEqual((rows[2][1]["since"], rows[2][1]["attempts"], rows[2][1]["delivered"]), (at(5000), 1, 0))

    def test_a_row_emptied_and_entered_before_it_is_written_does_not(self):
        rows = self.rows(moved(0, "enter", 1, reason="deferred"), moved(100, "leave", -1, reason="moved"),
                         moved(200, "enter", 1, reason="moved", time=None), until=5000)
        self.assertEqual([(v["since"], v["attempts"], v["entered"]) for _, v in rows], [(at(0), 1, 2)])

    def test_attempts_and_permanent_replies(self):
        rows = self.rows(moved(0, "enter", 1, reason="deferred", suspended=True, permanent_reply=True),
                         moved(1, "retry", 0, permanent_reply=True, text="no"), moved(2, "step", 0, text="x"),
                         until=2000)
        value = rows[0][1]
        self.assertEqual((value["attempts"], value["permanent_replies"], value["last_failure"], value["last_error"]),
                         (1, 2, at(1), "no"))

    def test_samples_are_three_and_leave_with_their_message(self):
        entered = [moved(i, "enter", 1, reason="deferred", message=f"m{i}") for i in range(4)]
        rows = self.rows(*entered, moved(5, "leave", -1, reason="bounced", message="m1"), until=2000)
        self.assertEqual([s["message"] for s in rows[0][1]["samples"]], ["m0", "m2"])

    def test_success_and_when_it_is_forgotten(self):
        success = moved(1500, "success", 0, **{"class": "none", "basis": None})
        rows = self.rows(moved(0, "enter", 1, reason="deferred"), success, moved(9000, "retry", 0),
                         moved(11_000, "retry", 0), until=13_000, group_keep="10s")
        self.assertEqual([(b, v.get("last_success")) for b, v in rows],
                         [(1, None), (2, at(1500)), (10, at(1500)), (12, None)])

    def test_bars_of_an_hour(self):
        for n, width in ((360, 1), (361, 60)):
            entered = [moved(0, "enter", 1, reason="deferred", queued_minute=MIN0 + i, expires_minute=None)
                       for i in range(n)]
            value = self.rows(*entered, until=1001)[0][1]
            self.assertEqual((value["resolution_min"], len(value["queued"])), (width, 360 if width == 1 else 7))

    def test_sources_and_the_weakest_basis(self):
        entered = [moved(0, "enter", 1, reason="deferred", host=f"h{i:02}", basis="record") for i in range(11)]
        entered.append(moved(0, "enter", 1, reason="deferred", host="h10", basis="configured"))
        value = self.rows(*entered, until=1001)[0][1]
        self.assertEqual([s["host"] for s in value["sources"]], ["h10"] + [f"h{i:02}" for i in range(9)])
        self.assertEqual(value["expiry_basis"], "configured")

    def test_a_leave_without_a_row_is_ignored(self):
        self.assertEqual(self.rows(moved(0, "leave", -1, reason="moved"), until=5000), [])
        self.assertEqual(self.counts, {"no_row": 1})


def row(p, messages, name="connect_timeout", **fields):
    """A row as of T0 + p, that many messages waiting with a recipient each."""
    value = {"group": "g", "class": name, "messages": messages, "recipients": messages, "held": 0, "overdue": 0,
             "mismatched": 0, "null_sender": 0, "expiring_1h": 0, "expiring_6h": 0, "expiring_24h": 0, "attempts": 0,
             "permanent_replies": 0, "delivered": 0, "bounced": 0, "expired": 0, "kind": "own", "since": at(0)}
    return {"p": T0 + p, "key": f"g|{name}", "value": {**value, **fields} if messages is not None else None}


class Incidents(unittest.TestCase):
    maxDiff = None

    def alerts(self, *rows, until, **settings):
        """(event, seconds after T0, class) of each alert."""
        own = {"volume_messages": 10, "volume_over": "10m", "near_expiry": "1h"}
        a = Alert(Settings({"alert": {"own": own, "internet": own, "internet_min": 5, **settings}}))
        a.run(list(rows), T0 + until)
        self.incidents, self.records = a.incidents, [r["value"] for r in a.alerts]
        return [(v["event"], (time_of(v["at"]) - T0) // 1000, v["class"]) for v in self.records]

    def test_volume_over_a_time(self):
        self.assertEqual(self.alerts(row(0, 10), until=HOUR)[0], ("opened", 600, "connect_timeout"))
        self.assertEqual(self.alerts(row(0, 9), until=HOUR), [])
        self.assertEqual(self.alerts(row(0, 10), row(60_000, 9), row(120_000, 10), until=HOUR)[0][1], 720)

    def test_the_last_evaluation_before_until(self):
        self.assertEqual(self.alerts(row(0, 10), until=600_001), [])
        self.assertEqual(len(self.alerts(row(0, 10), until=600_002)), 1)

    def test_held_and_notices_are_no_volume(self):
        self.assertEqual(self.alerts(row(0, 12, held=2, null_sender=1), until=HOUR), [])
        self.assertEqual(self.alerts(row(0, 2, "dns_failure", held=5), row(0, 10), until=HOUR)[0][1], 600)

    def test_resolved_when_nothing_waits_or_after_a_while(self):
        said = self.alerts(row(0, 10), row(700_000, 0), until=8 * DAY)
        self.assertEqual(said, [("opened", 600, "connect_timeout"), ("resolved", 700, "connect_timeout")])
        self.assertEqual(self.incidents[-1]["value"], None)
        self.assertEqual(self.incidents[-2]["value"]["state"], "resolved")
        said = self.alerts(row(0, 10), row(700_000, 5), row(800_000, 4), until=HOUR)
        self.assertEqual(said[1:], [("resolved", 1400, "connect_timeout")])  # half is not below the half

    def test_tombstone_of_an_incident(self):
        rows = (row(0, 10), row(700_000, 0))
        self.alerts(*rows, until=700_001 + MINUTE, incident_keep="1m")
        self.assertIsNotNone(self.incidents[-1]["value"])
        self.alerts(*rows, until=700_002 + MINUTE, incident_keep="1m")
        self.assertIsNone(self.incidents[-1]["value"])

    def test_near_expiry(self):
        said = self.alerts(row(0, 1, first_expiry=at(3 * HOUR)), until=2 * HOUR + 2)
        self.assertEqual(said, [("opened", 7200, "connect_timeout")])
        self.assertEqual(self.records[0]["severity"], "critical")  # two hours or less
        self.assertEqual(self.alerts(row(0, 1, overdue=1), until=2)[0][0], "opened")
        self.assertEqual(self.alerts(row(0, 1, overdue=1, null_sender=1), until=HOUR), [])

    def test_near_expiry_on_the_internet(self):
        near = {"first_expiry": at(HOUR), "kind": "internet"}
        self.assertEqual(self.alerts(row(0, 4, **near), until=2), [])
        self.assertEqual(len(self.alerts(row(0, 5, **near), until=2)), 1)
        self.assertEqual(len(self.alerts(row(0, 4, last_success=at(-7 * DAY), **near), until=2)), 1)
        self.assertEqual(self.alerts(row(0, 4, last_success=at(-7 * DAY - 1), **near), until=2), [])

    def test_title_changes_with_the_second_look(self):
        rows = [row(0, 10), row(700_000, 11, "dns_failure"), row(800_000, 12, "dns_failure")]
        self.assertEqual(self.alerts(*rows, until=900_000),
                         [("opened", 600, "connect_timeout")])
        self.assertEqual(self.alerts(*rows, until=1_000_000)[1], ("updated", 900, "dns_failure"))
        self.assertEqual([r["class"] for r in self.records[1]["classes"]], ["dns_failure", "connect_timeout"])

    def test_updates_wait_for_update_min_but_not_when_critical(self):
        self.assertEqual(self.alerts(row(0, 10), row(700_000, 10, overdue=1), until=HOUR)[1][1], 700)
        said = self.alerts(row(0, 10, first_expiry=at(HOUR + 700_000)), until=1_200_000, critical_expiry="1m")
        self.assertEqual([s[1] for s in said], [600, 900])  # near expiry from 700 on

    def test_numbers_are_told_again(self):
        rows = [row(0, 10), row(700_000, 11)]
        self.assertEqual([s[1] for s in self.alerts(*rows, until=3 * HOUR)], [600, 4200])

    def test_id(self):
        self.alerts(row(0, 10), until=HOUR)
        opened = T0 + 600_000
        self.assertEqual(self.records[0]["incident"], f"{hash64(f'g|reach|{opened}'.encode()):016x}")

    def test_title_row_is_gone(self):
        rows = [row(0, 10, last_error="a"), row(0, 3, "dns_failure"), row(1000, 0), row(1000, 9, "unreachable"),
                row(2000, 20, "dns_failure"), row(3000, None), row(3000, 21, "unreachable"),
                row(4000, 30, "dns_failure")]
        self.alerts(*rows, until=60_000, own={"volume_messages": 1, "volume_over": "0s"})
        last = self.incidents[-1]["value"]
        self.assertEqual((last["class"], last.get("last_error")), ("connect_timeout", None))
        at_tombstone = [r["value"] for r in self.incidents if r["p"] == T0 + 3000][0]
        self.assertEqual(at_tombstone["class"], "connect_timeout")


class Helpers(unittest.TestCase):
    def test_times(self):
        self.assertEqual(time_of("1970-01-02T00:00:00.5Z"), DAY + 500)
        self.assertEqual(time_of("2026-03-02T08:00:00.001234+02:00"), T0 + 1)
        self.assertEqual(text_of(T0 + 7), "2026-03-02T06:00:00.007Z")

    def test_hash64(self):
        """Numbers of the published algorithm, with and without a whole word."""
        self.assertEqual(hash64(b""), 0)
        self.assertEqual(hash64(b"a"), 0x071717D2D36B6B11)
        self.assertEqual(hash64(b"abcdefghi"), 0xC9B9D84356146AC2)

    def test_every_rule_has_a_name_of_its_own(self):
        self.assertLessEqual(set(model.UNIT_ONLY), model.rules())
        self.assertLessEqual({name for name, _ in model.coverage()}, model.rules())


if __name__ == "__main__":
    unittest.main()
