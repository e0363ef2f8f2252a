/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_random - what holds for the alerts and records of any rows, whatever the numbers
 *
 * An incident is opened once, told in the order of seq, not too often, resolved, kept and deleted; its record says the
 * same as the alert of the same moment; there is one at a time per group and family; and nothing is kept in the end.
 */
#include "alert_support.h"

enum { SEEDS = 40, STEPS = 400, INCIDENTS_MAX = 256 };

static const char *const groups[] = {"branch", "example.org"};
static const int classes[] = {CLASS_connect_timeout, CLASS_dns_failure, CLASS_greylisted};

struct told {
	struct str id, group;
	int family, severity;
	bool open, deleted;
	int64_t seq, alert_ms, record_ms, resolved_ms;
};

struct story {
	struct alert_config c;
	struct stage_run *run;
	struct arena arena;
	struct told told[INCIDENTS_MAX];
	size_t n, n_updates;
};

static void random_row(uint64_t *seed, int64_t p_ms, struct row *row)
{
	struct arena a = ARENA_INIT;
	size_t g = random_below(seed, LEN(groups));

	read_row(STR_NONE, p_ms, row, &a);
	row->group = str_from(groups[g]);
	row->kind = g == 0 ? KIND_OWN : KIND_INTERNET;
	row->class = classes[random_below(seed, LEN(classes))];
	row->messages = random_below(seed, 3) == 0 ? 0 : (int64_t)random_below(seed, 45);
	row->recipients = row->messages + (row->messages > 0 ? (int64_t)random_below(seed, 5) : 0);
	if (row->recipients > 0) {
		row->held = random_below(seed, 4) == 0;
		row->null_sender = random_below(seed, 4) == 0;
		row->overdue = random_below(seed, 20) == 0;
		if (random_below(seed, 2) == 0)
			row->first_expiry_ms = p_ms / 60000 * 60000 + (int64_t)random_below(seed, 900) * 60000;
	}
	row->expired = random_below(seed, 30) == 0;
	row->delivered = (int64_t)random_below(seed, 3);
	row->last_success_ms = random_below(seed, 3) == 0 ? p_ms - 5000 : TIME_NONE;
	arena_release(&a);
}

static struct told *find(struct story *s, struct str id)
{
	size_t i = 0;
	while (i < s->n && !str_eq(s->told[i].id, id))
		i++;
	return i < s->n ? &s->told[i] : NULL;
}

static struct told *open_story(struct story *s, const struct alert *a)
{
	for (size_t i = 0; i < s->n; i++)
		expect(!s->told[i].open || s->told[i].family != a->family || !str_eq(s->told[i].group, a->group),
		       "one at a time");
	expect(find(s, a->incident) == NULL, "an id of its own");
	expect_i64(a->seq, 1, "seq");
	expect_i64(a->opened_ms, a->at_ms, "opened");
	expect(a->over_volume || a->near_expiry, "a reason");
	assert_true(s->n < INCIDENTS_MAX);
	s->told[s->n] = (struct told){a->incident, a->group, a->family, a->severity, true, false, 0, -1, -1, -1};
	return &s->told[s->n++];
}

static void hear_alert(struct story *s, const struct alert *a)
{
	struct told *t = a->event == ALERT_OPENED ? open_story(s, a) : find(s, a->incident);
	bool rose = t != NULL && a->severity == SEVERITY_CRITICAL && t->severity != SEVERITY_CRITICAL;

	assert_non_null(t);
	expect(t->open, "open");
	expect_i64(a->seq, ++t->seq, "seq");
	if (a->event == ALERT_UPDATED) {
		s->n_updates++;
		expect(a->at_ms >= t->alert_ms + s->c.update_min_ms || rose, "not too often");
		expect(a->over_volume || a->near_expiry, "a reason");
	}
	if (a->event == ALERT_RESOLVED) {
		expect(!a->over_volume && !a->near_expiry, "no reason");
		expect_i64(a->resolved_ms, a->at_ms, "resolved");
		t->resolved_ms = a->at_ms;
	}
	t->alert_ms = a->at_ms;
	t->severity = a->severity;
}

static void hear_record(struct story *s, const struct incident *inc, const struct incident *of_alert)
{
	struct told *t = find(s, inc->incident);

	assert_non_null(t);
	expect(t->open, "open");
	expect_i64(inc->seq, t->seq, "seq of the last alert");
	expect(inc->updated_ms > t->record_ms, "moments rise");
	t->record_ms = inc->updated_ms;
	t->open = inc->state == INCIDENT_STATE_OPEN;
	expect_i64(t->open, t->resolved_ms < 0, "state");
	if (of_alert != NULL && first_difference(&incident_record, inc, of_alert) != NULL)
		fail_msg("alert and record differ");
}

static void hear_tombstone(struct story *s, const struct sent *sent)
{
	struct told *t = find(s, sent->key);

	assert_non_null(t);
	expect(!t->open && !t->deleted, "resolved, and once");
	expect_i64(sent->p_ms, t->resolved_ms + s->c.incident_keep_ms, "kept");
	t->deleted = true;
}

/* Each alert is followed by its record. */
static void listen(struct story *s)
{
	struct incident of_alert;
	bool has_alert = false;
	struct err err;

	for (size_t i = 0; i < s->run->n_sent; i++) {
		const struct sent *sent = &s->run->sent[i];
		struct alert a;
		struct incident inc;

		if (sent->topic == TOPIC_ALERTS) {
			expect(!has_alert, "a record behind each alert");
			assert_int_equal(record_decode(ENC_JSON, sent->value, &alert_record, &s->arena, &a, &err), 0);
			assert_int_equal(
			    record_decode(ENC_JSON, sent->value, &incident_record, &s->arena, &of_alert, &err), 0);
			hear_alert(s, &a);
			has_alert = true;
		} else if (sent->value.p == NULL) {
			hear_tombstone(s, sent);
		} else {
			assert_int_equal(record_decode(ENC_JSON, sent->value, &incident_record, &s->arena, &inc, &err),
			                 0);
			hear_record(s, &inc, has_alert ? &of_alert : NULL);
			has_alert = false;
		}
	}
}

static void end_all(struct stage_run *run, int64_t p_ms)
{
	for (size_t g = 0; g < LEN(groups); g++)
		for (size_t k = 0; k < LEN(classes); k++) {
			struct arena a = ARENA_INIT;
			struct row row;

			read_row(STR_NONE, p_ms, &row, &a);
			row.group = str_from(groups[g]);
			row.class = classes[k];
			row.messages = 0;
			apply_row(run, p_ms, &row, true);
			arena_release(&a);
		}
}

static void live_through(uint64_t seed, size_t *n_incidents, size_t *n_updates)
{
	struct story *s = xcalloc(1, sizeof(*s));
	int64_t p_ms = 1763971200000;

	alert_config_default(&s->c);
	s->run = xcalloc(1, sizeof(*s->run));
	run_init(s->run, &alert_stage_ops, alert_stage_new(&s->c));
	for (int i = 0; i < STEPS; i++) {
		struct row row;

		p_ms += 1000 * (int64_t)random_below(&seed, random_below(&seed, 4) ? 300 : 3000);
		if (random_below(&seed, 3) == 0)
			p_ms += 1000;
		random_row(&seed, p_ms, &row);
		apply_row(s->run, p_ms, &row, random_below(&seed, 12) == 0);
	}
	end_all(s->run, p_ms + 1000);
	run_until(s->run, p_ms + s->c.incident_keep_ms + 24 * 3600000);
	listen(s);
	for (size_t i = 0; i < s->n; i++)
		expect(s->told[i].deleted, "each record is deleted in the end");
	assert_int_equal(store_size(s->run->store), 0);
	*n_incidents += s->n;
	*n_updates += s->n_updates;
	run_release(s->run);
	alert_stage_free(s->run->config);
	free(s->run);
	arena_release(&s->arena);
	free(s);
}

static void lives_of_incidents(void **state)
{
	size_t n_incidents = 0, n_updates = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		live_through(seed, &n_incidents, &n_updates);
	assert_true(n_incidents > SEEDS * 5);
	assert_true(n_updates > SEEDS * 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lives_of_incidents)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
