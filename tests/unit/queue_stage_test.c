/* SPDX-License-Identifier: Apache-2.0 */
/* queue_stage - docs/SEMANTICS.md, section 2, rule by rule: transitions in, rows out */
#include "queue_support.h"

#include "queue/entries.h"

/*
 * A case is a script, a line each: "TIME transition" or "TIME until", and what the stage says to it: "TIME field=…"
 * for each row, "TIME gone" for each tombstone, then " name" for each count. `show`: the fields that are compared.
 */
struct scenario {
	const char *label, *script, *show, *want;
};

static struct stage_run *run_new(const struct queue_config *c)
{
	struct stage_run *r = xcalloc(1, sizeof(*r));

	run_init(r, &queue_stage_ops, queue_stage_new(c));
	return r;
}

static void run_free(struct stage_run *r)
{
	run_release(r);
	queue_stage_free(r->config);
	free(r);
}

static void play(struct stage_run *r, struct str script)
{
	while (script.n > 0) {
		struct str line;
		struct transition t;

		if (!str_cut(&script, '\n', &line)) {
			line = script;
			script = STR_NONE;
		}
		int64_t p_ms = read_span(eat_word(&line));
		if (str_eq(line, STR("until"))) {
			run_until(r, p_ms);
			continue;
		}
		read_transition(line, p_ms, &t);
		apply_transition(r, p_ms, &t);
	}
}

static void show_sent(const struct stage_run *r, const char *names, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct row row;
	struct err err;

	for (size_t i = 0; i < r->n_sent; i++) {
		const struct sent *s = &r->sent[i];

		assert_int_equal(s->topic, TOPIC_QUEUES);
		duration_format(s->p_ms, out);
		if (s->value.p == NULL) {
			buf_str(out, STR(" gone\n"));
			continue;
		}
		assert_int_equal(record_decode(encoding_of(s->value), s->value, &row_record, &a, &row, &err), 0);
		assert_int_equal(row.at_ms, s->p_ms);
		show_fields(out, &row_record, &row, str_from(names));
		buf_chr(out, '\n');
	}
	buf_str(out, buf_view(&r->counts));
	arena_release(&a);
}

static void check_scenarios(const struct scenario *list, size_t n)
{
	struct queue_config c;

	queue_config_default(&c);
	for (size_t i = 0; i < n; i++) {
		struct stage_run *r = run_new(&c);
		struct buf got = BUF_INIT;

		r->label = list[i].label;
		play(r, str_from(list[i].script));
		show_sent(r, list[i].show, &got);
		expect_str(buf_view(&got), str_from(list[i].want), list[i].label);
		buf_release(&got);
		run_free(r);
	}
}

static void rows_come_at_boundaries(void **state)
{
	static const struct scenario cases[] = {
	    {"nothing, nothing", "1h until", "messages", ""},
	    {"at the first boundary behind p", "1500 enter\n1h until", "messages", "2s messages=1\n"},
	    {"p on a boundary: the next one", "1s enter\n1h until", "messages", "2s messages=1\n"},
	    {"of the first change, once", "1100 enter\n1200 enter message=B\n1999 enter message=C\n1h until",
	     "messages", "2s messages=3\n"},
	    {"what comes at the boundary is not in it", "1100 enter\n2s enter message=B\n1h until", "messages",
	     "2s messages=1\n3s messages=2\n"},
	    {"only changes are written", "1100 enter\n10s retry\n1h until", "attempts",
	     "2s attempts=1\n11s attempts=2\n"},
	    {"a step is no change", "1100 enter\n10s step\n1h until", "messages", "2s messages=1\n"},
	    {"a class of its own", "1100 enter\n1100 enter class=dns_failure\n1h until", "class messages",
	     "2s class=connect_timeout messages=1\n2s class=dns_failure messages=1\n"},
	    {"a group of its own", "1100 enter\n1100 enter group=h\n1h until", "group family messages",
	     "2s group=g family=reach messages=1\n2s group=h family=reach messages=1\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void counts_follow_places(void **state)
{
	static const struct scenario cases[] = {
	    {"a message counts once",
	     "1s enter\n1s enter recipient=c messages_delta=0\n3s leave messages_delta=0\n5s leave\n6s until",
	     "messages recipients",
	     "2s messages=1 recipients=2\n4s messages=1 recipients=1\n6s messages=0 recipients=0\n"},
	    {"flags",
	     "1s enter held=1 null_sender=1\n3s enter message=B overdue=1 mismatched=1\n5s leave held=1 null_sender=1",
	     "held overdue mismatched null_sender",
	     "2s held=1 overdue=0 mismatched=0 null_sender=1\n4s held=1 overdue=1 mismatched=1 null_sender=1\n"},
	    {"flags go",
	     "1s enter held=1 null_sender=1\n1s enter message=B overdue=1 mismatched=1\n1s leave held=1 "
	     "null_sender=1\n1s leave message=B overdue=1 mismatched=1\n2s until",
	     "held overdue mismatched null_sender", "2s held=0 overdue=0 mismatched=0 null_sender=0\n"},
	    {"a host",
	     "1s enter host=b\n1s enter host=a message=B\n1s enter host=c message=C\n1s enter host=c message=D "
	     "mta=exim\n"
	     "3s leave host=b\n4s until",
	     "sources", "2s sources=c:2:exim,a:1:postfix,b:1:postfix\n4s sources=c:2:exim,a:1:postfix\n"},
	    {"ten hosts",
	     "1s enter host=l\n1s enter host=k\n1s enter host=j\n1s enter host=i\n1s enter host=h\n1s enter host=g\n1s "
	     "enter "
	     "host=f\n1s enter host=e\n1s enter host=d\n1s enter host=c\n1s enter host=b\n1s enter host=a\n1s enter "
	     "host=l\n2s until",
	     "sources",
	     "2s sources=l:2:postfix,a:1:postfix,b:1:postfix,c:1:postfix,d:1:postfix,e:1:postfix,f:1:postfix,"
	     "g:1:postfix,h:1:postfix,i:1:postfix\n"},
	    {"the weakest basis",
	     "1s enter basis=record\n3s enter message=B basis=configured\n5s enter message=C basis=observed\n7s enter "
	     "message=D\n"
	     "9s leave message=D\n11s leave message=C basis=observed\n12s until",
	     "expiry_basis",
	     "2s expiry_basis=record\n4s expiry_basis=configured\n6s expiry_basis=observed\n8s "
	     "expiry_basis=default\n10s "
	     "expiry_basis=observed\n12s expiry_basis=configured\n"},
	    {"no basis known", "1s enter basis=unknown\n2s until", "expiry_basis", "2s expiry_basis=-\n"},
	    {"moves count as entered, not as attempts",
	     "1s enter\n3s leave reason=moved\n3s enter reason=moved\n4s until", "entered attempts delivered",
	     "2s entered=1 attempts=1 delivered=0\n4s entered=2 attempts=1 delivered=0\n"},
	    {"how they left",
	     "1s enter\n1s enter\n1s enter\n1s enter\n1s enter\n1s leave reason=delivered waited_ms=7s\n1s leave "
	     "reason=bounced "
	     "waited_ms=9s\n1s leave reason=expired waited_ms=8s\n1s leave reason=deleted\n2s until",
	     "delivered bounced expired longest_wait_ms recipients",
	     "2s delivered=1 bounced=1 expired=1 longest_wait_ms=9s recipients=1\n"},
	    {"no wait was told", "1s enter\n1s leave reason=forgotten\n2s until", "longest_wait_ms",
	     "2s longest_wait_ms=-\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void causes_are_the_last_ones(void **state)
{
	static const struct scenario cases[] = {
	    {"taken over",
	     "1s enter text=t1 detail=d next_hop=h next_hop_ip=192.0.2.1 microsoft_code=4.4.315 owner=sender side=us "
	     "connector=k kind=own provider=p\n2s until",
	     "last_error detail next_hop next_hop_ip mta microsoft_code owner side connector kind provider",
	     "2s last_error=t1 detail=d next_hop=h next_hop_ip=192.0.2.1 mta=postfix microsoft_code=4.4.315 "
	     "owner=sender "
	     "side=us connector=k kind=own provider=p\n"},
	    {"absent things too", "1s enter text=t1 detail=d connector=k kind=own\n2s retry text=t2\n4s until",
	     "last_error detail connector kind",
	     "2s last_error=t1 detail=d connector=k kind=own\n3s last_error=t2 detail= connector= kind=-\n"},
	    {"by a move too", "1s enter text=t1\n2s enter message=B text=t2 reason=moved\n4s until", "last_error",
	     "2s last_error=t1\n3s last_error=t2\n"},
	    {"not by a leave", "1s enter\n1s enter message=B text=t1\n2s leave text=t2\n4s until", "last_error",
	     "2s last_error=t1\n3s last_error=t1\n"},
	    {"suspended is no attempt",
	     "1s enter suspended=1 permanent_reply=1\n2s retry\n3s retry suspended=1\n5s until",
	     "attempts permanent_replies last_failure",
	     "2s attempts=0 permanent_replies=1 last_failure=-\n3s attempts=1 permanent_replies=1 last_failure=2s\n4s "
	     "attempts=1 permanent_replies=1 last_failure=2s\n"},
	    {"the latest failure", "5s enter time=4s\n6s retry time=3s\n8s until", "last_failure attempts",
	     "6s last_failure=4s attempts=1\n7s last_failure=4s attempts=2\n"},
	    {"a permanent reply with a move is none", "1s enter reason=moved permanent_reply=1\n2s until",
	     "permanent_replies", "2s permanent_replies=0\n"},
	    {"a leave without a row", "1s leave\n2s retry\n3s step\n4s success\n1h until", "messages",
	     " queue.no_row queue.no_row"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void samples_are_messages_that_wait(void **state)
{
	static const struct scenario cases[] = {
	    {"three at most, in order",
	     "1s enter message=D\n1s enter message=B\n1s enter message=C\n1s enter message=A\n2s until", "samples",
	     "2s samples=D,B,C\n"},
	    {"each once", "1s enter message=A\n1s enter message=A messages_delta=0\n2s until", "samples",
	     "2s samples=A\n"},
	    {"a message that has left makes room",
	     "1s enter message=A\n1s enter message=B\n1s enter message=C\n1s leave message=A\n1s enter message=D\n2s "
	     "until",
	     "samples", "2s samples=B,C,D\n"},
	    {"one of whose recipients some wait stays",
	     "1s enter message=A\n1s enter message=A messages_delta=0\n1s leave message=A messages_delta=0\n2s until",
	     "samples", "2s samples=A\n"},
	    {"one that is none leaves",
	     "1s enter message=A\n1s enter message=B\n1s enter message=C\n1s enter message=D\n1s "
	     "leave message=D\n2s until",
	     "samples", "2s samples=A,B,C\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void a_row_begins_anew_after_it_was_empty(void **state)
{
	static const struct scenario cases[] = {
	    {"since: the line's time", "1s enter time=500\n2s until", "since", "2s since=500ms\n"},
	    {"since: at, without a line", "1s enter time=- at=700\n2s until", "since", "2s since=700ms\n"},
	    {"written as empty: all forgotten",
	     "1s enter text=t1 detail=d next_hop=h next_hop_ip=192.0.2.1 microsoft_code=c owner=sender side=us "
	     "connector=k "
	     "kind=own provider=p permanent_reply=1\n1s leave waited_ms=5s\n10s enter message=B time=- at=9s "
	     "reason=moved "
	     "mta=unknown\n11s until",
	     "since attempts permanent_replies entered delivered longest_wait_ms last_failure last_error detail "
	     "next_hop "
	     "next_hop_ip mta microsoft_code owner side connector kind provider samples",
	     "2s since=1s attempts=1 permanent_replies=1 entered=1 delivered=1 longest_wait_ms=5s last_failure=1s "
	     "last_error=t1 detail=d next_hop=h next_hop_ip=192.0.2.1 mta=postfix microsoft_code=c owner=sender "
	     "side=us "
	     "connector=k kind=own provider=p samples=\n"
	     "11s since=9s attempts=0 permanent_replies=0 entered=1 delivered=0 longest_wait_ms=- last_failure=- "
	     "last_error= detail= next_hop= next_hop_ip= mta=- microsoft_code= owner=- side=- connector= kind=- "
	     "provider= "
	     "samples=B\n"},
	    {"empty in between only: nothing forgotten", "1s enter time=500\n1s leave\n1s enter\n2s until",
	     "since entered delivered", "2s since=500ms entered=2 delivered=1\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void an_empty_row_is_forgotten(void **state)
{
	static const struct scenario cases[] = {
	    {"an hour after it was written", "1s enter\n3s leave\n61m until", "recipients",
	     "2s recipients=1\n4s recipients=0\n3604s gone\n"},
	    {"not a second earlier", "1s enter\n3s leave\n3603s until", "recipients",
	     "2s recipients=1\n4s recipients=0\n"},
	    {"not if it fills again", "1s enter\n3s leave\n30m enter\n62m until", "recipients",
	     "2s recipients=1\n4s recipients=0\n1801s recipients=1\n"},
	    {"an hour after the last time it was written, which a retry may ask for",
	     "1s enter\n3s leave\n30m retry\n91m until", "recipients attempts",
	     "2s recipients=1 attempts=1\n4s recipients=0 attempts=1\n1801s recipients=0 attempts=2\n5401s gone\n"},
	    {"a success does not write it", "1s enter\n3s leave\n30m success\n61m until", "recipients",
	     "2s recipients=1\n4s recipients=0\n3604s gone\n"},
	    {"a new row afterwards", "1s enter\n3s leave\n62m enter\n3721s until", "recipients entered",
	     "2s recipients=1 entered=1\n4s recipients=0 entered=1\n3604s gone\n3721s recipients=1 entered=1\n"},
	    {"what comes at the boundary comes after it", "1s enter\n3s leave\n3604s leave\n2h until", "recipients",
	     "2s recipients=1\n4s recipients=0\n3604s gone\n queue.no_row"},
	};
	struct queue_config c;
	struct stage_run *r;

	(void)state;
	check_scenarios(cases, LEN(cases));

	queue_config_default(&c);
	r = run_new(&c);
	play(r, STR("1s enter expires_minute=3000\n3s leave expires_minute=3000\n62m until"));
	assert_int_equal(store_size(r->store), 0); /* no hour, no group, no row stays behind */
	run_free(r);
}

static void the_last_success_is_the_groups(void **state)
{
	static const struct scenario cases[] = {
	    {"before the row", "1s success\n2s enter\n3s until", "last_success", "3s last_success=1s\n"},
	    {"the greatest", "10s success time=9s\n11s success time=8s\n12s enter\n13s until", "last_success",
	     "13s last_success=9s\n"},
	    {"changes every row that is not idle",
	     "1s enter\n1s enter class=dns_failure\n1s enter class=greylisted\n1s leave class=greylisted\n5s "
	     "success\n6s until",
	     "class last_success",
	     "2s class=connect_timeout last_success=-\n2s class=dns_failure last_success=-\n2s class=greylisted "
	     "last_success=-\n6s class=connect_timeout last_success=5s\n6s class=dns_failure last_success=5s\n"},
	    {"not those of another group", "1s enter\n5s success group=h\n6s until", "last_success",
	     "2s last_success=-\n"},
	    {"an emptied row that has not been written is not idle", "1s enter\n1s leave\n1500 success\n2s until",
	     "last_success", "2s last_success=1500ms\n"},
	    {"kept for 7 days of p", "1s success\n604800s enter\n604801s until", "last_success",
	     "604801s last_success=-\n"},
	    {"until then", "1s success\n604799s enter\n7d until", "last_success", "7d last_success=1s\n"},
	    {"from the last one on, though it is older",
	     "10s success time=9s\n100s success time=5s\n604810s enter\n604811s until", "last_success",
	     "604811s last_success=9s\n"},
	    {"forgotten, then learnt anew",
	     "10s success time=9s\n604900s success time=3s\n604901s enter\n604902s until", "last_success",
	     "604902s last_success=3s\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

static void the_clock_makes_a_difference(void **state)
{
	static const struct scenario cases[] = {
	    /* m = 1500: M = 61 (24 h), 1141 (6 h), 1441 (1 h), 1501 (over) */
	    {"24, 6, 1 hours before, and when it is over", "1s enter expires_minute=1500\n2d until",
	     "first_expiry expiring_1h expiring_6h expiring_24h",
	     "2s first_expiry=25h expiring_1h=0 expiring_6h=0 expiring_24h=0\n"
	     "61m first_expiry=25h expiring_1h=0 expiring_6h=0 expiring_24h=1\n"
	     "1141m first_expiry=25h expiring_1h=0 expiring_6h=1 expiring_24h=1\n"
	     "1441m first_expiry=25h expiring_1h=1 expiring_6h=1 expiring_24h=1\n"
	     "1501m first_expiry=- expiring_1h=0 expiring_6h=0 expiring_24h=0\n"},
	    {"the minute of the boundary still counts",
	     "1s enter expires_minute=2\n2m enter message=B expires_minute=3\n121s until", "first_expiry expiring_1h",
	     "2s first_expiry=2m expiring_1h=1\n121s first_expiry=2m expiring_1h=2\n"},
	    {"of each minute", "1s enter expires_minute=1\n1s enter message=B expires_minute=3\n10m until",
	     "first_expiry expiring_1h",
	     "2s first_expiry=1m expiring_1h=2\n2m first_expiry=3m expiring_1h=1\n4m "
	     "first_expiry=- expiring_1h=0\n"},
	    {"the edge of an hour: 59 minutes ahead is within", "1s enter expires_minute=59\n2s until", "expiring_1h",
	     "2s expiring_1h=1\n"},
	    {"60 minutes ahead is not", "1s enter expires_minute=60\n60s until", "expiring_1h",
	     "2s expiring_1h=0\n1m expiring_1h=1\n"},
	    {"of 6 hours", "1s enter expires_minute=360\n60s until", "expiring_6h",
	     "2s expiring_6h=0\n1m expiring_6h=1\n"},
	    {"of 24 hours", "1s enter expires_minute=1440\n60s until", "expiring_24h",
	     "2s expiring_24h=0\n1m expiring_24h=1\n"},
	    {"what is over stays so", "1s enter expires_minute=1\n10m enter message=B\n11m until",
	     "first_expiry recipients",
	     "2s first_expiry=1m recipients=1\n2m first_expiry=- recipients=1\n601s first_expiry=- recipients=2\n"},
	    {"an empty row is left alone", "1s enter expires_minute=1500\n1s leave expires_minute=1500\n50m until",
	     "recipients", "2s recipients=0\n"},
	    {"without an end there is nothing to wait for", "1s enter\n2d until", "expiring_24h",
	     "2s expiring_24h=0\n"},
	    {"the oldest is not as of the clock",
	     "10m enter queued_minute=7\n10m enter message=B queued_minute=3\n11m leave "
	     "message=B queued_minute=3\n12m until",
	     "oldest queued", "601s oldest=3m queued=3:1,7:1\n661s oldest=7m queued=7:1\n"},
	    {"held ones have no end", "1s enter held=1 queued_minute=0\n2s until", "first_expiry expires queued",
	     "2s first_expiry=- expires= queued=0:1\n"},
	};

	(void)state;
	check_scenarios(cases, LEN(cases));
}

/* Boundaries that fall on no minute: the first one at or after it. */
static void boundaries_need_not_be_minutes(void **state)
{
	struct queue_config c;
	struct buf got = BUF_INIT;

	(void)state;
	queue_config_default(&c);
	c.row_interval_ms = 7000;
	c.tombstone_after_ms = 70000;
	struct stage_run *r = run_new(&c);
	play(r, STR("1s enter expires_minute=2\n300s leave expires_minute=2\n10m until"));
	show_sent(r, "first_expiry recipients", &got);
	expect_str(buf_view(&got),
	           STR("7s first_expiry=2m recipients=1\n182s first_expiry=- recipients=1\n301s first_expiry=- "
	               "recipients=0\n371s gone\n"),
	           "every 7 s");
	buf_release(&got);
	run_free(r);
}

static void bars_widen_beyond_360(void **state)
{
	static const struct {
		const char *label;
		int n;          /* minutes that hold one recipient each, from minute 30 on */
		bool by_expiry; /* in the other histogram */
		int64_t width;
		size_t bars;
	} cases[] = {
	    {"360 bars", 360, false, 1, 360},
	    {"361 bars", 361, false, 60, 7},
	    {"360 ends", 360, true, 1, 1},
	    {"361 ends: both are wide", 361, true, 60, 1},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena a = ARENA_INIT;
		struct queue_config c;
		struct transition t;
		struct row row;
		struct err err;

		queue_config_default(&c);
		struct stage_run *r = run_new(&c);
		for (int m = 0; m < cases[i].n; m++) {
			read_transition(STR("enter"), 1000, &t);
			t.queued_minute = cases[i].by_expiry ? 30 : 30 + m;
			t.expires_minute = cases[i].by_expiry ? 30 + m : 30;
			apply_transition(r, 1000, &t);
		}
		run_until(r, 2000);
		assert_int_equal(r->n_sent, 1);
		assert_int_equal(record_decode(ENC_JSON, r->sent[0].value, &row_record, &a, &row, &err), 0);
		expect_i64(row.resolution_min, cases[i].width, cases[i].label);
		expect_i64((int64_t)row.queued.n, (int64_t)cases[i].bars, cases[i].label);
		const struct bucket *bar = row.queued.items;
		expect_i64(bar[0].minute, cases[i].width == 1 ? 30 : 0, cases[i].label);
		expect_i64(row.first_expiry_ms, 30 * 60000, "exact to the minute however wide the bars are");
		run_free(r);
		arena_release(&a);
	}
}

static void rows_are_addressed_for_the_next_stage(void **state)
{
	static const enum encoding encodings[] = {ENC_JSON, ENC_MSGPACK};

	(void)state;
	for (size_t i = 0; i < LEN(encodings); i++) {
		struct queue_config c;

		queue_config_default(&c);
		c.rows_encoding = encodings[i];
		struct stage_run *r = run_new(&c);
		play(r, STR("1s enter group=a|b\n1s leave group=a|b\n2h until"));
		assert_int_equal(r->n_sent, 2);
		for (size_t k = 0; k < 2; k++) {
			expect_str(r->sent[k].key, STR("a|b|connect_timeout"), "key");
			expect_str(r->sent[k].rest, STR("a|b\0connect_timeout"), "order");
		}
		assert_int_equal(encoding_of(r->sent[0].value), encodings[i]);
		assert_null(r->sent[1].value.p);
		run_free(r);
	}
}

static void bad_records_are_counted(void **state)
{
	struct queue_config c;

	(void)state;
	queue_config_default(&c);
	struct stage_run *r = run_new(&c);
	run_apply(r, 1000, STR("g"), STR("{\"change\":\"enter\""));
	run_apply(r, 1000, STR("g"), STR("\xc1"));
	run_until(r, TIME_NEVER - 1);
	expect_str(buf_view(&r->counts), STR(" queue.bad_record queue.bad_record"), "counts");
	assert_int_equal(r->n_sent, 0);
	run_free(r);
	queue_stage_free(NULL);
	queue_codec_free(NULL);
}

/* A state of a newer version is told apart from nonsense, before anything else in it is looked at. */
static void states_are_judged_by_their_version(void **state)
{
	static const struct {
		const char *label;
		struct str key, value;
		enum err_kind want; /* ERR_NONE: it can be read */
	} cases[] = {
	    {"ours", STR("rg|other"), STR("\x81\xa7version\x01"), ERR_NONE},
	    {"a group", STR("gg"), STR("\x81\xa7version\x01"), ERR_NONE},
	    {"an hour", STR("xg|other"), STR("\x81\xa7version\x01"), ERR_NONE},
	    {"newer, with a field of another kind", STR("rg|other"), STR("\x82\xa7version\x02\xa4idle\x07"),
	     ERR_CONFIG},
	    {"a field of another kind", STR("rg|other"), STR("\x82\xa7version\x01\xa4idle\x07"), ERR_FATAL},
	    {"no version", STR("rg|other"), STR("\x80"), ERR_FATAL},
	    {"no document", STR("rg|other"), STR("\xc1"), ERR_FATAL},
	    {"no key", STR(""), STR("\x81\xa7version\x01"), ERR_FATAL},
	    {"a key of another kind", STR("z"), STR("\x81\xa7version\x01"), ERR_FATAL},
	};
	struct queue_codec *c = queue_codec_new();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err err = {.kind = ERR_NONE};
		void *entry = queue_entry_decode(c, cases[i].key, cases[i].value, &err);

		expect_i64(entry == NULL ? err.kind : ERR_NONE, cases[i].want, cases[i].label);
		if (entry != NULL)
			queue_entry_free(entry);
	}
	queue_codec_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_at_boundaries),
	    cmocka_unit_test(counts_follow_places),
	    cmocka_unit_test(causes_are_the_last_ones),
	    cmocka_unit_test(samples_are_messages_that_wait),
	    cmocka_unit_test(a_row_begins_anew_after_it_was_empty),
	    cmocka_unit_test(an_empty_row_is_forgotten),
	    cmocka_unit_test(the_last_success_is_the_groups),
	    cmocka_unit_test(the_clock_makes_a_difference),
	    cmocka_unit_test(boundaries_need_not_be_minutes),
	    cmocka_unit_test(bars_widen_beyond_360),
	    cmocka_unit_test(rows_are_addressed_for_the_next_stage),
	    cmocka_unit_test(bad_records_are_counted),
	    cmocka_unit_test(states_are_judged_by_their_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
