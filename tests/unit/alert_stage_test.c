/* SPDX-License-Identifier: Apache-2.0 */
/* alert_stage - docs/SEMANTICS.md, section 3, rule by rule: rows in, alerts and incidents out */
#include "alert_support.h"

#include "alert/pair.h"
#include "lib/base/hash.h"

enum { ALERTS = 1, RECORDS = 2 };

/*
 * A case is a script (alert_support.h), which of the stage's records are looked at, their fields, and what is
 * wanted, a line each: "TIME opened field=…" for an alert, "TIME record field=…" for an incident, "TIME gone" for
 * its tombstone.
 */
struct scenario {
	const char *label, *script;
	int what;
	const char *show, *want;
};

static const struct connector connectors[] = {
    {.name = {"special", 7},
     .kind = KIND_OWN,
     .volume_messages = 5,
     .volume_over_ms = 600000,
     .near_expiry_ms = 3600000},
    {.name = {"plain", 5}, .kind = KIND_PARTNER, .volume_messages = -1, .volume_over_ms = -1, .near_expiry_ms = -1},
};

static void find_remedy(void *arg, const struct incident *inc, struct arena *a, struct remedy *ret)
{
	static const struct fix fixes[] = {
	    {MTA_EXIM, FIX_RETRY, {"Retry", 5}, {"Again", 5}, {"exim", 4}, {"mind", 4}, {"heed", 4}}};
	static const struct link links[] = {{{"u", 1}}, {{"v", 1}}};

	*ret = (struct remedy){
	    .text = arena_fmt(a, "%s %s", (const char *)arg, class_names[inc->class]),
	    .text_zh_tw = STR("zh"),
	    .fix_now = {fixes, LEN(fixes)},
	    .links = {links, LEN(links)},
	    .look_again_ms = inc->class == CLASS_connect_timeout ? 1800000 : -1,
	};
}

static struct alert_config test_config(void)
{
	struct alert_config c;

	alert_config_default(&c);
	c.connectors = connectors;
	c.n_connectors = LEN(connectors);
	c.remedies = (struct remedy_source){find_remedy, (void *)(uintptr_t) "mend"};
	return c;
}

static struct stage_run *run_new(const struct alert_config *c)
{
	struct stage_run *r = xcalloc(1, sizeof(*r));

	run_init(r, &alert_stage_ops, alert_stage_new(c));
	return r;
}

static void run_free(struct stage_run *r)
{
	run_release(r);
	alert_stage_free(r->config);
	free(r);
}

static void show_one(const struct sent *s, const char *names, struct buf *out, struct arena *a)
{
	struct incident inc;
	struct alert alert;
	struct err err;

	duration_format(s->p_ms, out);
	if (s->value.p == NULL) {
		buf_str(out, STR(" gone\n"));
		return;
	}
	if (s->topic == TOPIC_ALERTS) {
		assert_int_equal(record_decode(encoding_of(s->value), s->value, &alert_record, a, &alert, &err), 0);
		assert_int_equal(alert.at_ms, s->p_ms);
		expect_str(s->key, alert.incident, "key");
		buf_fmt(out, " %s", alert_event_names[alert.event]);
		show_fields(out, &alert_record, &alert, str_from(names));
	} else {
		assert_int_equal(record_decode(encoding_of(s->value), s->value, &incident_record, a, &inc, &err), 0);
		assert_int_equal(inc.updated_ms, s->p_ms);
		expect_str(s->key, inc.incident, "key");
		buf_str(out, STR(" record"));
		show_fields(out, &incident_record, &inc, str_from(names));
	}
	buf_chr(out, '\n');
}

static void show_sent(const struct stage_run *r, int what, const char *names, struct buf *out)
{
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < r->n_sent; i++) {
		const struct sent *s = &r->sent[i];

		assert_int_equal(s->rest.n, 0);
		if (what & (s->topic == TOPIC_ALERTS ? ALERTS : RECORDS))
			show_one(s, names, out, &a);
	}
	arena_release(&a);
}

static void check_scenarios(const struct scenario *list, size_t n)
{
	struct alert_config c = test_config();

	for (size_t i = 0; i < n; i++) {
		struct stage_run *r = run_new(&c);
		struct buf got = BUF_INIT;

		r->label = list[i].label;
		play_rows(r, str_from(list[i].script));
		show_sent(r, list[i].what, list[i].show, &got);
		expect_str(buf_view(&got), str_from(list[i].want), list[i].label);
		buf_release(&got);
		run_free(r);
	}
}

static void volume_opens_after_a_time(void **state)
{
	static const struct scenario cases[] = {
	    {"20 for an hour, at an own connector", "1s row messages=20\n2h until", ALERTS, "over_volume near_expiry",
	     "3601s opened over_volume=1 near_expiry=0\n"},
	    {"not a moment earlier", "1s row messages=20\n3600999 until", ALERTS, "", ""},
	    {"19 do not", "1s row messages=19\n2h until", ALERTS, "", ""},
	    {"50 at a partner's", "1s row messages=49 kind=partner\n10s row messages=50 kind=partner\n2h until", ALERTS,
	     "", "3610s opened\n"},
	    {"2,000 on the internet",
	     "1s row messages=1999 kind=internet\n10s row messages=2000 kind=internet\n2h until", ALERTS, "",
	     "3610s opened\n"},
	    {"no kind counts as internet",
	     "1s row messages=1999 kind=unknown\n10s row messages=2000 kind=unknown\n2h until", ALERTS, "",
	     "3610s opened\n"},
	    {"a connector's own numbers", "1s row messages=5 connector=special\n2h until", ALERTS, "", "601s opened\n"},
	    {"a connector without any has its kind's",
	     "1s row messages=49 connector=plain kind=partner\n10s row messages=50 connector=plain kind=partner\n2h "
	     "until",
	     ALERTS, "", "3610s opened\n"},
	    {"a connector that is not configured has its kind's", "1s row messages=20 connector=other\n2h until",
	     ALERTS, "", "3601s opened\n"},
	    {"held and null senders do not count", "1s row messages=22 held=2 null_sender=1\n2h until", ALERTS, "", ""},
	    {"but the rest does", "1s row messages=23 held=2 null_sender=1\n2h until", ALERTS, "", "3601s opened\n"},
	    {"rows of a family add up", "1s row messages=10\n1s row messages=10 class=dns_failure\n2h until", ALERTS,
	     "messages", "3601s opened messages=20\n"},
	    {"what is held in one takes nothing from another",
	     "1s row messages=1 recipients=9 held=9\n1s row messages=20 class=dns_failure\n2h until", ALERTS, "",
	     "3601s opened\n"},
	    {"another family is another matter", "1s row messages=10\n1s row messages=10 class=greylisted\n2h until",
	     ALERTS, "", ""},
	    {"another group is, too", "1s row messages=10\n1s row messages=10 group=h\n2h until", ALERTS, "", ""},
	    {"fewer in between: the hour begins anew",
	     "1s row messages=20\n30m row messages=19\n40m row messages=20\n70m until", ALERTS, "", ""},
	    {"and ends an hour later", "1s row messages=20\n30m row messages=19\n40m row messages=20\n2h until", ALERTS,
	     "", "100m opened\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void volume_ends_below_its_half(void **state)
{
	static const struct scenario cases[] = {
	    {"half of it keeps it open", "1s row messages=20\n2h row messages=10\n3h until", ALERTS,
	     "over_volume messages",
	     "3601s opened over_volume=1 messages=20\n7201s updated over_volume=1 messages=10\n"},
	    {"less clears it after 10 minutes", "1s row messages=20\n2h row messages=9\n3h until", ALERTS,
	     "over_volume", "3601s opened over_volume=1\n130m resolved over_volume=0\n"},
	    {"nothing left: at once", "1s row messages=20\n2h row messages=0\n3h until", ALERTS, "messages",
	     "3601s opened messages=20\n2h resolved messages=0\n"},
	    {"an hour that had begun begins anew once an incident is over",
	     "1s row messages=20 first_expiry=5h\n30m row messages=20\n50m row messages=20\n3h until", ALERTS,
	     "over_volume", "1s opened over_volume=0\n40m resolved over_volume=0\n110m opened over_volume=1\n"},
	    {"after it another hour is asked for",
	     "1s row messages=20\n2h row messages=9\n150m row messages=20\n4h until", ALERTS, "seq",
	     "3601s opened seq=1\n130m resolved seq=2\n210m opened seq=1\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void near_expiry_opens_at_once(void **state)
{
	static const struct scenario cases[] = {
	    {"6 hours before, without any row", "1s row messages=1 first_expiry=10h\n9h until", ALERTS,
	     "near_expiry over_volume severity",
	     "4h opened near_expiry=1 over_volume=0 severity=warning\n"
	     "8h updated near_expiry=1 over_volume=0 severity=critical\n"},
	    {"not a moment earlier", "1s row messages=1 first_expiry=10h\n14399999 until", ALERTS, "", ""},
	    {"a connector's own span", "1s row messages=1 first_expiry=10h connector=special\n9h until", ALERTS,
	     "severity", "9h opened severity=critical\n"},
	    {"overdue alone", "1s row messages=1 overdue=1\n1h until", ALERTS, "severity",
	     "1s opened severity=critical\n"},
	    {"null senders never", "1s row messages=3 null_sender=3 first_expiry=2h overdue=1\n1h until", ALERTS, "",
	     ""},
	    {"one that is none", "1s row messages=3 null_sender=2 first_expiry=5h\n1h until", ALERTS, "",
	     "1s opened\n"},
	    {"at a partner's", "1s row messages=1 first_expiry=5h kind=partner\n1h until", ALERTS, "", "1s opened\n"},
	    {"on the internet: 20", "1s row messages=20 first_expiry=5h kind=internet\n1h until", ALERTS, "",
	     "1s opened\n"},
	    {"19 are too few", "1s row messages=19 first_expiry=5h kind=internet\n1h until", ALERTS, "", ""},
	    {"null senders among 20", "1s row messages=20 null_sender=1 first_expiry=5h kind=internet\n1h until",
	     ALERTS, "", ""},
	    {"no kind: as on the internet", "1s row messages=19 first_expiry=5h kind=unknown\n1h until", ALERTS, "",
	     ""},
	    {"few, but it worked within 7 days",
	     "168h row messages=1 first_expiry=170h kind=internet last_success=0\n169h until", ALERTS, "",
	     "7d opened\n"},
	    {"few, and it worked before that",
	     "604801s row messages=1 first_expiry=170h kind=internet last_success=0\n169h until", ALERTS, "", ""},
	    {"the least of the rows that wait",
	     "1s row messages=1 first_expiry=10h\n1s row messages=1 class=dns_failure first_expiry=9h\n4h until",
	     ALERTS, "first_expiry", "3h opened first_expiry=9h\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void severity_rises(void **state)
{
	static const struct scenario cases[] = {
	    {"2 hours before an expiry", "1s row messages=1 first_expiry=2h\n1s until", ALERTS, "severity",
	     "1s opened severity=critical\n"},
	    {"not earlier", "1s row messages=1 first_expiry=121m\n1s until", ALERTS, "severity",
	     "1s opened severity=warning\n"},
	    {"once something has expired", "1s row messages=20\n3700s row messages=20 expired=1\n3700s until", ALERTS,
	     "severity expired",
	     "3601s opened severity=warning expired=0\n3700s updated severity=critical expired=1\n"},
	    {"something overdue", "1s row messages=20\n3700s row messages=20 overdue=1\n3700s until", ALERTS,
	     "severity overdue",
	     "3601s opened severity=warning overdue=0\n3700s updated severity=critical overdue=1\n"},
	    {"expired in a row that is empty now",
	     "1s row messages=0 expired=1 class=dns_failure\n2s row messages=1 first_expiry=5h\n1h until", ALERTS,
	     "severity", "2s opened severity=critical\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void the_title_is_the_cause_with_most(void **state)
{
	static const struct scenario cases[] = {
	    {"messages", "1s row messages=9\n1s row messages=11 class=dns_failure\n2h until", ALERTS, "class classes",
	     "3601s opened class=dns_failure classes=dns_failure:11:11,connect_timeout:9:9\n"},
	    {"then recipients",
	     "1s row messages=10 recipients=11\n1s row messages=10 recipients=12 class=dns_failure\n2h until", ALERTS,
	     "class classes", "3601s opened class=dns_failure classes=dns_failure:10:12,connect_timeout:10:11\n"},
	    {"then the name",
	     "1s row messages=10 class=session_dropped\n1s row messages=10 class=dns_failure\n2h until", ALERTS,
	     "class classes", "3601s opened class=dns_failure classes=dns_failure:10:10,session_dropped:10:10\n"},
	    {"an empty row is none", "1s row messages=0 class=dns_failure\n1s row messages=20\n2h until", ALERTS,
	     "classes", "3601s opened classes=connect_timeout:20:20\n"},
	    {"in two successive evaluations",
	     "1s row messages=20\n90m row messages=30 class=dns_failure\n91m row messages=20\n92m until", ALERTS,
	     "class", "3601s opened class=connect_timeout\n91m updated class=dns_failure\n"},
	    {"not in two that another one parts",
	     "1s row messages=20\n90m row messages=30 class=dns_failure\n91m row messages=40\n92m row messages=50 "
	     "class=dns_failure\n93m until",
	     ALERTS, "class", "3601s opened class=connect_timeout\n"},
	    {"and stays when nothing waits", "1s row messages=20\n90m row messages=0\n91m until", ALERTS,
	     "class classes",
	     "3601s opened class=connect_timeout classes=connect_timeout:20:20\n90m resolved class=connect_timeout "
	     "classes=\n"},
	    {"its row says what it is",
	     "1s row messages=9 last_error=no detail=no\n1s row messages=11 class=dns_failure last_error=e detail=d "
	     "next_hop=h next_hop_ip=192.0.2.1 mta=postfix microsoft_code=4.4.312 owner=sender side=us connector=k "
	     "provider=p\n2h until",
	     ALERTS, "last_error detail next_hop next_hop_ip mta microsoft_code owner side connector kind provider",
	     "3601s opened last_error=e detail=d next_hop=h next_hop_ip=192.0.2.1 mta=postfix microsoft_code=4.4.312 "
	     "owner=sender side=us connector=k kind=own provider=p\n"},
	    {"absent things too",
	     "1s row messages=20 last_error=e detail=d connector=k\n61m row messages=21 last_error=f\n2h until",
	     RECORDS, "last_error detail connector",
	     "3601s record last_error=e detail=d connector=k\n61m record last_error=f detail= connector=\n"},
	    {"and once it is gone, what it said last",
	     "1s row messages=20 last_error=e\n61m row messages=20 class=dns_failure last_error=f\n61m gone\n61m until",
	     RECORDS, "class last_error",
	     "3601s record class=connect_timeout last_error=e\n61m record "
	     "class=connect_timeout last_error=e\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void updates_are_worth_telling(void **state)
{
	static const struct scenario cases[] = {
	    {"numbers alone: after an hour", "1s row messages=20\n61m row messages=21\n3h until", ALERTS,
	     "seq messages", "3601s opened seq=1 messages=20\n7201s updated seq=2 messages=21\n"},
	    {"and only if they differ", "1s row messages=20\n5h until", ALERTS, "", "3601s opened\n"},
	    {"whichever: recipients", "1s row messages=20\n61m row messages=20 recipients=21\n3h until", ALERTS, "",
	     "3601s opened\n7201s updated\n"},
	    {"delivered", "1s row messages=20\n61m row messages=20 delivered=1\n3h until", ALERTS, "",
	     "3601s opened\n7201s updated\n"},
	    {"bounced", "1s row messages=20\n61m row messages=20 bounced=1\n3h until", ALERTS, "",
	     "3601s opened\n7201s updated\n"},
	    {"expired", "1s row messages=20 expired=1\n61m row messages=20 expired=2\n3h until", ALERTS, "",
	     "3601s opened\n7201s updated\n"},
	    {"others do not count", "1s row messages=20\n61m row messages=20 attempts=7 held=1 mismatched=1\n3h until",
	     ALERTS, "", "3601s opened\n"},
	    {"a row after the hour: at once", "1s row messages=20\n150m row messages=21\n3h until", ALERTS, "",
	     "3601s opened\n150m updated\n"},
	    {"near expiry: 5 minutes after the last alert at the earliest",
	     "1s row messages=20\n61m row messages=20 first_expiry=5h\n62m until\n2h until", ALERTS,
	     "near_expiry over_volume",
	     "3601s opened near_expiry=0 over_volume=1\n3901s updated near_expiry=1 over_volume=1\n"},
	    {"no longer near", "1s row messages=20 first_expiry=5h\n90m row messages=20\n91m until", ALERTS,
	     "near_expiry over_volume",
	     "1s opened near_expiry=1 over_volume=0\n3601s updated near_expiry=1 over_volume=1\n90m updated "
	     "near_expiry=0 "
	     "over_volume=1\n"},
	    {"a want that has passed is not told",
	     "1s row messages=20\n61m row messages=20 first_expiry=5h\n62m row "
	     "messages=20\n2h until",
	     ALERTS, "", "3601s opened\n"},
	    {"a rise to critical is told at once", "1s row messages=20\n61m row messages=20 first_expiry=2h\n61m until",
	     ALERTS, "severity", "3601s opened severity=warning\n61m updated severity=critical\n"},
	    {"a fall is not",
	     "1s row messages=20\n61m row messages=20 first_expiry=2h\n62m row messages=20\n65m until\n3h until",
	     ALERTS, "severity",
	     "3601s opened severity=warning\n61m updated severity=critical\n66m updated severity=warning\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void incidents_end(void **state)
{
	static const struct scenario cases[] = {
	    {"10 minutes without a condition", "1s row messages=5 first_expiry=5h\n10m row messages=5\n2h until",
	     ALERTS, "resolved state messages seq",
	     "1s opened resolved=- state=open messages=5 seq=1\n20m resolved resolved=20m state=resolved messages=5 "
	     "seq=2\n"},
	    {"not a moment earlier", "1s row messages=5 first_expiry=5h\n10m row messages=5\n1199999 until", ALERTS, "",
	     "1s opened\n"},
	    {"the condition comes back: from the beginning",
	     "1s row messages=5 first_expiry=5h\n10m row messages=5\n15m row messages=5 first_expiry=5h\n18m row "
	     "messages=5\n27m until",
	     ALERTS, "", "1s opened\n"},
	    {"and then in full",
	     "1s row messages=5 first_expiry=5h\n10m row messages=5\n15m row messages=5 "
	     "first_expiry=5h\n18m row messages=5\n1h until",
	     ALERTS, "", "1s opened\n28m resolved\n"},
	    {"the row disappears: nothing waits", "1s row messages=5 first_expiry=5h\n10m gone\n10m until", ALERTS,
	     "recipients last_error", "1s opened recipients=5 last_error=\n10m resolved recipients=0 last_error=\n"},
	    {"the record stays for 7 days", "1s row messages=5 overdue=1\n10m row messages=0\n8d until", RECORDS,
	     "state", "1s record state=open\n10m record state=resolved\n10090m gone\n"},
	    {"open again is another incident",
	     "1s row messages=5 overdue=1\n10m row messages=0\n11m row messages=5 overdue=1\n11m until", ALERTS,
	     "seq opened", "1s opened seq=1 opened=1s\n10m resolved seq=2 opened=1s\n11m opened seq=1 opened=11m\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void records_follow_every_evaluation(void **state)
{
	static const struct scenario cases[] = {
	    {"only while open", "1s row messages=5\n2s row messages=6\n1h until", RECORDS, "", ""},
	    {"with each row, and with the alerts",
	     "1s row messages=5 first_expiry=5h\n2s row messages=6 first_expiry=5h\n3s row messages=0\n4s row "
	     "messages=0\n1h until",
	     RECORDS | ALERTS, "seq messages",
	     "1s opened seq=1 messages=5\n1s record seq=1 messages=5\n2s record seq=1 messages=6\n3s resolved seq=2 "
	     "messages=0\n3s record seq=2 messages=0\n"},
	    {"once for all rows of a moment",
	     "1s row messages=5 first_expiry=5h\n1s row messages=6 class=dns_failure first_expiry=5h\n2s until",
	     RECORDS | ALERTS, "messages", "1s opened messages=11\n1s record messages=11\n"},
	    {"as of their boundary, however soon the next one comes",
	     "1000 row messages=5 first_expiry=5h\n1001 row messages=6 first_expiry=5h\n1002 until", RECORDS,
	     "messages", "1s record messages=5\n1001ms record messages=6\n"},
	    {"with an evaluation of its own", "1s row messages=20\n3h until", RECORDS, "seq",
	     "3601s record seq=1\n7201s record seq=1\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void numbers_are_those_of_the_rows(void **state)
{
	static const struct scenario cases[] = {
	    {"sums, empty rows too",
	     "1s row messages=1 recipients=10 held=1 overdue=1 mismatched=1 expiring_1h=1 expiring_6h=2 expiring_24h=3 "
	     "attempts=4 permanent_replies=1 delivered=5 bounced=6 expired=7\n1s row class=dns_failure messages=2 "
	     "recipients=20 held=2 overdue=2 mismatched=2 expiring_1h=10 expiring_6h=20 expiring_24h=30 attempts=40 "
	     "permanent_replies=10 delivered=50 bounced=60 expired=70\n1s row class=unreachable messages=0 "
	     "attempts=400 "
	     "permanent_replies=100 delivered=500 bounced=600 expired=700\n1s until",
	     ALERTS,
	     "messages recipients held overdue mismatched expiring_1h expiring_6h expiring_24h attempts "
	     "permanent_replies "
	     "delivered bounced expired",
	     "1s opened messages=3 recipients=30 held=3 overdue=3 mismatched=3 expiring_1h=11 expiring_6h=22 "
	     "expiring_24h=33 attempts=444 permanent_replies=111 delivered=555 bounced=666 expired=777\n"},
	    {"the least of what waits, the greatest of all",
	     "1s row messages=1 overdue=1 since=20 oldest=19 first_expiry=9h expiry_basis=record last_failure=5 "
	     "last_success=8 longest_wait_ms=7\n1s row class=dns_failure messages=1 since=10 oldest=9 first_expiry=8h "
	     "expiry_basis=configured last_failure=6 last_success=7 longest_wait_ms=6\n1s row class=unreachable "
	     "messages=0 "
	     "since=1 oldest=1 first_expiry=1h expiry_basis=default last_failure=90 last_success=91 "
	     "longest_wait_ms=92\n1s until",
	     ALERTS, "since oldest first_expiry expiry_basis last_failure last_success longest_wait_ms",
	     "1s opened since=10ms oldest=9ms first_expiry=8h expiry_basis=configured last_failure=90ms "
	     "last_success=91ms "
	     "longest_wait_ms=92ms\n"},
	    {"one of which knows",
	     "1s row messages=1 overdue=1\n1s row class=dns_failure messages=2 since=10 first_expiry=8h "
	     "expiry_basis=observed\n1s until",
	     ALERTS, "since first_expiry expiry_basis longest_wait_ms last_success",
	     "1s opened since=10ms first_expiry=8h expiry_basis=observed longest_wait_ms=- last_success=-\n"},
	    {"hosts add up, the 10 with most, ties by name",
	     "1s row messages=1 overdue=1 sources=a:1:exim,b:5,c:1,d:1,e:1,f:1\n1s row class=dns_failure messages=2 "
	     "sources=a:9:postfix,g:1,h:1,i:1,j:1,k:2:exim,l:1\n1s row class=unreachable messages=0 sources=z:99\n1s "
	     "until",
	     ALERTS, "sources",
	     "1s opened sources=a:10:postfix,b:5:-,k:2:exim,c:1:-,d:1:-,e:1:-,f:1:-,g:1:-,h:1:-,i:1:-\n"},
	    {"samples of the heaviest first, three",
	     "1s row messages=1 overdue=1 samples=A,B\n1s row class=dns_failure messages=3 samples=C,D\n1s row "
	     "class=unreachable messages=2 samples=E\n1s until",
	     ALERTS, "samples", "1s opened samples=C,D,E\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void alerts_say_what_to_do(void **state)
{
	static const struct scenario cases[] = {
	    {"remedy and when to look again", "1s row messages=1 overdue=1\n1s until", ALERTS,
	     "remedy look_again family", "1s opened remedy=mend connect_timeout look_again=1801s family=reach\n"},
	    {"in both languages, with commands and links", "1s row messages=1 overdue=1\n1s until", ALERTS,
	     "remedy_zh_tw fix_now links",
	     "1s opened remedy_zh_tw=zh fix_now=exim:retry:Retry:Again:exim:mind:heed links=u,v\n"},
	    {"none known", "1s row messages=1 overdue=1 class=greylisted\n1s until", ALERTS, "remedy look_again family",
	     "1s opened remedy=mend greylisted look_again=- family=policy\n"},
	    {"nothing to do once it is over", "1s row messages=1 overdue=1\n2s row messages=0\n2s until", ALERTS,
	     "remedy look_again links",
	     "1s opened remedy=mend connect_timeout look_again=1801s links=u,v\n2s resolved remedy= look_again=- "
	     "links=\n"},
	};
	struct alert_config c = test_config();
	struct buf got = BUF_INIT;

	(void)state;
	check_scenarios(cases, LEN(cases));
	c.remedies = (struct remedy_source){NULL, NULL};
	c.alerts_encoding = c.incidents_encoding = ENC_MSGPACK;
	struct stage_run *r = run_new(&c);
	play_rows(r, STR("1s row messages=1 overdue=1\n1s until"));
	show_sent(r, ALERTS | RECORDS, "severity group", &got);
	expect_str(buf_view(&got), STR("1s opened severity=critical group=g\n1s record severity=critical group=g\n"),
	           "without a source of remedies, in MessagePack");
	assert_int_equal(encoding_of(r->sent[0].value), ENC_MSGPACK);
	assert_int_equal(encoding_of(r->sent[1].value), ENC_MSGPACK);
	buf_release(&got);
	run_free(r);
}

static void ids_are_hashes_of_what_opened(void **state)
{
	struct alert_config c = test_config();
	struct stage_run *r = run_new(&c);
	char want[17];

	(void)state;
	play_rows(r, STR("5s row messages=1 overdue=1 group=a|b\n5s until"));
	assert_int_equal(r->n_sent, 2);
	snprintf(want, sizeof(want), "%016llx", (unsigned long long)hash64(STR("a|b|reach|5000"), 0));
	expect_str(r->sent[0].key, str_from(want), "key");
	expect_str(buf_view(&r->counts), STR(" alert.opened"), "counts");
	run_free(r);
}

static void nothing_is_remembered_of_what_is_over(void **state)
{
	struct alert_config c = test_config();
	struct stage_run *r = run_new(&c);

	(void)state;
	play_rows(r, STR("1s row messages=5\n2s until"));
	assert_int_equal(store_size(r->store), 2); /* the row, the pair */
	play_rows(r, STR("3s gone\n3s until"));
	assert_int_equal(store_size(r->store), 0);
	play_rows(r, STR("4s row messages=5 overdue=1\n5s gone\n5s until"));
	assert_int_equal(store_size(r->store), 1); /* the tombstone to come */
	play_rows(r, STR("8d until"));
	assert_int_equal(store_size(r->store), 0);
	play_rows(r, STR("9d gone\n9d until")); /* of a row that is not known */
	assert_int_equal(store_size(r->store), 0);
	expect_str(buf_view(&r->counts), STR(" alert.opened alert.resolved"), "counts");
	run_free(r);
}

/* A row that comes behind the clock, after a restart: its evaluation is as of a later moment than the last one. */
static void moments_rise_for_late_rows_too(void **state)
{
	struct alert_config c = test_config();
	struct stage_run *r = run_new(&c);
	struct buf got = BUF_INIT;

	(void)state;
	play_rows(r, STR("10s row messages=1 overdue=1\n10s until\n4s row messages=2 overdue=1\n11s until"));
	show_sent(r, RECORDS, "messages", &got);
	expect_str(buf_view(&got), STR("10s record messages=1\n10001ms record messages=2\n"), "records");
	buf_release(&got);
	run_free(r);
}

static void bad_records_are_counted(void **state)
{
	static const struct {
		const char *label;
		struct str key, value;
	} cases[] = {
	    {"no document", STR("g|other"), STR("{")},
	    {"no class in the key", STR("g"), STR("{}")},
	    {"an unknown class", STR("g|nonsense"), STR("{}")},
	    {"another class than the key's", STR("g|other"), STR("{\"class\":\"dns_failure\"}")},
	};
	struct alert_config c = test_config();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct stage_run *r = run_new(&c);

		run_apply(r, 1000, cases[i].key, cases[i].value);
		expect_str(buf_view(&r->counts), STR(" alert.bad_record"), cases[i].label);
		expect_i64((int64_t)store_size(r->store), 0, cases[i].label);
		run_free(r);
	}
	alert_stage_free(NULL);
	pair_codec_free(NULL);
}

static void states_are_judged_by_their_version(void **state)
{
	static const struct {
		const char *label;
		struct str value;
		enum err_kind want; /* ERR_NONE: it can be read */
	} cases[] = {
	    {"ours", STR("\x81\xa7version\x01"), ERR_NONE},
	    {"newer, with a field of another kind", STR("\x82\xa7version\x02\xa4open\x07"), ERR_CONFIG},
	    {"a field of another kind", STR("\x82\xa7version\x01\xa4open\x07"), ERR_FATAL},
	    {"no version", STR("\x80"), ERR_FATAL},
	    {"no document", STR("\xc1"), ERR_FATAL},
	};
	struct pair_codec *c = pair_codec_new();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err err = {.kind = ERR_NONE};
		struct pair *p = pair_decode(c, cases[i].value, &err);

		expect_i64(p == NULL ? err.kind : ERR_NONE, cases[i].want, cases[i].label);
		if (p != NULL)
			pair_free(p);
	}
	pair_codec_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(volume_opens_after_a_time),
	    cmocka_unit_test(volume_ends_below_its_half),
	    cmocka_unit_test(near_expiry_opens_at_once),
	    cmocka_unit_test(severity_rises),
	    cmocka_unit_test(the_title_is_the_cause_with_most),
	    cmocka_unit_test(updates_are_worth_telling),
	    cmocka_unit_test(incidents_end),
	    cmocka_unit_test(records_follow_every_evaluation),
	    cmocka_unit_test(numbers_are_those_of_the_rows),
	    cmocka_unit_test(alerts_say_what_to_do),
	    cmocka_unit_test(ids_are_hashes_of_what_opened),
	    cmocka_unit_test(nothing_is_remembered_of_what_is_over),
	    cmocka_unit_test(moments_rise_for_late_rows_too),
	    cmocka_unit_test(bad_records_are_counted),
	    cmocka_unit_test(states_are_judged_by_their_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
