/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage_support - drives one stage over a store as the runtime does, and records as one line of text, both ways
 *
 * Timers fire before records of equal time. After every step each entry that changed is encoded, decoded and encoded
 * again, which must give the same bytes; and the entry that goes on living is the decoded one, so that nothing can
 * hang on what a state record does not hold.
 */
#ifndef QLAPSE_TESTS_STAGE_SUPPORT_H
#define QLAPSE_TESTS_STAGE_SUPPORT_H

#include "lib/base/arena.h"
#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/stream/store.h"
#include "support.h"

struct sent {
	int topic;
	struct str key, value, rest; /* value.p NULL: a tombstone */
	int64_t p_ms;
};

struct stage_run {
	struct stage_out out; /* first */
	const struct stage_ops *ops;
	void *config;
	struct store *store;
	struct arena arena;
	struct sent *sent;
	size_t n_sent, cap;
	struct buf counts; /* " name" each */
	const char *label;
};

static inline void run_put(struct stage_out *out, const struct out_record *rec)
{
	struct stage_run *r = (struct stage_run *)out;

	if (r->n_sent == r->cap) {
		r->cap = r->cap == 0 ? 64 : 2 * r->cap;
		r->sent = xrealloc(r->sent, r->cap * sizeof(*r->sent));
	}
	assert_int_equal(rec->part_key.n, 0);
	r->sent[r->n_sent++] = (struct sent){
	    rec->topic,
	    arena_dup(&r->arena, rec->key),
	    rec->value.p == NULL ? rec->value : arena_dup(&r->arena, rec->value),
	    arena_dup(&r->arena, rec->rest),
	    rec->p_ms,
	};
}

static inline void run_count(struct stage_out *out, const char *name, int64_t n)
{
	struct stage_run *r = (struct stage_run *)out;

	assert_int_equal(n, 1);
	buf_fmt(&r->counts, " %s", name);
}

static inline void run_init(struct stage_run *r, const struct stage_ops *ops, void *config)
{
	*r = (struct stage_run){.out = {.put = run_put, .count = run_count}, .ops = ops, .config = config, .label = ""};
	r->store = store_new(ops, config, 7);
}

static inline void run_release(struct stage_run *r)
{
	store_free(r->store);
	arena_release(&r->arena);
	buf_release(&r->counts);
	free(r->sent);
}

struct image {
	struct str key, value;
};

struct images {
	struct image *items;
	size_t n;
	struct arena *arena;
};

static inline int take_image(void *arg, struct str key, const void *entry, struct str value)
{
	(void)entry;
	struct images *l = arg;

	l->items = xrealloc(l->items, (l->n + 1) * sizeof(*l->items));
	l->items[l->n++] = (struct image){
	    arena_dup(l->arena, key),
	    value.p == NULL ? value : arena_dup(l->arena, value),
	};
	return 0;
}

/* The end of a batch: what changed goes through its encoding and back. */
static inline void run_commit(struct stage_run *r)
{
	struct arena a = ARENA_INIT;
	struct images l = {NULL, 0, &a};
	struct buf again = BUF_INIT;
	struct err err;

	store_settle(r->store);
	assert_int_equal(store_changes(r->store, take_image, &l), 0);
	store_commit(r->store);
	for (size_t i = 0; i < l.n; i++) {
		if (store_restore(r->store, l.items[i].key, l.items[i].value, &err) < 0)
			fail_msg("%s: %s", r->label, err.msg);
		if (l.items[i].value.p == NULL)
			continue;
		buf_clear(&again);
		r->ops->encode(r->config, l.items[i].key, store_get(r->store, l.items[i].key), &again);
		expect(str_eq(buf_view(&again), l.items[i].value), "encoded, decoded, encoded: other bytes");
	}
	buf_release(&again);
	free(l.items);
	arena_release(&a);
}

/* The clock passes to_ms: all that is due at or before it. */
static inline void run_until(struct stage_run *r, int64_t to_ms)
{
	struct err err;

	while (store_next_due(r->store) <= to_ms) {
		assert_int_equal(store_fire(r->store, &r->out, &err), 0);
		run_commit(r);
	}
}

static inline void run_apply(struct stage_run *r, int64_t p_ms, struct str key, struct str value)
{
	const struct stage_record rec = {.p_ms = p_ms, .key = key, .value = value};
	struct err err;

	run_until(r, p_ms);
	assert_int_equal(r->ops->apply(r->config, r->store, &rec, &r->out, &err), 0);
	run_commit(r);
}

/* "field=value …" into a record that has been cleared or filled; times and spans as durations, no list. */
static inline void read_field_of(const struct record_type *type, struct str name, struct str value, void *rec)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *f = &type->fields[i];
		void *at = (char *)rec + f->at;

		if (!str_eq(str_from(f->name), name))
			continue;
		if (f->kind == FIELD_STR)
			*(struct str *)at = value;
		else if (f->kind == FIELD_BOOL)
			*(bool *)at = str_eq(value, STR("1"));
		else if (f->kind == FIELD_ENUM)
			*(int *)at = names_find(f->names, value);
		else if (str_eq(value, STR("-")))
			*(int64_t *)at = -1;
		else if (!str_i64(value, at) && !duration_parse(value, at))
			fail_msg("%.*s=%.*s", STR_FMT(name), STR_FMT(value));
		return;
	}
	fail_msg("%s has no field %.*s", type->name, STR_FMT(name));
}

/* The next word of *s, up to a space. */
static inline struct str eat_word(struct str *s)
{
	struct str word;

	*s = str_trim(*s);
	if (!str_cut(s, ' ', &word)) {
		word = *s;
		*s = STR_NONE;
	}
	return word;
}

static inline void read_fields(const struct record_type *type, struct str words, void *rec)
{
	while (words.n > 0) {
		struct str value = eat_word(&words), name;

		if (!str_cut(&value, '=', &name))
			fail_msg("no field: %.*s", STR_FMT(value));
		read_field_of(type, name, value, rec);
	}
}

static inline void show_items(struct buf *out, const struct field *f, const struct record_list *l);

static inline void show_value(struct buf *out, const struct field *f, const void *at)
{
	int64_t n = f->kind == FIELD_I64 || f->kind == FIELD_TIME ? *(const int64_t *)at : 0;

	if (f->kind == FIELD_STR)
		buf_str(out, *(const struct str *)at);
	else if (f->kind == FIELD_BOOL)
		buf_fmt(out, "%d", *(const bool *)at);
	else if (f->kind == FIELD_ENUM)
		buf_fmt(out, "%s", *(const int *)at == 0 ? "-" : f->names[*(const int *)at]);
	else if (f->kind == FIELD_LIST)
		show_items(out, f, at);
	else if (n >= 0 && (f->kind == FIELD_TIME || str_ends(str_from(f->name), STR("_ms"))))
		duration_format(n, out);
	else if (n >= 0)
		buf_fmt(out, "%lld", (long long)n);
	else
		buf_chr(out, '-');
}

/* "a:1,b:2": items by comma, their fields by colon */
static inline void show_items(struct buf *out, const struct field *f, const struct record_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < f->item->n_fields; k++) {
			const struct field *part = &f->item->fields[k];

			if (i + k > 0)
				buf_chr(out, k == 0 ? ',' : ':');
			show_value(out, part, (const char *)l->items + i * f->item->size + part->at);
		}
}

/* " name=value" for each of the names */
static inline void show_fields(struct buf *out, const struct record_type *type, const void *rec, struct str names)
{
	while (names.n > 0) {
		struct str name = eat_word(&names);
		size_t i = 0;

		while (i < type->n_fields && !str_eq(str_from(type->fields[i].name), name))
			i++;
		if (i == type->n_fields)
			fail_msg("%s has no field %.*s", type->name, STR_FMT(name));
		buf_fmt(out, " %.*s=", STR_FMT(name));
		show_value(out, &type->fields[i], (const char *)rec + type->fields[i].at);
	}
}

/* The first field in which two records differ; NULL: none. */
static inline const char *first_difference(const struct record_type *type, const void *a, const void *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	const char *name = NULL;

	for (size_t i = 0; i < type->n_fields && name == NULL; i++) {
		buf_clear(&x);
		buf_clear(&y);
		show_value(&x, &type->fields[i], (const char *)a + type->fields[i].at);
		show_value(&y, &type->fields[i], (const char *)b + type->fields[i].at);
		if (!str_eq(buf_view(&x), buf_view(&y))) {
			fprintf(stderr, "%s: %s or %s\n", type->fields[i].name, buf_z(&x), buf_z(&y));
			name = type->fields[i].name;
		}
	}
	buf_release(&x);
	buf_release(&y);
	return name;
}

static inline int64_t read_span(struct str word)
{
	int64_t ms;

	if (!str_i64(word, &ms) && !duration_parse(word, &ms))
		fail_msg("no span: %.*s", STR_FMT(word));
	return ms;
}

#endif
