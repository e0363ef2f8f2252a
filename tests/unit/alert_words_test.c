/* SPDX-License-Identifier: Apache-2.0 */
/* alert_words - what an operator reads at night, word for word */
#include "alert/words.h"

#include "lib/base/timefmt.h"
#include "support.h"

#define MIN  ((int64_t)60000)
#define HOUR (60 * MIN)

static int64_t at(const char *text)
{
	int64_t ms;

	assert_true(time_parse(str_from(text), &ms));
	return ms;
}

/* 25 messages for 40 recipients that cannot reach a branch, an hour and 40 minutes before the first one ends. */
static struct incident example(void)
{
	static const struct row_source sources[] = {{{"mx1", 3}, 30, MTA_POSTFIX}, {{"mx2", 3}, 10, MTA_EXIM}};
	struct incident inc;

	record_clear(&incident_record, &inc);
	inc.severity = SEVERITY_CRITICAL;
	inc.group = STR("branch");
	inc.class = CLASS_connect_timeout;
	inc.microsoft_code = STR("4.4.315");
	inc.side = SIDE_THEM;
	inc.messages = 25;
	inc.recipients = 40;
	inc.held = inc.overdue = inc.mismatched = inc.permanent_replies = 0;
	inc.delivered = inc.bounced = inc.expired = 0;
	inc.opened_ms = at("2026-11-24T09:00:00Z");
	inc.updated_ms = at("2026-11-24T10:20:00Z");
	inc.since_ms = at("2026-11-24T08:05:10Z");
	inc.oldest_ms = at("2026-11-24T07:55:00Z");
	inc.first_expiry_ms = at("2026-11-24T12:00:00Z");
	inc.expiry_basis = BASIS_CONFIGURED;
	inc.expiring_1h = 0;
	inc.expiring_6h = 12;
	inc.expiring_24h = 40;
	inc.last_success_ms = at("2026-11-24T02:11:59Z");
	inc.next_hop = STR("mx.branch.example.net");
	inc.next_hop_ip = STR("192.0.2.7");
	inc.last_error = STR("connect to mx.branch.example.net[192.0.2.7]:25: Connection timed out");
	inc.sources = (struct record_list){sources, 2};
	return inc;
}

static void check_title(const char *label, const struct incident *inc, enum alert_event event, const char *want)
{
	struct buf got = BUF_INIT;

	words_title(inc, event, 48 * HOUR, &got);
	expect_str(buf_view(&got), str_from(want), label);
	buf_release(&got);
}

static void check_summary(const char *label, const struct incident *inc, enum alert_event event, const char *want)
{
	struct buf got = BUF_INIT;

	words_summary(inc, event, 48 * HOUR, &got);
	expect_str(buf_view(&got), str_from(want), label);
	buf_release(&got);
}

static void titles(void **state)
{
	struct incident inc = example();

	(void)state;
	check_title("critical", &inc, ALERT_OPENED,
	            "Critical: 25 messages wait for branch (connect_timeout), the first expires in 1 h 40 min");
	check_title("updated: the same words", &inc, ALERT_UPDATED,
	            "Critical: 25 messages wait for branch (connect_timeout), the first expires in 1 h 40 min");
	inc.severity = SEVERITY_WARNING;
	inc.messages = 1;
	inc.first_expiry_ms = TIME_NONE;
	check_title("one, without an end", &inc, ALERT_OPENED, "Warning: 1 message waits for branch (connect_timeout)");
	inc.overdue = 3;
	inc.expired = 2;
	check_title("marks", &inc, ALERT_OPENED,
	            "Warning: 1 message waits for branch (connect_timeout), 3 overdue, 2 expired");
	check_title("resolved, some still wait", &inc, ALERT_RESOLVED,
	            "Resolved: mail to branch (connect_timeout), 1 message still waits");
	inc.messages = 0;
	check_title("resolved", &inc, ALERT_RESOLVED, "Resolved: mail to branch (connect_timeout)");
}

static void ends_are_told_as_sure_as_they_are(void **state)
{
	static const struct {
		const char *label;
		enum basis basis;
		int64_t lifetime_ms, left_ms;
		const char *want; /* behind "Critical: 25 messages wait for branch (connect_timeout)" */
	} cases[] = {
	    {"the MTA's own", BASIS_RECORD, 48 * HOUR, 5 * HOUR, ", the first expires in 5 h"},
	    {"configured", BASIS_CONFIGURED, 48 * HOUR, 5 * HOUR, ", the first expires in 5 h"},
	    {"observed", BASIS_OBSERVED, 48 * HOUR, 5 * HOUR, ", the first reaches the limit seen so far in 5 h"},
	    {"assumed", BASIS_DEFAULT, 48 * HOUR, 5 * HOUR, ", the first reaches the 48 h limit in 5 h"},
	    {"another assumption", BASIS_DEFAULT, 120 * HOUR, 5 * HOUR, ", the first reaches the 120 h limit in 5 h"},
	    {"of no whole hours", BASIS_DEFAULT, 90 * MIN, 5 * MIN,
	     ", the first reaches the 1 h 30 min limit in 5 min"},
	    {"not known", BASIS_UNKNOWN, 48 * HOUR, 5 * HOUR, ", the first reaches the 48 h limit in 5 h"},
	    {"this minute", BASIS_RECORD, 48 * HOUR, 0, ", the first expires now"},
	    {"a moment ago", BASIS_RECORD, 48 * HOUR, -30000, ", the first expires now"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct incident inc = example();
		struct buf got = BUF_INIT;

		inc.expiry_basis = (int)cases[i].basis;
		inc.first_expiry_ms = inc.updated_ms + cases[i].left_ms;
		words_title(&inc, ALERT_OPENED, cases[i].lifetime_ms, &got);
		struct str text = buf_view(&got);
		assert_true(str_eat(&text, STR("Critical: 25 messages wait for branch (connect_timeout)")));
		expect_str(text, str_from(cases[i].want), cases[i].label);
		buf_clear(&got);
		words_summary(&inc, ALERT_OPENED, cases[i].lifetime_ms, &got);
		bool sure = cases[i].basis == BASIS_RECORD || cases[i].basis == BASIS_CONFIGURED;
		expect((str_find(buf_view(&got), STR("bounces at")) >= 0) == sure, cases[i].label);
		buf_release(&got);
	}
}

static void summaries(void **state)
{
	static const struct incident_class classes[] = {{CLASS_connect_timeout, 20, 30},
	                                                {CLASS_connect_refused, 5, 10}};
	struct incident inc = example();

	(void)state;
	check_summary("all that is usual", &inc, ALERT_OPENED,
	              "Mail to branch is deferred: no answer to the connection attempt [4.4.315]. It is the "
	              "destination's to mend. 25 "
	              "messages for 40 recipients wait, the oldest since 2026-11-24 07:55 UTC; it has been failing "
	              "since 2026-11-24 "
	              "08:05 UTC. The first one expires and bounces at 2026-11-24 12:00 UTC; recipients that get there "
	              "within 1 h: 0, 6 "
	              "h: 12, 24 h: 40. It worked until 2026-11-24 02:11 UTC. Destination server: "
	              "mx.branch.example.net [192.0.2.7]. "
	              "Last error: \"connect to mx.branch.example.net[192.0.2.7]:25: Connection timed out\". Waiting "
	              "at: mx1 (30), mx2 "
	              "(10).");
	inc.expiry_basis = BASIS_DEFAULT;
	inc.overdue = 1;
	inc.expired = 2;
	inc.mismatched = 3;
	inc.held = 4;
	inc.permanent_replies = 5;
	inc.side = SIDE_US;
	inc.detail = STR("port_25");
	inc.microsoft_code = STR("other");
	inc.classes = (struct record_list){classes, 2};
	inc.last_success_ms = TIME_NONE;
	inc.next_hop_ip = inc.last_error = STR_NONE;
	inc.sources = (struct record_list){NULL, 0};
	check_summary(
	    "all that is rare", &inc, ALERT_UPDATED,
	    "Mail to branch is deferred: no answer to the connection attempt (port_25). It is ours to mend. 25 "
	    "messages for "
	    "40 recipients wait, the oldest since 2026-11-24 07:55 UTC; it has been failing since 2026-11-24 08:05 "
	    "UTC. By "
	    "cause: connect_timeout 20, connect_refused 5. The first one reaches the 48 h limit at 2026-11-24 12:00 "
	    "UTC (that "
	    "limit is assumed, not configured); recipients that get there within 1 h: 0, 6 h: 12, 24 h: 40. 1 "
	    "recipient is "
	    "overdue: past the limit without a word from the mail server (inferred). 2 recipients have expired, says "
	    "the log. "
	    "3 recipients were retried beyond the limit: the lifetime set for this mail server seems to be wrong. 4 "
	    "recipients are on hold. 5 attempts got a permanent reply, which a retry seldom changes. It was never seen "
	    "working. Destination server: mx.branch.example.net.");
	record_clear(&incident_record, &inc);
	inc.group = STR("local:mx1");
	inc.class = CLASS_local_config;
	inc.messages = inc.recipients = 1;
	inc.since_ms = 0;
	inc.last_success_ms = HOUR;
	check_summary(
	    "hardly anything known, and some mail gets through", &inc, ALERT_OPENED,
	    "Mail to local:mx1 is deferred: our own MTA: unknown transport, lookup table, authentication. It is "
	    "not known whose it is to mend. 1 message for 1 recipient waits; it has been failing since 1970-01-01 "
	    "00:00 UTC. Some mail gets through, the last one at 1970-01-01 01:00 UTC.");
}

static void sides(void **state)
{
	static const struct {
		enum side side;
		const char *want;
	} cases[] = {
	    {SIDE_UNKNOWN, "It is not known whose it is to mend."},   {SIDE_US, "It is ours to mend."},
	    {SIDE_THEM, "It is the destination's to mend."},          {SIDE_PARTNER, "It is the partner's to mend."},
	    {SIDE_NETWORK, "The fault lies in the network between."}, {SIDE_NOBODY, "It passes by itself."},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct incident inc = example();
		struct buf got = BUF_INIT;

		inc.side = (int)cases[i].side;
		words_summary(&inc, ALERT_OPENED, 48 * HOUR, &got);
		expect(str_find(buf_view(&got), str_from(cases[i].want)) > 0, cases[i].want);
		buf_release(&got);
	}
}

static void ends_of_incidents(void **state)
{
	struct incident inc = example();

	(void)state;
	inc.resolved_ms = at("2026-11-24T11:30:00Z");
	inc.messages = inc.recipients = 0;
	inc.delivered = 37;
	inc.bounced = 1;
	inc.expired = 2;
	inc.longest_wait_ms = 3 * HOUR + 5 * MIN;
	check_summary(
	    "nothing waits", &inc, ALERT_RESOLVED,
	    "Nothing waits for branch any more for this cause or one like it. Recipients that had waited: 37 "
	    "delivered late, 1 bounced, 2 expired; the longest wait was 3 h 5 min. The incident was open from "
	    "2026-11-24 09:00 UTC to 2026-11-24 11:30 UTC.");
	inc.messages = 1;
	inc.recipients = 2;
	inc.longest_wait_ms = -1;
	check_summary(
	    "some still wait", &inc, ALERT_RESOLVED,
	    "Mail to branch is below its limits again; 2 recipients still wait. Recipients that had waited: 37 "
	    "delivered late, 1 bounced, 2 expired. The incident was open from 2026-11-24 09:00 UTC to 2026-11-24 "
	    "11:30 UTC.");
}

/* What the operator has said of the route stands last, the URL with nothing behind it. */
static void connectors_help(void **state)
{
	static const struct egress egress[] = {{{"192.0.2.25", 10}}, {{"2001:db8:25::/64", 16}}};
	struct incident inc = example();
	struct buf plain = BUF_INIT, got = BUF_INIT;

	(void)state;
	words_summary(&inc, ALERT_OPENED, 48 * HOUR, &plain);
	inc.contact = STR("noc@branch.example.net");
	inc.runbook = STR("https://wiki.example.org/branch");
	inc.egress = (struct record_list){egress, 2};
	words_summary(&inc, ALERT_OPENED, 48 * HOUR, &got);
	expect_str(str_head(buf_view(&got), plain.n), buf_view(&plain), "the rest stays");
	expect_str(str_skip(buf_view(&got), plain.n),
	           STR(" Contact: noc@branch.example.net. The other side must let our mail through from 192.0.2.25, "
	               "2001:db8:25::/64. Runbook: https://wiki.example.org/branch"),
	           "what is added");
	buf_clear(&got);
	inc.recipients = 0;
	inc.resolved_ms = inc.updated_ms;
	words_summary(&inc, ALERT_RESOLVED, 48 * HOUR, &got);
	expect(str_find(buf_view(&got), STR("noc@")) < 0, "nobody is called once it is over");
	buf_release(&plain);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(titles),
	    cmocka_unit_test(ends_are_told_as_sure_as_they_are),
	    cmocka_unit_test(summaries),
	    cmocka_unit_test(sides),
	    cmocka_unit_test(ends_of_incidents),
	    cmocka_unit_test(connectors_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
