/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_random_test - what holds of any stream of lines, however odd
 *
 * Whatever enters a place leaves it; a message counts once in a row while a recipient
 * is there; seq rises by one, pipeline time never falls; and an entry that goes through
 * its codec between any two steps tells the same.
 */
#include "track_support.h"

enum { STREAMS = 400, LINES = 60, PLACES_MAX = 1024 };

/* What the queue stage would count. */
struct ledger {
	struct place places[PLACES_MAX]; /* group points into group_names */
	int64_t recipients[PLACES_MAX];
	size_t n;
	int64_t row_recipients[4][CLASS_N], row_messages[4][CLASS_N]; /* by group */
	int64_t seq, at_ms;
	size_t n_transitions;
};

struct book {
	struct life life; /* first */
	struct ledger ledger;
	size_t *seen; /* by change and reason */
};

enum { SEEN_N = 6 * 12 };

static const char *const group_names[] = {"g1.example", "g2.example", "g3.example", "local:h.example"};

static size_t group_of(struct str group)
{
	for (size_t i = 0; i < LEN(group_names); i++)
		if (str_eq(group, str_from(group_names[i])))
			return i;
	fail_msg("a group that was in no line: \"%.*s\"", STR_FMT(group));
	return 0;
}

static int64_t *recipients_at(struct ledger *g, const struct transition *x)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct place *p = &g->places[i];
		if (str_eq(p->group, x->group) && (int)p->class == x->class && p->queued_minute == x->queued_minute &&
		    p->expires_minute == x->expires_minute && p->held == x->held && p->overdue == x->overdue &&
		    p->mismatched == x->mismatched && p->null_sender == x->null_sender && (int)p->basis == x->basis)
			return &g->recipients[i];
	}
	assert_true(g->n < PLACES_MAX);
	g->places[g->n] = (struct place){
	    .group = str_from(group_names[group_of(x->group)]),
	    .class = (enum class)x->class,
	    .queued_minute = x->queued_minute,
	    .expires_minute = x->expires_minute,
	    .held = x->held,
	    .overdue = x->overdue,
	    .mismatched = x->mismatched,
	    .null_sender = x->null_sender,
	    .basis = (enum basis)x->basis,
	};
	g->recipients[g->n] = 0;
	return &g->recipients[g->n++];
}

static void enter_or_leave(struct ledger *g, const struct transition *x)
{
	size_t group = group_of(x->group);
	int64_t *at = recipients_at(g, x);
	int64_t *recipients = &g->row_recipients[group][x->class], *messages = &g->row_messages[group][x->class];

	expect_i64(x->recipients_delta, x->change == CHANGE_ENTER ? 1 : -1, "recipients_delta");
	*at += x->recipients_delta;
	*recipients += x->recipients_delta;
	*messages += x->messages_delta;
	expect(*at >= 0, "a place never holds less than nothing");
	expect_i64(*messages, *recipients > 0, "a message counts once per row");
	expect(x->change == CHANGE_ENTER || x->reason != REASON_DEFERRED, "deferred is no reason to leave");
}

static void book_transition(struct track_sink *sink, const struct transition *x)
{
	struct book *b = (struct book *)sink;
	struct ledger *g = &b->ledger;

	life_transition(sink, x);
	expect_i64(x->seq, ++g->seq, "seq rises by one");
	expect(x->at_ms >= g->at_ms, "pipeline time never falls");
	g->at_ms = x->at_ms;
	g->n_transitions++;
	b->seen[x->change * 12 + x->reason]++;
	if (x->change == CHANGE_ENTER || x->change == CHANGE_LEAVE) {
		enter_or_leave(g, x);
		return;
	}
	expect_i64(x->recipients_delta, 0, "only moves count");
	expect_i64(x->messages_delta, 0, "only moves count");
	if (x->change != CHANGE_SUCCESS)
		expect(*recipients_at(g, x) > 0, "retries and steps are told where the recipient is");
}

static void random_config(uint64_t *seed, struct life *l)
{
	static const int64_t spans[] = {60000, 600000, 3600000, 7200000};

	l->c.default_lifetime_ms = spans[random_below(seed, LEN(spans))];
	l->c.grace_ms = spans[random_below(seed, 2)];
	l->c.closed_keep_ms = spans[1 + random_below(seed, 2)];
	l->c.forget_after_ms = spans[2 + random_below(seed, 2)];
	l->c.n_rules = l->c.n_connectors = 0;
	life_command(l, STR("set steps 10m,50%,100%"));
	life_command(l, STR("connector g2.example 30m"));
	life_command(l, STR("rule - - null 20m"));
}

static void random_cause(uint64_t *seed, struct delivery *d)
{
	static const enum class classes[] = {CLASS_none, CLASS_connect_timeout, CLASS_unreachable,
	                                     CLASS_local_resources};
	static const char *const texts[] = {"", "t", "another text"};

	d->class = classes[random_below(seed, LEN(classes))];
	d->family = (int)class_family((enum class)d->class);
	d->group = str_from(group_names[d->family == FAMILY_LOCAL ? 3 : random_below(seed, 3)]);
	if (str_eq(d->group, STR("g2.example")) && random_below(seed, 2) == 0)
		d->connector = d->group;
	if (random_below(seed, 3) > 0)
		d->next_hop = STR("mx.example");
	if (d->class == CLASS_unreachable)
		d->detail = STR("ipv6_no_route");
	d->text = str_from(texts[random_below(seed, LEN(texts))]);
	d->suspended = random_below(seed, 6) == 0;
	if (random_below(seed, 20) == 0)
		d->expires_ms = d->time_ms + (int64_t)random_below(seed, 3600000) - 600000;
}

static void random_beginning(uint64_t *seed, struct delivery *d)
{
	if (random_below(seed, 4) == 0) {
		d->arrival_source = d->event == EVENT_ARRIVED ? SINCE_EXPLICIT : SINCE_DELAY;
		d->arrival_ms = d->time_ms - (int64_t)random_below(seed, 1200000);
		d->arrival_error_ms = (int64_t)random_below(seed, 3) * 1000 - 1;
	}
	if (random_below(seed, 8) == 0)
		d->id_time_ms = d->time_ms - (int64_t)random_below(seed, 1200000);
}

static struct delivery random_line(uint64_t *seed, int64_t p_ms)
{
	/* deferrals most of all, or little would be waiting */
	static const enum event events[] = {
	    EVENT_DEFERRED, EVENT_DEFERRED, EVENT_DEFERRED,  EVENT_DEFERRED,  EVENT_DEFERRED, EVENT_DEFERRED,
	    EVENT_DEFERRED, EVENT_DEFERRED, EVENT_DELIVERED, EVENT_BOUNCED,   EVENT_EXPIRED,  EVENT_HANDED_ON,
	    EVENT_HELD,     EVENT_RELEASED, EVENT_RELEASED,  EVENT_QUEUED,    EVENT_REMOVED,  EVENT_DISCARDED,
	    EVENT_REQUEUED, EVENT_DELETED,  EVENT_ARRIVED,   EVENT_MESSAGE_ID};
	static const char *const addresses[] = {"", "a@d.example", "b@d.example", "c@d.example"};
	struct delivery d;

	record_clear(&delivery_record, &d);
	d.mta = MTA_POSTFIX;
	d.event = events[random_below(seed, LEN(events))];
	d.time_ms = p_ms - (int64_t)(random_below(seed, 3) == 0 ? random_below(seed, 90000) : 0);
	d.recipient = str_from(addresses[random_below(seed, LEN(addresses))]);
	d.destination = STR("d.example");
	d.null_sender = d.event == EVENT_QUEUED && random_below(seed, 2) == 0;
	random_cause(seed, &d);
	random_beginning(seed, &d);
	return d;
}

static void sorted(const struct tracked *t)
{
	for (size_t i = 1; t != NULL && i < t->n_recipients; i++)
		expect(str_cmp(t->recipients[i - 1].address, t->recipients[i].address) < 0, "recipients are sorted");
}

static void live(struct book *b, uint64_t seed, bool through_codec)
{
	int64_t p_ms = LIFE_T0;

	life_begin(&b->life, through_codec);
	b->life.sink.transition = book_transition;
	b->ledger = (struct ledger){.at_ms = INT64_MIN};
	random_config(&seed, &b->life);
	for (int i = 0; i < LINES; i++) {
		p_ms += (int64_t)(random_below(&seed, 3) * random_below(&seed, 1500000));
		struct delivery d = random_line(&seed, p_ms);
		life_pass(&b->life, p_ms);
		if (b->life.t == NULL)
			b->ledger.seq = 0;
		life_line(&b->life, &d, p_ms);
		sorted(b->life.t);
		if (i == LINES / 2) /* a restart with other settings */
			random_config(&seed, &b->life);
	}
	life_pass(&b->life, p_ms + 30 * (int64_t)86400000);
}

static void test_any_stream(void **state)
{
	static struct book direct, coded;
	size_t seen[SEEN_N] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= STREAMS; seed++) {
		direct.seen = coded.seen = seen;
		live(&direct, seed, false);
		live(&coded, seed, true);
		if (!str_eq(buf_view(&direct.life.out), buf_view(&coded.life.out)))
			fail_msg("seed %d: through the codec\n%s\nwithout\n%s", (int)seed, buf_z(&coded.life.out),
			         buf_z(&direct.life.out));
		assert_null(direct.life.t); /* time alone ends everything */
		for (size_t i = 0; i < direct.ledger.n; i++)
			expect_i64(direct.ledger.recipients[i], 0, "what entered has left");
		life_end(&direct.life);
		life_end(&coded.life);
	}
	for (int reason = REASON_DEFERRED; reason <= REASON_FORGOTTEN; reason++)
		expect(seen[(reason == REASON_DEFERRED ? CHANGE_ENTER : CHANGE_LEAVE) * 12 + reason] > 20,
		       reason_names[reason]);
	expect(seen[CHANGE_RETRY * 12] > 1000 && seen[CHANGE_SUCCESS * 12] > 200 && seen[CHANGE_STEP * 12] > 200,
	       "the streams are worth something");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_stream)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
