/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_naive - the stage against a second reading of docs/SEMANTICS.md, section 2, that keeps the whole history
 *
 * Random transitions of messages that wait in several places. At every boundary the naive side asks of each row whether
 * it is to be written, and if so counts it anew from all transitions since it was empty; rows, their boundaries and
 * tombstones must be the same, no field left out.
 */
#include "queue_support.h"

enum { MESSAGES = 12, RECIPIENTS = 3, GROUPS = 2, CLASSES = 3, HISTORY_MAX = 2000, SEEDS = 8, MINUTE = 60000 };

static const char *const group_names[GROUPS] = {"branch", "example.org"};
static const int classes[CLASSES] = {CLASS_connect_timeout, CLASS_greylisted, CLASS_mailbox_full};
static const char *const hosts[] = {"mx1", "mx2", "mx3"};

struct happening {
	int64_t p_ms;
	size_t g, k; /* of group and class; k: CLASSES for a success */
	struct transition t;
};

struct place {
	bool waits;
	struct transition enter; /* as it was told */
};

struct naive_row {
	bool exists, idle;
	size_t begin;       /* the enter with which it began */
	int64_t changed_ms; /* -1: not since it was written */
	int64_t written_ms; /* boundary */
};

struct world {
	uint64_t seed;
	struct queue_config c;
	struct stage_run *run;
	struct arena arena, scratch;
	struct happening *history;
	size_t n_history, seen; /* the naive side has looked at so many */
	struct place places[MESSAGES][RECIPIENTS];
	struct naive_row rows[GROUPS][CLASSES];
	size_t compared; /* of run->sent */
};

/* 1. Random transitions, as track would tell them. */

static size_t group_at(struct str group)
{
	size_t g = 0;
	while (g < GROUPS && !str_eq(group, str_from(group_names[g])))
		g++;
	return g;
}

static size_t class_at(int class)
{
	size_t k = 0;
	while (k < CLASSES && classes[k] != class)
		k++;
	return k;
}

static void emit(struct world *w, int64_t p_ms, const struct transition *t)
{
	assert_true(w->n_history < HISTORY_MAX);
	w->history[w->n_history++] = (struct happening){p_ms, group_at(t->group), class_at(t->class), *t};
	apply_transition(w->run, p_ms, t);
}

static struct str one_of(struct world *w, const char *const *list, size_t n)
{
	return str_from(list[random_below(&w->seed, n)]);
}

static void random_cause(struct world *w, struct transition *t)
{
	static const char *const texts[] = {"", "refused", "timed out", "busy"}, *const hops[] = {"", "mx.example.org"},
	                         *const ips[] = {"", "192.0.2.9"}, *const codes[] = {"4.4.315", "other"};

	t->text = one_of(w, texts, LEN(texts));
	t->detail = one_of(w, texts, LEN(texts));
	t->destination = one_of(w, hops, LEN(hops));
	t->next_hop = one_of(w, hops, LEN(hops));
	t->next_hop_ip = one_of(w, ips, LEN(ips));
	t->microsoft_code = one_of(w, codes, LEN(codes));
	t->connector = one_of(w, hops, LEN(hops));
	t->provider = one_of(w, hops, LEN(hops));
	t->owner = (int)random_below(&w->seed, 3);
	t->side = (int)random_below(&w->seed, 3);
	t->kind = (int)random_below(&w->seed, 4);
	t->mta = (int)random_below(&w->seed, 2);
	t->suspended = random_below(&w->seed, 4) == 0;
	t->permanent_reply = random_below(&w->seed, 4) == 0;
}

/* Does another recipient of the message wait at (group, class)? */
static bool others(const struct world *w, size_t m, size_t r, const struct transition *t)
{
	for (size_t k = 0; k < RECIPIENTS; k++) {
		const struct place *p = &w->places[m][k];
		if (k != r && p->waits && p->enter.class == t->class && str_eq(p->enter.group, t->group))
			return true;
	}
	return false;
}

static void enter(struct world *w, int64_t p_ms, size_t m, size_t r, enum reason reason)
{
	struct place *place = &w->places[m][r];
	struct transition t;

	read_transition(STR("enter"), p_ms, &t);
	t.message = arena_fmt(&w->arena, "s/mx/M%zu#1", m);
	t.host = str_from(hosts[m % LEN(hosts)]);
	t.group = one_of(w, group_names, GROUPS);
	t.class = classes[random_below(&w->seed, CLASSES)];
	t.reason = reason;
	t.time_ms = random_below(&w->seed, 8) == 0 ? TIME_NONE : p_ms - (int64_t)random_below(&w->seed, 900);
	t.queued_minute = p_ms / MINUTE - (int64_t)random_below(&w->seed, 200);
	t.basis = 1 + (int)random_below(&w->seed, 4);
	t.held = random_below(&w->seed, 6) == 0;
	t.mismatched = random_below(&w->seed, 6) == 0;
	t.overdue = random_below(&w->seed, 6) == 0;
	t.null_sender = m % 4 == 0;
	t.expires_minute =
	    t.held || t.mismatched
	        ? -1
	        : p_ms / MINUTE - 5 + (int64_t)random_below(&w->seed, random_below(&w->seed, 2) ? 100 : 1600);
	random_cause(w, &t);
	t.messages_delta = !others(w, m, r, &t);
	*place = (struct place){true, t};
	emit(w, p_ms, &t);
}

static void leave(struct world *w, int64_t p_ms, size_t m, size_t r, enum reason reason)
{
	struct place *place = &w->places[m][r];
	struct transition t = place->enter;

	t.change = CHANGE_LEAVE;
	t.reason = (int)reason;
	t.at_ms = t.time_ms = p_ms;
	t.recipients_delta = -1;
	t.messages_delta = -!others(w, m, r, &t);
	t.waited_ms = random_below(&w->seed, 3) == 0 ? -1 : (int64_t)random_below(&w->seed, 100000);
	place->waits = false;
	emit(w, p_ms, &t);
}

static void speak(struct world *w, int64_t p_ms, size_t m, size_t r)
{
	struct transition t = w->places[m][r].enter;

	t.change = random_below(&w->seed, 3) == 0 ? CHANGE_STEP : CHANGE_RETRY;
	t.reason = REASON_NONE;
	t.recipients_delta = t.messages_delta = 0;
	t.at_ms = p_ms;
	t.time_ms = p_ms - (int64_t)random_below(&w->seed, 5000);
	random_cause(w, &t);
	emit(w, p_ms, &t);
}

static void succeed(struct world *w, int64_t p_ms)
{
	struct transition t;

	read_transition(STR("success"), p_ms, &t);
	t.group = one_of(w, group_names, GROUPS);
	t.time_ms = p_ms - (int64_t)random_below(&w->seed, 5000);
	emit(w, p_ms, &t);
}

static void act(struct world *w, int64_t p_ms)
{
	static const enum reason ends[] = {REASON_DELIVERED, REASON_BOUNCED,  REASON_EXPIRED,
	                                   REASON_DELETED,   REASON_REQUEUED, REASON_FORGOTTEN};
	size_t m = random_below(&w->seed, MESSAGES), r = random_below(&w->seed, RECIPIENTS);

	if (random_below(&w->seed, 8) == 0) {
		succeed(w, p_ms);
	} else if (!w->places[m][r].waits) {
		enter(w, p_ms, m, r, REASON_DEFERRED);
	} else if (random_below(&w->seed, 3) == 0) {
		leave(w, p_ms, m, r, REASON_MOVED);
		enter(w, p_ms, m, r, REASON_MOVED);
	} else if (random_below(&w->seed, 2) == 0) {
		leave(w, p_ms, m, r, ends[random_below(&w->seed, LEN(ends))]);
	} else {
		speak(w, p_ms, m, r);
	}
}

/* 2. The naive side. */

static void notice(struct world *w, size_t i)
{
	const struct happening *e = &w->history[i];

	if (e->t.change == CHANGE_STEP)
		return;
	for (size_t k = 0; k < CLASSES && e->t.change == CHANGE_SUCCESS; k++) {
		struct naive_row *r = &w->rows[e->g][k];
		if (r->exists && !r->idle && r->changed_ms < 0)
			r->changed_ms = e->p_ms;
	}
	if (e->t.change == CHANGE_SUCCESS)
		return;
	struct naive_row *r = &w->rows[e->g][e->k];
	if (!r->exists)
		*r = (struct naive_row){true, true, 0, -1, -1};
	if (r->idle && e->t.change == CHANGE_ENTER) {
		r->idle = false;
		r->begin = i;
	}
	if (r->changed_ms < 0)
		r->changed_ms = e->p_ms;
}

struct live {
	const struct transition *items[MESSAGES * RECIPIENTS];
	size_t n;
};

static bool same_place(const struct transition *a, const struct transition *b)
{
	return str_eq(a->message, b->message) && a->queued_minute == b->queued_minute &&
	       a->expires_minute == b->expires_minute && a->held == b->held && a->overdue == b->overdue &&
	       a->mismatched == b->mismatched && a->basis == b->basis;
}

static bool is_of(const struct happening *e, size_t g, size_t k)
{
	return e->k == k && e->g == g;
}

/* Who waits there before a boundary. */
static void find_live(const struct world *w, size_t g, size_t k, int64_t boundary_ms, struct live *l)
{
	l->n = 0;
	for (size_t i = w->rows[g][k].begin; i < w->n_history && w->history[i].p_ms < boundary_ms; i++) {
		const struct happening *e = &w->history[i];
		size_t at = 0;

		if (!is_of(e, g, k))
			continue;
		if (e->t.change == CHANGE_ENTER)
			l->items[l->n++] = &e->t;
		if (e->t.change != CHANGE_LEAVE)
			continue;
		while (at < l->n && !same_place(l->items[at], &e->t))
			at++;
		assert_true(at < l->n);
		memmove(&l->items[at], &l->items[at + 1], (l->n - at - 1) * sizeof(l->items[0]));
		l->n--;
	}
}

static int64_t naive_success(const struct world *w, size_t g, int64_t boundary_ms)
{
	int64_t last_ms = TIME_NONE, p_ms = -1;

	for (size_t i = 0; i < w->n_history && w->history[i].p_ms < boundary_ms; i++) {
		const struct happening *e = &w->history[i];

		if (e->t.change != CHANGE_SUCCESS || e->g != g)
			continue;
		if (p_ms >= 0 && e->p_ms >= p_ms + w->c.group_keep_ms)
			last_ms = TIME_NONE;
		last_ms = e->t.time_ms > last_ms ? e->t.time_ms : last_ms;
		p_ms = e->p_ms;
	}
	return p_ms >= 0 && boundary_ms >= p_ms + w->c.group_keep_ms ? TIME_NONE : last_ms;
}

/* What the transitions since the row began left behind. */
static void tell_story(const struct world *w, size_t g, size_t k, int64_t boundary_ms, struct row *row)
{
	size_t begin = w->rows[g][k].begin;

	row->since_ms =
	    w->history[begin].t.time_ms != TIME_NONE ? w->history[begin].t.time_ms : w->history[begin].t.at_ms;
	row->attempts = row->permanent_replies = row->entered = row->delivered = row->bounced = row->expired = 0;
	for (size_t i = begin; i < w->n_history && w->history[i].p_ms < boundary_ms; i++) {
		const struct transition *t = &w->history[i].t;
		bool attempt = t->change == CHANGE_RETRY || (t->change == CHANGE_ENTER && t->reason == REASON_DEFERRED);

		if (!is_of(&w->history[i], g, k))
			continue;
		row->entered += t->change == CHANGE_ENTER;
		row->attempts += attempt && !t->suspended;
		row->permanent_replies += attempt && t->permanent_reply;
		if (attempt && !t->suspended && t->time_ms > row->last_failure_ms)
			row->last_failure_ms = t->time_ms;
		if (t->change == CHANGE_LEAVE) {
			row->delivered += t->reason == REASON_DELIVERED;
			row->bounced += t->reason == REASON_BOUNCED;
			row->expired += t->reason == REASON_EXPIRED;
			row->longest_wait_ms =
			    t->waited_ms > row->longest_wait_ms ? t->waited_ms : row->longest_wait_ms;
		}
		if (t->change != CHANGE_ENTER && t->change != CHANGE_RETRY)
			continue;
		row->last_error = t->text;
		row->detail = t->detail;
		row->destination = t->destination;
		row->next_hop = t->next_hop;
		row->next_hop_ip = t->next_hop_ip;
		row->microsoft_code = t->microsoft_code;
		row->connector = t->connector;
		row->provider = t->provider;
		row->owner = t->owner;
		row->side = t->side;
		row->kind = t->kind;
		row->mta = t->mta;
	}
}

/* Messages by when they came in: a sample stays until its message has left the row; one leaving makes room. */
static void name_samples(const struct world *w, size_t g, size_t k, int64_t boundary_ms, struct row *row,
                         struct arena *a)
{
	struct sample *s = arena_alloc(a, 4 * sizeof(*s));
	size_t n = 0;

	for (size_t i = w->rows[g][k].begin; i < w->n_history && w->history[i].p_ms < boundary_ms; i++) {
		const struct transition *t = &w->history[i].t;
		size_t at = 0;

		if (!is_of(&w->history[i], g, k))
			continue;
		while (at < n && !str_eq(s[at].message, t->message))
			at++;
		if (t->change == CHANGE_ENTER && at == n && n < 3)
			s[n++].message = t->message;
		if (t->change == CHANGE_LEAVE && t->messages_delta == -1 && at < n) {
			memmove(&s[at], &s[at + 1], (n - at - 1) * sizeof(*s));
			n--;
		}
	}
	row->samples = (struct record_list){s, n};
}

static int64_t minute_of(const struct transition *t, bool expires)
{
	return expires ? t->expires_minute : t->queued_minute;
}

/* Ascending bars, by looking for the next one among all, again and again. */
static struct record_list naive_bars(const struct live *l, bool expires, int64_t width, struct arena *a)
{
	struct bucket *b = arena_alloc(a, (MESSAGES * RECIPIENTS + 1) * sizeof(*b));
	size_t n = 0;

	for (int64_t after = -1;;) {
		int64_t next = -1, sum = 0;

		for (size_t i = 0; i < l->n; i++) {
			int64_t m = minute_of(l->items[i], expires);
			if (m >= 0 && m / width * width > after && (next < 0 || m / width * width < next))
				next = m / width * width;
		}
		if (next < 0)
			break;
		for (size_t i = 0; i < l->n; i++) {
			int64_t m = minute_of(l->items[i], expires);
			sum += m >= 0 && m / width * width == next;
		}
		b[n++] = (struct bucket){next, sum};
		after = next;
	}
	return (struct record_list){b, n};
}

/* Of the last one that came or went there. */
static int mta_of(const struct world *w, size_t g, size_t k, int64_t boundary_ms, struct str host)
{
	int mta = 0;

	for (size_t i = w->rows[g][k].begin; i < w->n_history && w->history[i].p_ms < boundary_ms; i++) {
		const struct transition *t = &w->history[i].t;
		if (is_of(&w->history[i], g, k) && str_eq(t->host, host) &&
		    (t->change == CHANGE_ENTER || t->change == CHANGE_LEAVE))
			mta = t->mta;
	}
	return mta;
}

static void count_hosts(const struct live *l, struct row *row, struct arena *a)
{
	struct row_source *s = arena_zalloc(a, LEN(hosts) * sizeof(*s));
	size_t n = 0;

	for (int64_t many = MESSAGES * RECIPIENTS; many > 0; many--)
		for (size_t h = 0; h < LEN(hosts); h++) {
			int64_t here = 0;
			for (size_t i = 0; i < l->n; i++)
				here += str_eq(l->items[i]->host, str_from(hosts[h]));
			if (here == many)
				s[n++] = (struct row_source){str_from(hosts[h]), here, 0};
		}
	row->sources = (struct record_list){s, n};
}

static void count_live(const struct live *l, int64_t minute, struct row *row)
{
	row->messages = row->held = row->overdue = row->mismatched = row->null_sender = 0;
	row->expiring_1h = row->expiring_6h = row->expiring_24h = 0;
	row->recipients = (int64_t)l->n;
	row->resolution_min = 1;
	for (size_t i = 0; i < l->n; i++) {
		const struct transition *t = l->items[i];
		size_t before = 0;
		int64_t left = t->expires_minute - minute;

		while (before < i && !str_eq(l->items[before]->message, t->message))
			before++;
		row->messages += before == i;
		row->held += t->held;
		row->overdue += t->overdue;
		row->mismatched += t->mismatched;
		row->null_sender += t->null_sender;
		if (row->expiry_basis == 0 || t->basis < row->expiry_basis)
			row->expiry_basis = t->basis;
		if (row->oldest_ms == TIME_NONE || t->queued_minute * MINUTE < row->oldest_ms)
			row->oldest_ms = t->queued_minute * MINUTE;
		if (t->expires_minute < 0 || left < 0)
			continue;
		row->expiring_1h += left < 60;
		row->expiring_6h += left < 360;
		row->expiring_24h += left < 1440;
		if (row->first_expiry_ms == TIME_NONE || t->expires_minute * MINUTE < row->first_expiry_ms)
			row->first_expiry_ms = t->expires_minute * MINUTE;
	}
}

static void naive_write(struct world *w, size_t g, size_t k, int64_t boundary_ms, struct row *row)
{
	struct live l;

	find_live(w, g, k, boundary_ms, &l);
	record_clear(&row_record, row);
	row->group = str_from(group_names[g]);
	row->class = classes[k];
	row->family = (int)class_family((enum class)classes[k]);
	row->at_ms = boundary_ms;
	row->last_success_ms = naive_success(w, g, boundary_ms);
	tell_story(w, g, k, boundary_ms, row);
	name_samples(w, g, k, boundary_ms, row, &w->scratch);
	count_live(&l, boundary_ms / MINUTE, row);
	count_hosts(&l, row, &w->scratch);
	struct row_source *sources = (struct row_source *)row->sources.items;
	for (size_t i = 0; i < row->sources.n; i++)
		sources[i].mta = mta_of(w, g, k, boundary_ms, sources[i].host);
	row->queued = naive_bars(&l, false, 1, &w->scratch);
	row->expires = naive_bars(&l, true, 1, &w->scratch);
}

/* Would the clock alone make it read otherwise than when it was written? */
static bool clock_matters(const struct world *w, size_t g, size_t k, int64_t boundary_ms)
{
	static const int64_t before[] = {59, 359, 1439, -1};
	int64_t from = w->rows[g][k].written_ms / MINUTE, to = boundary_ms / MINUTE;
	struct live l;

	if (from == to)
		return false;
	find_live(w, g, k, boundary_ms, &l);
	for (size_t i = 0; i < l.n; i++)
		for (size_t b = 0; b < LEN(before); b++) {
			int64_t m = l.items[i]->expires_minute - before[b];
			if (l.items[i]->expires_minute >= 0 && m > from && m <= to)
				return true;
		}
	return false;
}

/* 3. Both. */

static const struct sent *next_sent(struct world *w, size_t g, size_t k, int64_t boundary_ms)
{
	assert_true(w->compared < w->run->n_sent);
	const struct sent *s = &w->run->sent[w->compared++];
	struct str key = arena_fmt(&w->scratch, "%s|%s", group_names[g], class_names[classes[k]]);

	expect_str(s->key, key, "key");
	expect_i64(s->p_ms, boundary_ms, "boundary");
	return s;
}

static void compare_row(struct world *w, size_t g, size_t k, int64_t boundary_ms)
{
	struct naive_row *r = &w->rows[g][k];
	const struct sent *s = next_sent(w, g, k, boundary_ms);
	struct row want, got;
	struct err err;

	naive_write(w, g, k, boundary_ms, &want);
	assert_non_null(s->value.p);
	assert_int_equal(record_decode(ENC_MSGPACK, s->value, &row_record, &w->scratch, &got, &err), 0);
	const char *field = first_difference(&row_record, &got, &want);
	if (field != NULL)
		fail_msg("%s of %s|%s at %lld", field, group_names[g], class_names[classes[k]], (long long)boundary_ms);
	r->changed_ms = -1;
	r->written_ms = boundary_ms;
	r->idle = want.recipients == 0;
}

static void compare_boundary(struct world *w, int64_t boundary_ms)
{
	while (w->seen < w->n_history && w->history[w->seen].p_ms < boundary_ms)
		notice(w, w->seen++);
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t k = 0; k < CLASSES; k++) {
			struct naive_row *r = &w->rows[g][k];

			if (!r->exists)
				continue;
			if (r->changed_ms >= 0 || (!r->idle && clock_matters(w, g, k, boundary_ms))) {
				compare_row(w, g, k, boundary_ms);
			} else if (r->idle && boundary_ms == r->written_ms + w->c.tombstone_after_ms) {
				assert_null(next_sent(w, g, k, boundary_ms)->value.p);
				r->exists = false;
			}
			arena_reset(&w->scratch);
		}
}

/* Bursts of ties, seconds, and hours in which nothing comes. */
static int64_t random_gap(struct world *w)
{
	switch (random_below(&w->seed, 8)) {
	case 0:
	case 1:
		return 0;
	case 2:
	case 3:
	case 4:
		return (int64_t)random_below(&w->seed, 2500);
	case 5:
	case 6:
		return (int64_t)random_below(&w->seed, 20) * 1000;
	default:
		return (int64_t)random_below(&w->seed, random_below(&w->seed, 8) ? 20 * MINUTE : 400 * MINUTE);
	}
}

static struct world *world_new(uint64_t seed)
{
	static const int64_t intervals_ms[] = {1000, 7000, 60000, 90000};
	struct world *w = xcalloc(1, sizeof(*w));

	w->seed = seed;
	w->history = xcalloc(HISTORY_MAX, sizeof(*w->history));
	w->c = (struct queue_config){.row_interval_ms = intervals_ms[seed % LEN(intervals_ms)],
	                             .rows_encoding = ENC_MSGPACK};
	w->c.tombstone_after_ms = 20 * w->c.row_interval_ms;
	w->c.group_keep_ms = (int64_t)3 * 60 * MINUTE + 500;
	w->run = xcalloc(1, sizeof(*w->run));
	run_init(w->run, &queue_stage_ops, queue_stage_new(&w->c));
	return w;
}

static void world_free(struct world *w)
{
	run_release(w->run);
	queue_stage_free(w->run->config);
	free(w->run);
	free(w->history);
	arena_release(&w->arena);
	arena_release(&w->scratch);
	free(w);
}

static void drain(struct world *w, int64_t p_ms)
{
	for (size_t m = 0; m < MESSAGES; m++)
		for (size_t r = 0; r < RECIPIENTS; r++)
			if (w->places[m][r].waits)
				leave(w, p_ms, m, r, REASON_DELIVERED);
}

static size_t live_through(uint64_t seed)
{
	struct world *w = world_new(seed);
	int64_t p_ms = (int64_t)29000000 * MINUTE + (int64_t)random_below(&w->seed, 5000000);
	int64_t first_ms = (p_ms / w->c.row_interval_ms) * w->c.row_interval_ms;

	for (int i = 0; i < 350; i++) {
		p_ms += random_gap(w);
		act(w, p_ms);
	}
	p_ms += 300 * MINUTE;
	drain(w, p_ms);
	int64_t end_ms = p_ms + w->c.group_keep_ms + w->c.tombstone_after_ms + 2 * w->c.row_interval_ms;
	run_until(w->run, end_ms);
	for (int64_t b = first_ms; b <= end_ms; b += w->c.row_interval_ms)
		compare_boundary(w, b);
	assert_int_equal(w->compared, w->run->n_sent);
	assert_int_equal(store_size(w->run->store), 0);
	expect_str(buf_view(&w->run->counts), STR(""), "counts");
	size_t n = w->compared;
	world_free(w);
	return n;
}

static void rows_are_what_the_history_says(void **state)
{
	size_t rows = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		rows += live_through(seed);
	assert_true(rows > SEEDS * 100); /* there was something to compare */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_what_the_history_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
