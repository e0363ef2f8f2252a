/* SPDX-License-Identifier: Apache-2.0 */
/* record_printer - see record_printer.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/codec/record_codec.h"
#include "lib/stream/order.h"
#include "emit/event.h"
#include "emit/record_printer.h"

struct record_printer {
	struct writer *w;
	struct arena arena;
	bool with_order, with_headers;
};

struct record_printer *record_printer_new(bool with_order, bool with_headers)
{
	struct record_printer *p = xcalloc(1, sizeof(*p));

	p->w = writer_new(ENC_JSON);
	p->with_order = with_order;
	p->with_headers = with_headers;
	return p;
}

void record_printer_free(struct record_printer *p)
{
	if (p == NULL)
		return;
	writer_free(p->w);
	arena_release(&p->arena);
	free(p);
}

static void write_order(struct writer *w, const struct log_record *rec, bool source_order)
{
	struct str rest;
	int64_t p_ms;

	if (!order_get(rec->order, &p_ms, &rest))
		return;
	writer_key(w, "p");
	writer_i64(w, p_ms);
	if (!source_order || rest.n != 12)
		return;
	writer_key(w, "source");
	writer_i64(w, be32_read(rest.p));
	writer_key(w, "offset");
	writer_i64(w, (int64_t)be64_read(rest.p + 4));
}

static struct str clean(struct str s, struct arena *a)
{
	struct buf b = BUF_INIT;

	text_clean(&b, s, 1024);
	struct str text = arena_dup(a, buf_view(&b));
	buf_release(&b);
	return text;
}

static void write_dead_letter(struct record_printer *p, const struct log_record *rec)
{
	writer_map(p->w);
	for (size_t i = 0; i < rec->n_headers; i++) {
		struct str name = str_from(rec->headers[i].name);
		if (!str_eat(&name, STR("qlapse_")) || str_eq(name, STR("order")))
			continue;
		writer_keyn(p->w, name);
		writer_str(p->w, clean(rec->headers[i].value, &p->arena));
	}
	writer_key(p->w, "bytes");
	writer_bin(p->w, rec->value);
	writer_end(p->w);
}

/* The runtime's own are not text, and told otherwise. The last of a name counts. */
static void write_headers(struct record_printer *p, const struct log_record *rec)
{
	writer_key(p->w, "headers");
	writer_map(p->w);
	for (size_t i = 0; i < rec->n_headers; i++) {
		struct str name = str_from(rec->headers[i].name);
		size_t k = i + 1;

		while (k < rec->n_headers && strcmp(rec->headers[k].name, rec->headers[i].name) != 0)
			k++;
		if (k < rec->n_headers || str_eq(name, STR("qlapse_order")) || str_eq(name, STR("qlapse_tick")))
			continue;
		writer_keyn(p->w, clean(name, &p->arena));
		writer_str(p->w, clean(rec->headers[i].value, &p->arena));
	}
	writer_end(p->w);
}

static void write_value(struct record_printer *p, const struct log_record *rec, bool is_document)
{
	const struct val *v;
	struct err err;

	if (rec->value.p == NULL)
		writer_null(p->w);
	else if (is_document &&
	         (encoding_of(rec->value) == ENC_JSON ? val_from_json(rec->value, &p->arena, &v, &err)
	                                              : val_from_msgpack(rec->value, &p->arena, &v, &err)) == 0)
		val_write(p->w, event_is_structured(rec) ? val_get(v, "data") : v);
	else
		write_dead_letter(p, rec);
}

bool record_print(struct record_printer *p, const struct log_record *rec, bool is_document, bool source_order,
                  struct buf *out)
{
	struct err err;

	if (rec->value.p == NULL && !p->with_order)
		return false;
	bool wrapped = p->with_order || p->with_headers;
	if (wrapped)
		writer_map(p->w);
	if (p->with_order) {
		write_order(p->w, rec, source_order);
		if (rec->key.n > 0) {
			writer_key(p->w, "key");
			writer_str(p->w, clean(rec->key, &p->arena));
		}
	}
	if (p->with_headers)
		write_headers(p, rec);
	if (wrapped)
		writer_key(p->w, "value");
	write_value(p, rec, is_document);
	if (wrapped)
		writer_end(p->w);
	bool ok = writer_finish(p->w, out, &err) == 0;
	if (ok)
		buf_chr(out, '\n');
	arena_reset(&p->arena);
	return ok;
}
