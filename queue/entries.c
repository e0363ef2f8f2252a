/* SPDX-License-Identifier: Apache-2.0 */
/* entries - see entries.h */
#include <stddef.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "lib/base/timefmt.h"
#include "queue/entries.h"

enum { A = FIELD_ALWAYS, O = FIELD_OPTIONAL };

#include "lib/mail/fields_struct.h"
struct row_state {
#include "queue/row_state.def"
};
#include "lib/mail/fields_table.h"
#define RECORD struct row_state
static const struct field row_state_fields[] = {
#include "queue/row_state.def"
};
#undef RECORD
static const struct record_type row_state_record = {"row_state", sizeof(struct row_state), row_state_fields,
                                                    sizeof(row_state_fields) / sizeof(*row_state_fields)};

struct queue_codec {
	struct writer *writer;
	struct arena arena;
};

struct group_entry *group_entry_new(void)
{
	struct group_entry *g = xcalloc(1, sizeof(*g));
	g->type = 'g';
	g->last_success_ms = g->success_p_ms = TIME_NONE;
	return g;
}

struct row_entry *row_entry_new(void)
{
	struct row_entry *r = xcalloc(1, sizeof(*r));

	r->type = 'r';
	r->idle = true;
	r->due_ms = TIME_NEVER;
	r->since_ms = r->last_failure_ms = TIME_NONE;
	r->longest_wait_ms = -1;
	return r;
}

struct hour_entry *hour_entry_new(char type)
{
	struct hour_entry *h = xcalloc(1, sizeof(*h));
	h->type = type;
	return h;
}

static void free_row(struct row_entry *r)
{
#define X(m) own_drop(&r->m);
	ROW_TEXTS(X)
#undef X
	for (size_t i = 0; i < r->n_sources; i++)
		own_drop(&r->sources[i].host);
	for (size_t i = 0; i < r->n_samples; i++)
		own_drop(&r->samples[i]);
	free(r->sources);
	free(r->queued.hour);
	free(r->queued.sum);
	free(r->expires.hour);
	free(r->expires.sum);
}

void queue_entry_free(void *entry)
{
	if (*(char *)entry == 'r')
		free_row(entry);
	free(entry);
}

struct queue_codec *queue_codec_new(void)
{
	struct queue_codec *c = xcalloc(1, sizeof(*c));
	c->writer = writer_new(ENC_MSGPACK);
	return c;
}

void queue_codec_free(struct queue_codec *c)
{
	if (c == NULL)
		return;
	writer_free(c->writer);
	arena_release(&c->arena);
	free(c);
}

static struct record_list save_hours(const struct hours *h, struct arena *a)
{
	struct bucket *items = arena_alloc(a, (h->n + 1) * sizeof(*items));

	for (size_t i = 0; i < h->n; i++)
		items[i] = (struct bucket){h->hour[i], h->sum[i]};
	return (struct record_list){items, h->n};
}

static void load_hours(struct record_list l, int64_t minutes, struct hours *ret)
{
	const struct bucket *items = l.items;

	*ret = (struct hours){xcalloc(l.n + 1, sizeof(int64_t)), xcalloc(l.n + 1, sizeof(int64_t)), l.n, minutes};
	for (size_t i = 0; i < l.n; i++) {
		ret->hour[i] = items[i].minute;
		ret->sum[i] = items[i].recipients;
	}
}

static void save_row(const struct row_entry *r, struct row_state *s, struct arena *a)
{
	struct row_source *sources = arena_alloc(a, (r->n_sources + 1) * sizeof(*sources));
	struct sample *samples = arena_alloc(a, (r->n_samples + 1) * sizeof(*samples));

	s->idle = r->idle;
	s->changed = r->changed;
#define X(m) s->m = r->m;
	ROW_NUMBERS(X)
	ROW_TEXTS(X)
	ROW_ENUMS(X)
#undef X
	s->due_ms = r->due_ms == TIME_NEVER ? -1 : r->due_ms;
	s->basis1 = r->by_basis[1];
	s->basis2 = r->by_basis[2];
	s->basis3 = r->by_basis[3];
	s->basis4 = r->by_basis[4];
	s->queued = save_hours(&r->queued, a);
	s->expires = save_hours(&r->expires, a);
	s->queued_minutes = r->queued.minutes;
	s->expires_minutes = r->expires.minutes;
	for (size_t i = 0; i < r->n_sources; i++)
		sources[i] = (struct row_source){r->sources[i].host, r->sources[i].recipients, r->sources[i].mta};
	for (size_t i = 0; i < r->n_samples; i++)
		samples[i].message = r->samples[i];
	s->sources = (struct record_list){sources, r->n_sources};
	s->samples = (struct record_list){samples, r->n_samples};
}

static void *load_row(const struct row_state *s)
{
	struct row_entry *r = row_entry_new();
	const struct row_source *sources = s->sources.items;
	const struct sample *samples = s->samples.items;

	r->idle = s->idle;
	r->changed = s->changed;
#define X(m) r->m = s->m;
	ROW_NUMBERS(X)
	ROW_ENUMS(X)
#undef X
#define X(m) own_set(&r->m, s->m);
	ROW_TEXTS(X)
#undef X
	r->due_ms = s->due_ms < 0 ? TIME_NEVER : s->due_ms;
	r->by_basis[1] = s->basis1;
	r->by_basis[2] = s->basis2;
	r->by_basis[3] = s->basis3;
	r->by_basis[4] = s->basis4;
	load_hours(s->queued, s->queued_minutes, &r->queued);
	load_hours(s->expires, s->expires_minutes, &r->expires);
	r->n_sources = s->sources.n;
	r->sources = xcalloc(r->n_sources + 1, sizeof(*r->sources));
	for (size_t i = 0; i < r->n_sources; i++) {
		r->sources[i].host = STR_NONE;
		own_set(&r->sources[i].host, sources[i].host);
		r->sources[i].recipients = sources[i].recipients;
		r->sources[i].mta = sources[i].mta;
	}
	r->n_samples = s->samples.n < SAMPLES_MAX ? s->samples.n : SAMPLES_MAX;
	for (size_t i = 0; i < r->n_samples; i++)
		own_set(&r->samples[i], samples[i].message);
	return r;
}

static void save_hour(const struct hour_entry *h, struct row_state *s, struct arena *a)
{
	struct bucket *items = arena_alloc(a, 60 * sizeof(*items));
	size_t n = 0;

	for (int i = 0; i < 60; i++)
		if (h->counts[i] != 0)
			items[n++] = (struct bucket){i, h->counts[i]};
	s->counts = (struct record_list){items, n};
}

static void *load_hour(char type, const struct row_state *s)
{
	struct hour_entry *h = hour_entry_new(type);
	const struct bucket *items = s->counts.items;

	for (size_t i = 0; i < s->counts.n; i++)
		if (items[i].minute >= 0 && items[i].minute < 60)
			h->counts[items[i].minute] = items[i].recipients;
	return h;
}

static void *load_group(const struct row_state *s)
{
	struct group_entry *g = group_entry_new();

	g->last_success_ms = s->last_success_ms;
	g->success_p_ms = s->success_p_ms;
	g->active = (uint64_t)s->active;
	return g;
}

void queue_entry_encode(struct queue_codec *c, const void *entry, struct buf *out)
{
	const struct group_entry *g = entry;
	struct row_state s = {0};
	struct err err;

	record_clear(&row_state_record, &s);
	s.version = QUEUE_STATE_VERSION;
	if (g->type == 'g') {
		s.last_success_ms = g->last_success_ms;
		s.success_p_ms = g->success_p_ms;
		s.active = (int64_t)g->active;
	} else if (g->type == 'r') {
		save_row(entry, &s, &c->arena);
	} else {
		save_hour(entry, &s, &c->arena);
	}
	CHECK(record_encode(c->writer, &row_state_record, &s, out, &err) == 0);
	arena_reset(&c->arena);
}

/* The version comes first: what a newer one means by its fields is not for us to judge. */
static int read_state(struct queue_codec *c, struct str value, struct row_state *s, struct err *err)
{
	const struct val *v;

	if (val_from_msgpack(value, &c->arena, &v, err) < 0)
		return err_set(err, ERR_FATAL, "queue state cannot be read");
	int64_t version = val_i64(val_get(v, "version"), 0);
	if (version > QUEUE_STATE_VERSION)
		return err_set(err, ERR_CONFIG, "queue state of version %lld was written by a newer qlapse (ours: %d)",
		               (long long)version, QUEUE_STATE_VERSION);
	if (version < 1 || record_read(v, &row_state_record, &c->arena, s, err) < 0)
		return err_set(err, ERR_FATAL, "queue state cannot be read");
	return 0;
}

void *queue_entry_decode(struct queue_codec *c, struct str key, struct str value, struct err *err)
{
	void *entry = NULL;
	struct row_state s = {0};

	if (read_state(c, value, &s, err) == 0) {
		char type = key.n == 0 ? '\0' : key.p[0];

		if (type == 'g')
			entry = load_group(&s);
		else if (type == 'r')
			entry = load_row(&s);
		else if (type == 'q' || type == 'x')
			entry = load_hour(type, &s);
		else
			err_set(err, ERR_FATAL, "queue state has a key of no known type");
	}
	arena_reset(&c->arena);
	return entry;
}
