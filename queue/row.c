/* SPDX-License-Identifier: Apache-2.0 */
/* row - see row.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "lib/base/timefmt.h"
#include "queue/row.h"

#define MINUTE_MS ((int64_t)60000)

enum { BARS_MAX = 360 };

static struct histogram histogram_of(const struct row_view *v, char which)
{
	return (struct histogram){v->store, v->name, which, which == 'q' ? &v->r->queued : &v->r->expires, v->key};
}

static int64_t next_boundary(const struct queue_config *c, int64_t p_ms)
{
	return (p_ms / c->row_interval_ms + 1) * c->row_interval_ms;
}

void row_touch(const struct row_view *v, int64_t p_ms)
{
	int64_t at_ms = next_boundary(v->c, p_ms);

	if (!v->r->changed || at_ms < v->r->due_ms)
		v->r->due_ms = at_ms;
	v->r->changed = true;
}

/* The first enter after the row was empty: everything begins anew. */
static void begin(struct row_entry *r, const struct transition *t)
{
	r->idle = false;
	r->since_ms = t->time_ms != TIME_NONE ? t->time_ms : t->at_ms;
	r->attempts = r->permanent_replies = r->entered = r->delivered = r->bounced = r->expired = 0;
	r->longest_wait_ms = -1;
	r->last_failure_ms = TIME_NONE;
#define X(m) own_drop(&r->m);
	ROW_TEXTS(X)
#undef X
	r->mta = r->owner = r->side = r->kind = 0;
	for (size_t i = 0; i < r->n_samples; i++)
		own_drop(&r->samples[i]);
	r->n_samples = 0;
}

/* Where the host stands, or would. */
static size_t find_source(const struct row_entry *r, struct str host)
{
	size_t low = 0, high = r->n_sources;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (str_cmp(r->sources[mid].host, host) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void add_source(struct row_entry *r, struct str host, int mta, int64_t delta)
{
	size_t i = find_source(r, host);

	if (i == r->n_sources || !str_eq(r->sources[i].host, host)) {
		r->sources = xrealloc(r->sources, (r->n_sources + 1) * sizeof(*r->sources));
		memmove(&r->sources[i + 1], &r->sources[i], (r->n_sources - i) * sizeof(*r->sources));
		r->sources[i] = (struct source){STR_NONE, 0, 0};
		own_set(&r->sources[i].host, host);
		r->n_sources++;
	}
	r->sources[i].mta = mta;
	r->sources[i].recipients += delta;
	if (r->sources[i].recipients != 0)
		return;
	own_drop(&r->sources[i].host);
	memmove(&r->sources[i], &r->sources[i + 1], (r->n_sources - i - 1) * sizeof(*r->sources));
	r->n_sources--;
}

static size_t find_sample(const struct row_entry *r, struct str message)
{
	size_t i = 0;
	while (i < r->n_samples && !str_eq(r->samples[i], message))
		i++;
	return i;
}

static void move_counts(const struct row_view *v, const struct transition *t)
{
	struct row_entry *r = v->r;
	int64_t d = t->recipients_delta;
	struct histogram queued = histogram_of(v, 'q'), expires = histogram_of(v, 'x');

	r->recipients += d;
	r->messages += t->messages_delta;
	r->held += t->held ? d : 0;
	r->overdue += t->overdue ? d : 0;
	r->mismatched += t->mismatched ? d : 0;
	r->null_sender += t->null_sender ? d : 0;
	CHECK(t->basis >= 0 && t->basis < BASES);
	r->by_basis[t->basis] += d;
	add_source(r, t->host, t->mta, d);
	if (t->queued_minute >= 0)
		histogram_add(&queued, t->queued_minute, d);
	if (t->expires_minute >= 0)
		histogram_add(&expires, t->expires_minute, d);
}

static void take_leave(struct row_entry *r, const struct transition *t)
{
	r->delivered += t->reason == REASON_DELIVERED;
	r->bounced += t->reason == REASON_BOUNCED;
	r->expired += t->reason == REASON_EXPIRED;
	if (t->waited_ms > r->longest_wait_ms)
		r->longest_wait_ms = t->waited_ms;
	size_t i = find_sample(r, t->message);
	if (t->messages_delta != -1 || i == r->n_samples)
		return;
	own_drop(&r->samples[i]);
	memmove(&r->samples[i], &r->samples[i + 1], (r->n_samples - i - 1) * sizeof(*r->samples));
	r->n_samples--;
}

static void take_enter(struct row_entry *r, const struct transition *t)
{
	r->entered++;
	if (r->n_samples == SAMPLES_MAX || find_sample(r, t->message) < r->n_samples)
		return;
	r->samples[r->n_samples] = STR_NONE;
	own_set(&r->samples[r->n_samples++], t->message);
}

/* What an enter or a retry says of the cause, absent things too. */
static void take_cause(struct row_entry *r, const struct transition *t)
{
	if (t->change == CHANGE_RETRY || t->reason == REASON_DEFERRED) {
		r->permanent_replies += t->permanent_reply;
		r->attempts += !t->suspended;
		if (!t->suspended && t->time_ms > r->last_failure_ms)
			r->last_failure_ms = t->time_ms;
	}
	own_set(&r->last_error, t->text);
#define X(m) own_set(&r->m, t->m);
	ROW_TEXTS_AS_TOLD(X)
#undef X
#define X(m) r->m = t->m;
	ROW_ENUMS(X)
#undef X
}

void row_apply(const struct row_view *v, const struct transition *t, int64_t p_ms)
{
	struct row_entry *r = v->r;

	if (t->change == CHANGE_ENTER && r->idle)
		begin(r, t);
	if (t->change != CHANGE_RETRY)
		move_counts(v, t);
	if (t->change == CHANGE_ENTER)
		take_enter(r, t);
	if (t->change == CHANGE_LEAVE)
		take_leave(r, t);
	else
		take_cause(r, t);
	row_touch(v, p_ms);
}

static int by_recipients(const void *a, const void *b)
{
	const struct row_source *x = a, *y = b;
	if (x->recipients != y->recipients)
		return x->recipients > y->recipients ? -1 : 1;
	return str_cmp(x->host, y->host);
}

static void list_sources(const struct row_entry *r, struct row *ret, struct arena *a)
{
	struct row_source *items = arena_alloc(a, (r->n_sources + 1) * sizeof(*items));
	struct sample *samples = arena_alloc(a, (r->n_samples + 1) * sizeof(*samples));

	for (size_t i = 0; i < r->n_sources; i++)
		items[i] = (struct row_source){r->sources[i].host, r->sources[i].recipients, r->sources[i].mta};
	qsort(items, r->n_sources, sizeof(*items), by_recipients);
	ret->sources = (struct record_list){items, r->n_sources < ROW_SOURCES_MAX ? r->n_sources : ROW_SOURCES_MAX};
	for (size_t i = 0; i < r->n_samples; i++)
		samples[i].message = r->samples[i];
	ret->samples = (struct record_list){samples, r->n_samples};
}

static void list_times(const struct row_view *v, int64_t minute, struct row *ret, struct arena *a)
{
	struct histogram queued = histogram_of(v, 'q'), expires = histogram_of(v, 'x');
	bool coarse = v->r->queued.minutes > BARS_MAX || v->r->expires.minutes > BARS_MAX;
	int64_t oldest = histogram_first(&queued, 0), first = histogram_first(&expires, minute);

	ret->oldest_ms = oldest < 0 ? TIME_NONE : oldest * MINUTE_MS;
	ret->first_expiry_ms = first < 0 ? TIME_NONE : first * MINUTE_MS;
	ret->expiring_1h = histogram_sum(&expires, minute, minute + 60);
	ret->expiring_6h = histogram_sum(&expires, minute, minute + 360);
	ret->expiring_24h = histogram_sum(&expires, minute, minute + 1440);
	ret->resolution_min = coarse ? 60 : 1;
	ret->queued = histogram_list(&queued, ret->resolution_min, a);
	ret->expires = histogram_list(&expires, ret->resolution_min, a);
}

void row_write(const struct row_view *v, int64_t boundary_ms, struct row *ret, struct arena *a)
{
	const struct row_entry *r = v->r;

	record_clear(&row_record, ret);
	ret->at_ms = boundary_ms;
#define X(m) ret->m = r->m;
	ROW_NUMBERS(X)
	ROW_TEXTS(X)
	ROW_ENUMS(X)
#undef X
	for (int b = BASES - 1; b > 0; b--)
		if (r->by_basis[b] > 0)
			ret->expiry_basis = b;
	list_times(v, boundary_ms / MINUTE_MS, ret, a);
	list_sources(r, ret, a);
}

/* The first minute after the boundary's at which the row would read otherwise; -1: never. */
static int64_t next_difference(const struct row_view *v, int64_t minute)
{
	static const int64_t ahead[] = {59, 359, 1439, -1};
	struct histogram expires = histogram_of(v, 'x');
	int64_t least = -1;

	for (size_t i = 0; i < sizeof(ahead) / sizeof(*ahead); i++) {
		int64_t m = histogram_first(&expires, minute + ahead[i] + 1);
		if (m >= 0 && (least < 0 || m - ahead[i] < least))
			least = m - ahead[i];
	}
	return least;
}

void row_written(const struct row_view *v, int64_t boundary_ms)
{
	struct row_entry *r = v->r;
	int64_t interval_ms = v->c->row_interval_ms;

	r->changed = false;
	r->idle = r->recipients == 0;
	if (r->idle) {
		r->due_ms = boundary_ms + v->c->tombstone_after_ms;
		return;
	}
	int64_t minute = next_difference(v, boundary_ms / MINUTE_MS);
	r->due_ms = minute < 0 ? TIME_NEVER : (minute * MINUTE_MS + interval_ms - 1) / interval_ms * interval_ms;
}
