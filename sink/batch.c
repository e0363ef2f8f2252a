/* SPDX-License-Identifier: Apache-2.0 */
/* batch - see batch.h */
#include "sink/batch.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/stream/order.h"

#define DAY_MS INT64_C(86400000)

enum { KEY_MAX = 1024, REASON_MAX = 300, REJECTED_MAX = 1 << 20 }; /* bytes of a rejected record that are kept */

struct rows {
	struct pg_array keys, partitions, offsets, times, docs;
	struct buf sql;
	int64_t *days; /* of the rows, each once */
	size_t n_days, cap_days;
};

struct rejects {
	struct pg_array topics, partitions, offsets, reasons, bytes;
};

struct batch {
	const struct log_topic *topics;
	struct rows tables[SINK_TABLES];
	struct rejects rejects;
	struct batch_counts counts;
	struct writer *w;
	struct arena arena;
	struct buf text;
};

static void rows_each(struct rows *r, void (*f)(struct pg_array *a))
{
	f(&r->keys);
	f(&r->partitions);
	f(&r->offsets);
	f(&r->times);
	f(&r->docs);
}

static void rejects_each(struct rejects *r, void (*f)(struct pg_array *a))
{
	f(&r->topics);
	f(&r->partitions);
	f(&r->offsets);
	f(&r->reasons);
	f(&r->bytes);
}

struct batch *batch_new(const struct log_topic *names)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->topics = names;
	b->w = writer_new(ENC_JSON);
	for (size_t i = 0; i < SINK_TABLES; i++) {
		struct rows *r = &b->tables[i];

		pg_array_init(&r->keys, PG_TEXT);
		pg_array_init(&r->partitions, PG_INT4);
		pg_array_init(&r->offsets, PG_INT8);
		pg_array_init(&r->times, PG_TIME);
		pg_array_init(&r->docs, PG_JSONB);
		sink_table_sql(&sink_tables[i], &r->sql);
	}
	pg_array_init(&b->rejects.topics, PG_TEXT);
	pg_array_init(&b->rejects.partitions, PG_INT4);
	pg_array_init(&b->rejects.offsets, PG_INT8);
	pg_array_init(&b->rejects.reasons, PG_TEXT);
	pg_array_init(&b->rejects.bytes, PG_BYTEA);
	return b;
}

void batch_free(struct batch *b)
{
	for (size_t i = 0; i < SINK_TABLES; i++) {
		rows_each(&b->tables[i], pg_array_release);
		buf_release(&b->tables[i].sql);
		free(b->tables[i].days);
	}
	rejects_each(&b->rejects, pg_array_release);
	writer_free(b->w);
	arena_release(&b->arena);
	buf_release(&b->text);
	free(b);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < SINK_TABLES; i++) {
		rows_each(&b->tables[i], pg_array_clear);
		b->tables[i].n_days = 0;
	}
	rejects_each(&b->rejects, pg_array_clear);
	b->counts = (struct batch_counts){0};
}

size_t batch_rows(const struct batch *b)
{
	size_t n = b->rejects.offsets.n;

	for (size_t i = 0; i < SINK_TABLES; i++)
		n += b->tables[i].offsets.n;
	return n;
}

size_t batch_bytes(const struct batch *b)
{
	size_t n = b->rejects.bytes.bytes.n;

	for (size_t i = 0; i < SINK_TABLES; i++)
		n += b->tables[i].docs.bytes.n + b->tables[i].keys.bytes.n;
	return n;
}

const struct batch_counts *batch_counts(const struct batch *b)
{
	return &b->counts;
}

bool batch_next_day(const struct batch *b, size_t table, size_t *at, int64_t *ret_day)
{
	const struct rows *r = &b->tables[table];

	if (*at == r->n_days)
		return false;
	*ret_day = r->days[(*at)++];
	return true;
}

void batch_reject(struct batch *b, const struct log_record *rec, struct str reason)
{
	struct buf text = BUF_INIT;

	text_clean(&text, reason, REASON_MAX);
	pg_array_bytes(&b->rejects.topics, str_from(b->topics[rec->topic].name));
	pg_array_int(&b->rejects.partitions, rec->partition);
	pg_array_int(&b->rejects.offsets, rec->offset);
	pg_array_bytes(&b->rejects.reasons, buf_view(&text));
	if (rec->value.p)
		pg_array_bytes(&b->rejects.bytes, str_head(rec->value, REJECTED_MAX));
	else
		pg_array_null(&b->rejects.bytes);
	buf_release(&text);
	b->counts.rejected++;
}

/* Text and keys of a document without U+0000. */
static void repair_text(struct batch *b, struct str *s)
{
	struct buf text = BUF_INIT;

	if (str_chr(*s, '\0') < 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i])
			buf_chr(&text, s->p[i]);
		else
			buf_str(&text, STR("\xef\xbf\xbd"));
	}
	*s = arena_dup(&b->arena, buf_view(&text));
	buf_release(&text);
	b->counts.repaired++;
}

/* The tree is ours: it lives in our arena and nobody else sees it. */
static void repair(struct batch *b, struct val *v)
{
	if (v->kind == VAL_STR)
		repair_text(b, &v->s);
	if (v->kind != VAL_LIST && v->kind != VAL_MAP)
		return;
	for (size_t i = 0; i < v->n; i++)
		repair(b, &v->items[i]);
}

static bool fits(const struct field *f, const struct val *v)
{
	int64_t ms;

	if (v->kind == VAL_NULL)
		return !(f->flags & FIELD_ALWAYS);
	switch (f->kind) {
	case FIELD_STR:
	case FIELD_ENUM:
		return v->kind == VAL_STR;
	case FIELD_BIN:
		return v->kind == VAL_STR || v->kind == VAL_BIN;
	case FIELD_I64:
		return v->kind == VAL_INT;
	case FIELD_TIME:
		return v->kind == VAL_STR && time_parse(v->s, &ms);
	case FIELD_BOOL:
		return v->kind == VAL_BOOL;
	case FIELD_LIST:
		return v->kind == VAL_LIST;
	}
	return false;
}

/* Does the document hold what the columns want? Names of enumerations may be newer than we are, and pass. */
static bool check_fields(const struct sink_table *t, const struct val *doc, struct buf *reason)
{
	for (const struct sink_column *c = t->columns; c->name; c++) {
		const struct field *f = sink_field(t, c);

		if (fits(f, val_get(doc, f->name)))
			continue;
		buf_fmt(reason, "field '%s' is %s", f->name,
		        val_get(doc, f->name)->kind == VAL_NULL ? "missing" : "of another kind than its column");
		return false;
	}
	return true;
}

/* An event in structured mode holds the record as its data. */
static const struct val *unwrap(const struct val *doc)
{
	const struct val *data = val_get(doc, "data");

	return data->kind == VAL_MAP && val_get(doc, "specversion")->kind == VAL_STR ? data : doc;
}

/* What is opaque to others (type bin) means nothing in a database. */
static void write_document(struct batch *b, const struct record_type *type, const struct val *doc)
{
	writer_map(b->w);
	for (size_t i = 0; i < doc->n; i++) {
		bool opaque = false;

		for (size_t k = 0; k < type->n_fields; k++)
			opaque |= type->fields[k].kind == FIELD_BIN && str_eq(doc->keys[i].s, str_from(type->fields[k].name));
		if (opaque)
			continue;
		writer_keyn(b->w, doc->keys[i].s);
		val_write(b->w, &doc->items[i]);
	}
	writer_end(b->w);
}

/* The record's value as JSON in b->text. */
static bool read_document(struct batch *b, const struct log_record *rec, struct buf *reason)
{
	const struct val *v, *doc;
	struct err err = {0};
	int result = encoding_of(rec->value) == ENC_JSON ? val_from_json(rec->value, &b->arena, &v, &err)
	                                                 : val_from_msgpack(rec->value, &b->arena, &v, &err);

	if (result < 0 || v->kind != VAL_MAP) {
		buf_fmt(reason, "no document: %s", result < 0 ? err.msg : "not a map");
		return false;
	}
	doc = unwrap(v);
	for (size_t i = 0; i < SINK_TABLES; i++)
		if ((int)sink_tables[i].topic == rec->topic && !check_fields(&sink_tables[i], doc, reason))
			return false;
	repair(b, (struct val *)doc);
	write_document(b, topics[rec->topic].record, doc);
	buf_clear(&b->text);
	if (writer_finish(b->w, &b->text, &err) == 0)
		return true;
	buf_fmt(reason, "cannot be written as JSON: %s", err.msg);
	return false;
}

static void note_day(struct rows *r, int64_t at_ms)
{
	int64_t day = at_ms / DAY_MS;

	for (size_t i = r->n_days; i > 0; i--) /* the last one is nearly always it */
		if (r->days[i - 1] == day)
			return;
	if (r->n_days == r->cap_days) {
		r->cap_days = r->cap_days ? 2 * r->cap_days : 8;
		r->days = xrealloc(r->days, r->cap_days * sizeof(*r->days));
	}
	r->days[r->n_days++] = day;
}

/* Pipeline time, or else Kafka's. */
static int64_t time_of(const struct log_record *rec)
{
	struct str rest;
	int64_t p_ms;

	if (order_get(rec->order, &p_ms, &rest) && p_ms >= 0)
		return p_ms;
	return rec->ts_ms >= 0 ? rec->ts_ms : 0;
}

static void add_row(struct batch *b, size_t table, const struct log_record *rec, int64_t oldest_ms)
{
	enum table_kind kind = sink_tables[table].kind;
	struct rows *r = &b->tables[table];
	int64_t at_ms = time_of(rec);

	if (kind != TABLE_STATE && !rec->value.p)
		return;
	if (kind == TABLE_DAYS && oldest_ms != TIME_NONE && at_ms < oldest_ms) {
		b->counts.too_old++;
		return;
	}
	if (kind == TABLE_STATE)
		pg_array_bytes(&r->keys, rec->key);
	if (kind == TABLE_DAYS)
		note_day(r, at_ms);
	pg_array_int(&r->partitions, rec->partition);
	pg_array_int(&r->offsets, rec->offset);
	pg_array_time(&r->times, at_ms);
	if (rec->value.p)
		pg_array_bytes(&r->docs, buf_view(&b->text));
	else
		pg_array_null(&r->docs);
}

static bool key_fits(const struct log_record *rec)
{
	bool wanted = false;

	for (size_t i = 0; i < SINK_TABLES; i++)
		wanted |= (int)sink_tables[i].topic == rec->topic && sink_tables[i].kind == TABLE_STATE;
	return !wanted ||
	       (rec->key.n && rec->key.n <= KEY_MAX && text_is_utf8(rec->key) && str_chr(rec->key, '\0') < 0);
}

void batch_add(struct batch *b, const struct log_record *rec, const int64_t oldest_ms[SINK_TABLES])
{
	struct buf reason = BUF_INIT;

	if (rec->tick.n) {
		b->counts.ticks++;
		return;
	}
	b->counts.records++;
	if (!key_fits(rec))
		batch_reject(b, rec, STR("the key is missing, too long or no text"));
	else if (rec->value.p && !read_document(b, rec, &reason))
		batch_reject(b, rec, buf_view(&reason));
	else
		for (size_t i = 0; i < SINK_TABLES; i++)
			if ((int)sink_tables[i].topic == rec->topic)
				add_row(b, i, rec, oldest_ms[i]);
	arena_reset(&b->arena);
	buf_release(&reason);
}

static int write_rows(struct batch *b, size_t table, struct pg *g, struct err *err)
{
	struct rows *r = &b->tables[table];
	struct pg_array *const args[] = {&r->keys, &r->partitions, &r->offsets, &r->times, &r->docs};
	size_t skip = sink_tables[table].kind == TABLE_STATE ? 0 : 1;

	if (!r->offsets.n)
		return 0;
	return pg_exec(g, buf_z(&r->sql), args + skip, 5 - skip, err) < 0 ? -1 : 0;
}

int batch_write(struct batch *b, struct pg *g, struct err *err)
{
	struct rejects *r = &b->rejects;
	struct pg_array *const args[] = {&r->topics, &r->partitions, &r->offsets, &r->reasons, &r->bytes};

	for (size_t i = 0; i < SINK_TABLES; i++)
		if (write_rows(b, i, g, err) < 0)
			return err_prefix(err, "table qlapse.%s", sink_tables[i].name);
	if (!r->offsets.n)
		return 0;
	return pg_exec(g,
	               "INSERT INTO qlapse.rejected (topic, kafka_partition, kafka_offset, reason, bytes) SELECT * FROM "
	               "unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[])",
	               args, 5, err) < 0
	           ? -1
	           : 0;
}
