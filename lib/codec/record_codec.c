/* SPDX-License-Identifier: Apache-2.0 */
/* record_codec - see record_codec.h */
#include "lib/base/buf.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"

static void write_list(struct writer *w, const struct field *f, const struct record_list *l)
{
	writer_list(w);
	for (size_t i = 0; i < l->n; i++)
		record_write(w, f->item, (const char *)l->items + i * f->item->size);
	writer_end(w);
}

static void write_time(struct writer *w, int64_t ms)
{
	char text[25];

	time_format(ms, text);
	writer_str(w, str_of(text, 24));
}

static void write_enum(struct writer *w, const struct field *f, int value)
{
	CHECK(value >= 0);
	for (int i = 0; i <= value; i++)
		CHECK(f->names[i] != NULL);
	writer_str(w, str_from(f->names[value]));
}

static bool is_absent(const struct field *f, const void *at)
{
	switch (f->kind) {
	case FIELD_STR:
	case FIELD_BIN:
		return ((const struct str *)at)->n == 0;
	case FIELD_I64:
		return *(const int64_t *)at == -1;
	case FIELD_TIME:
		return *(const int64_t *)at == TIME_NONE;
	case FIELD_BOOL:
		return !*(const bool *)at;
	case FIELD_ENUM:
		return *(const int *)at == 0;
	case FIELD_LIST:
		return ((const struct record_list *)at)->n == 0;
	}
	return true;
}

static void write_field(struct writer *w, const struct field *f, const void *at)
{
	writer_key(w, f->name);
	switch (f->kind) {
	case FIELD_STR:
		writer_str(w, *(const struct str *)at);
		break;
	case FIELD_BIN:
		writer_bin(w, *(const struct str *)at);
		break;
	case FIELD_I64:
		writer_i64(w, *(const int64_t *)at);
		break;
	case FIELD_TIME:
		if (is_absent(f, at))
			writer_null(w);
		else
			write_time(w, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		writer_bool(w, *(const bool *)at);
		break;
	case FIELD_ENUM:
		write_enum(w, f, *(const int *)at);
		break;
	case FIELD_LIST:
		write_list(w, f, at);
		break;
	}
}

void record_write(struct writer *w, const struct record_type *type, const void *rec)
{
	writer_map(w);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *f = &type->fields[i];
		const void *at = (const char *)rec + f->at;
		if ((f->flags & FIELD_ALWAYS) || !is_absent(f, at))
			write_field(w, f, at);
	}
	writer_end(w);
}

static int bad_field(const struct record_type *type, const struct field *f, const char *why, struct err *err)
{
	return err_set(err, ERR_SKIP, "field \"%s\" of %s: %s", f->name, type->name, why);
}

static int read_list(const struct val *v, const struct field *f, struct arena *a, struct record_list *ret,
                     struct err *err)
{
	char *items = arena_alloc(a, v->n * f->item->size + 1);

	for (size_t i = 0; i < v->n; i++)
		if (record_read(&v->items[i], f->item, a, items + i * f->item->size, err) < 0)
			return -1;
	*ret = (struct record_list){items, v->n};
	return 0;
}

/* Bytes come as such, or as base64 text where the document was JSON. */
static bool read_bin(const struct val *v, struct arena *a, struct str *ret)
{
	struct buf bytes = BUF_INIT;

	if (v->kind == VAL_BIN) {
		*ret = v->s;
		return true;
	}
	bool ok = v->kind == VAL_STR && text_unbase64(&bytes, v->s);
	if (ok)
		*ret = arena_dup(a, buf_view(&bytes));
	buf_release(&bytes);
	return ok;
}

static int read_field(const struct val *v, const struct record_type *type, const struct field *f, struct arena *a,
                      void *at, struct err *err)
{
	switch (f->kind) {
	case FIELD_STR:
		if (v->kind != VAL_STR)
			return bad_field(type, f, "is no text", err);
		*(struct str *)at = v->s;
		return 0;
	case FIELD_BIN:
		return read_bin(v, a, at) ? 0 : bad_field(type, f, "is no bytes", err);
	case FIELD_I64:
		if (v->kind != VAL_INT)
			return bad_field(type, f, "is no integer", err);
		*(int64_t *)at = v->i;
		return 0;
	case FIELD_TIME:
		if (v->kind != VAL_STR || !time_parse(v->s, at))
			return bad_field(type, f, "is no time", err);
		return 0;
	case FIELD_BOOL:
		if (v->kind != VAL_BOOL)
			return bad_field(type, f, "is neither true nor false", err);
		*(bool *)at = v->b;
		return 0;
	case FIELD_ENUM:
		*(int *)at = v->kind == VAL_STR ? names_find(f->names, v->s) : -1;
		return *(int *)at >= 0 ? 0 : bad_field(type, f, "has an unknown name", err);
	case FIELD_LIST:
		return v->kind == VAL_LIST ? read_list(v, f, a, at, err) : bad_field(type, f, "is no list", err);
	}
	return 0;
}

/* Documents mostly have their keys in the order of the table: the search goes on where the last one ended. */
static const struct field *find_field(const struct record_type *type, struct str key, size_t *at)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		size_t k = (*at + i) % type->n_fields;
		if (str_eq(str_from(type->fields[k].name), key)) {
			*at = k + 1;
			return &type->fields[k];
		}
	}
	return NULL;
}

int record_read(const struct val *v, const struct record_type *type, struct arena *a, void *rec, struct err *err)
{
	size_t at = 0;

	if (v->kind != VAL_MAP)
		return err_set(err, ERR_SKIP, "%s: the document is no map", type->name);
	record_clear(type, rec);
	for (size_t i = 0; i < v->n; i++) {
		const struct field *f = find_field(type, v->keys[i].s, &at);
		if (f == NULL || v->items[i].kind == VAL_NULL)
			continue;
		if (read_field(&v->items[i], type, f, a, (char *)rec + f->at, err) < 0)
			return -1;
	}
	return 0;
}

int record_encode(struct writer *w, const struct record_type *type, const void *rec, struct buf *out, struct err *err)
{
	record_write(w, type, rec);
	return writer_finish(w, out, err);
}

enum encoding encoding_of(struct str bytes)
{
	return bytes.n > 0 && str_chr(STR("{ \t\r\n"), bytes.p[0]) >= 0 ? ENC_JSON : ENC_MSGPACK;
}

int record_decode(enum encoding enc, struct str bytes, const struct record_type *type, struct arena *a, void *rec,
                  struct err *err)
{
	const struct val *v;
	int parsed = enc == ENC_JSON ? val_from_json(bytes, a, &v, err) : val_from_msgpack(bytes, a, &v, err);

	return parsed < 0 ? -1 : record_read(v, type, a, rec, err);
}
