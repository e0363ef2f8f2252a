/* SPDX-License-Identifier: Apache-2.0 */
/* queue_stage - see queue_stage.h */
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/mail/topics.h"
#include "queue/queue_stage.h"
#include "queue/row.h"

_Static_assert(CLASS_N <= 64, "a group's classes are bits of a word");

struct queue_stage {
	struct queue_config c;
	struct queue_codec *codec;
	struct writer *writer;
	struct arena arena;
	struct buf key, hour_key, value, rest;
};

void queue_config_default(struct queue_config *c)
{
	*c = (struct queue_config){
	    .row_interval_ms = 1000,
	    .tombstone_after_ms = 3600 * 1000,
	    .group_keep_ms = (int64_t)7 * 24 * 3600 * 1000,
	    .rows_encoding = ENC_JSON,
	};
}

struct queue_stage *queue_stage_new(const struct queue_config *c)
{
	struct queue_stage *s = xcalloc(1, sizeof(*s));

	s->c = *c;
	s->codec = queue_codec_new();
	s->writer = writer_new(c->rows_encoding);
	return s;
}

void queue_stage_free(struct queue_stage *s)
{
	if (s == NULL)
		return;
	queue_codec_free(s->codec);
	writer_free(s->writer);
	arena_release(&s->arena);
	buf_release(&s->key);
	buf_release(&s->hour_key);
	buf_release(&s->value);
	buf_release(&s->rest);
	free(s);
}

/* "rGROUP|CLASS" */
static struct str row_key(struct queue_stage *s, struct str group, int class)
{
	buf_clear(&s->key);
	buf_fmt(&s->key, "r%.*s|%s", STR_FMT(group), class_names[class]);
	return buf_view(&s->key);
}

static struct str group_key(struct queue_stage *s, struct str group)
{
	buf_clear(&s->key);
	buf_fmt(&s->key, "g%.*s", STR_FMT(group));
	return buf_view(&s->key);
}

static struct row_view view_of(struct queue_stage *s, struct store *store, struct str key, struct row_entry *r)
{
	return (struct row_view){&s->c, store, str_skip(key, 1), r, &s->hour_key};
}

static struct group_entry *edit_group(struct queue_stage *s, struct store *store, struct str group)
{
	struct str key = group_key(s, group);
	struct group_entry *g = store_edit(store, key);

	if (g == NULL) {
		g = group_entry_new();
		store_add(store, key, g);
	}
	return g;
}

static void success(struct queue_stage *s, struct store *store, const struct transition *t, int64_t p_ms)
{
	struct group_entry *g = edit_group(s, store, t->group);

	if (t->time_ms > g->last_success_ms)
		g->last_success_ms = t->time_ms;
	g->success_p_ms = p_ms;
	for (int c = 0; c < CLASS_N; c++) {
		if (!(g->active & ((uint64_t)1 << c)))
			continue;
		struct str key = row_key(s, t->group, c);
		struct row_view v = view_of(s, store, key, store_edit(store, key));
		CHECK(v.r != NULL);
		row_touch(&v, p_ms);
	}
}

static void take(struct queue_stage *s, struct store *store, const struct transition *t, int64_t p_ms,
                 struct stage_out *out)
{
	struct str key = row_key(s, t->group, t->class);
	struct row_entry *r = store_edit(store, key);

	if (r == NULL && t->change != CHANGE_ENTER) {
		out->count(out, "queue.no_row", 1);
		return;
	}
	if (r == NULL) {
		r = row_entry_new();
		store_add(store, key, r);
	}
	struct row_view v = view_of(s, store, key, r);
	bool was_idle = r->idle;
	row_apply(&v, t, p_ms);
	if (was_idle && !r->idle)
		edit_group(s, store, t->group)->active |= (uint64_t)1 << t->class;
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	struct queue_stage *s = config;
	struct transition t;

	if (record_decode(encoding_of(rec->value), rec->value, &transition_record, &s->arena, &t, err) < 0)
		out->count(out, "queue.bad_record", 1);
	else if (t.change == CHANGE_SUCCESS)
		success(s, store, &t, rec->p_ms);
	else if (t.change == CHANGE_ENTER || t.change == CHANGE_LEAVE || t.change == CHANGE_RETRY)
		take(s, store, &t, rec->p_ms, out);
	arena_reset(&s->arena);
	return 0;
}

static void put_row(struct queue_stage *s, struct str name, int64_t at_ms, struct str value, struct stage_out *out)
{
	ssize_t bar = str_rchr(name, '|');

	buf_clear(&s->rest);
	buf_str(&s->rest, str_head(name, (size_t)bar));
	buf_chr(&s->rest, '\0');
	buf_str(&s->rest, str_skip(name, (size_t)bar + 1));
	const struct out_record o = {
	    .topic = TOPIC_QUEUES, .key = name, .value = value, .p_ms = at_ms, .rest = buf_view(&s->rest)};
	out->put(out, &o);
}

/* The class has emptied; a group of which nothing is known is not kept. */
static void leave_group(struct queue_stage *s, struct store *store, struct str group, int class)
{
	struct group_entry *g = edit_group(s, store, group);

	g->active &= ~((uint64_t)1 << class);
	if (g->active == 0 && g->success_p_ms == TIME_NONE)
		store_remove(store, group_key(s, group));
}

static int write_row(struct queue_stage *s, struct store *store, struct str key, int64_t at_ms, struct stage_out *out,
                     struct err *err)
{
	struct row_view v = view_of(s, store, key, store_edit(store, key));
	ssize_t bar = str_rchr(v.name, '|');
	struct str group = str_head(v.name, (size_t)bar);
	const struct group_entry *g = store_get(store, group_key(s, group));
	struct row row;

	row_write(&v, at_ms, &row, &s->arena);
	row.group = group;
	row.class = names_find(class_names, str_skip(v.name, (size_t)bar + 1));
	row.family = (int)class_family((enum class)row.class);
	row.last_success_ms = g == NULL ? TIME_NONE : g->last_success_ms;
	buf_clear(&s->value);
	int result = record_encode(s->writer, &row_record, &row, &s->value, err);
	if (result == 0) {
		put_row(s, v.name, at_ms, buf_view(&s->value), out);
		row_written(&v, at_ms);
		if (v.r->idle)
			leave_group(s, store, group, row.class);
	}
	arena_reset(&s->arena);
	return result;
}

static void forget_success(struct store *store, struct str key)
{
	struct group_entry *g = store_edit(store, key);

	g->last_success_ms = g->success_p_ms = TIME_NONE;
	if (g->active == 0)
		store_remove(store, key);
}

static int fire(void *config, struct store *store, struct str key, int64_t at_ms, struct stage_out *out,
                struct err *err)
{
	struct queue_stage *s = config;
	const struct row_entry *r;

	if (key.p[0] == 'g') {
		forget_success(store, key);
		return 0;
	}
	r = store_get(store, key);
	if (!r->idle || r->changed)
		return write_row(s, store, key, at_ms, out, err);
	put_row(s, str_skip(key, 1), at_ms, (struct str){NULL, 0}, out);
	store_remove(store, key);
	return 0;
}

static void encode(void *config, struct str key, const void *entry, struct buf *out)
{
	struct queue_stage *s = config;

	(void)key;
	queue_entry_encode(s->codec, entry, out);
}

static void *decode(void *config, struct str key, struct str value, struct err *err)
{
	struct queue_stage *s = config;
	return queue_entry_decode(s->codec, key, value, err);
}

static int64_t due(void *config, const void *entry)
{
	const struct queue_stage *s = config;
	const struct group_entry *g = entry;

	if (g->type == 'r')
		return ((const struct row_entry *)entry)->due_ms;
	if (g->type == 'g' && g->success_p_ms != TIME_NONE)
		return g->success_p_ms + s->c.group_keep_ms;
	return TIME_NEVER;
}

const struct stage_ops queue_stage_ops = {
    .name = "queue",
    .apply = apply,
    .fire = fire,
    .encode = encode,
    .decode = decode,
    .destroy = queue_entry_free,
    .due = due,
};
