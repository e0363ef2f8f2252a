/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema - see schema.h
 *
 * What a schema promises is schemas/README.md's matter. The table of a record (lib/mail/<name>.def) is the only place
 * where its fields are written down: codec, reference and schema come from it.
 */
#include "main/schema.h"

#include <string.h>

#include "lib/base/check.h"
#include "lib/codec/writer.h"

const struct topic_info *schema_topic(const char *name)
{
	for (int t = 0; t < TOPIC_N; t++)
		if (topics[t].record && strcmp(topics[t].name, name) == 0)
			return &topics[t];
	return NULL;
}

static void text(struct writer *w, const char *key, const char *value)
{
	writer_key(w, key);
	writer_str(w, str_from(value));
}

/* The first name means "not known" and is only written where the field always is. */
static void write_names(struct writer *w, const struct field *f)
{
	text(w, "type", "string");
	writer_key(w, "enum");
	writer_list(w);
	for (const char *const *name = f->names + (f->flags & FIELD_ALWAYS ? 0 : 1); *name; name++)
		writer_str(w, str_from(*name));
	writer_end(w);
}

static void write_list(struct writer *w, const struct field *f)
{
	struct buf ref = BUF_INIT;

	CHECK(f->item != NULL);
	buf_fmt(&ref, "#/$defs/%s", f->item->name);
	text(w, "type", "array");
	writer_key(w, "items");
	writer_map(w);
	text(w, "$ref", buf_z(&ref));
	writer_end(w);
	buf_release(&ref);
}

/* RFC 3339 in UTC to the millisecond: a subset of date-time, so that text sorts as time does. */
static void write_time(struct writer *w)
{
	text(w, "type", "string");
	text(w, "format", "date-time");
	text(w, "pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$");
}

static void write_field(struct writer *w, const struct field *f)
{
	writer_key(w, f->name);
	writer_map(w);
	text(w, "description", f->prose);
	switch (f->kind) {
	case FIELD_STR:
		text(w, "type", "string");
		break;
	case FIELD_BIN:
		text(w, "type", "string");
		text(w, "contentEncoding", "base64");
		break;
	case FIELD_I64:
		text(w, "type", "integer");
		break;
	case FIELD_TIME:
		write_time(w);
		break;
	case FIELD_BOOL:
		text(w, "type", "boolean");
		break;
	case FIELD_ENUM:
		write_names(w, f);
		break;
	case FIELD_LIST:
		write_list(w, f);
		break;
	}
	writer_end(w);
}

/* What an object must hold; into the map that is open. */
static void write_object(struct writer *w, const struct record_type *type)
{
	text(w, "type", "object");
	writer_key(w, "additionalProperties");
	writer_bool(w, true);
	writer_key(w, "required");
	writer_list(w);
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].flags & FIELD_ALWAYS)
			writer_str(w, str_from(type->fields[i].name));
	writer_end(w);
	writer_key(w, "properties");
	writer_map(w);
	for (size_t i = 0; i < type->n_fields; i++)
		write_field(w, &type->fields[i]);
	writer_end(w);
}

static bool lists_before(const struct record_type *type, size_t n, const struct record_type *item)
{
	for (size_t i = 0; i < n; i++)
		if (type->fields[i].item == item)
			return true;
	return false;
}

/* The records that stand in lists. None of them holds a list itself, which keeps this flat. */
static void write_items(struct writer *w, const struct record_type *type)
{
	size_t n = 0;

	for (size_t i = 0; i < type->n_fields; i++) {
		const struct record_type *item = type->fields[i].item;

		if (!item || lists_before(type, i, item))
			continue;
		for (size_t k = 0; k < item->n_fields; k++)
			CHECK(!item->fields[k].item);
		if (n++ == 0) {
			writer_key(w, "$defs");
			writer_map(w);
		}
		writer_key(w, item->name);
		writer_map(w);
		write_object(w, item);
		writer_end(w);
	}
	if (n)
		writer_end(w);
}

static void new_line(struct buf *out, size_t depth)
{
	buf_chr(out, '\n');
	for (size_t i = 0; i < depth; i++)
		buf_str(out, STR("  "));
}

/* Compact JSON with objects broken into lines; lists stay in one. Lists here hold no objects. */
static void break_lines(struct str json, struct buf *out)
{
	size_t depth = 0, lists = 0;
	bool quoted = false;

	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (quoted && c == '\\') {
			buf_add(out, json.p + i++, 2);
			continue;
		}
		quoted ^= c == '"';
		lists += !quoted && c == '[';
		lists -= !quoted && c == ']';
		if (!quoted && c == '}')
			new_line(out, --depth);
		buf_chr(out, c);
		if (!quoted && c == '{')
			new_line(out, ++depth);
		else if (!quoted && c == ',' && !lists)
			new_line(out, depth);
		else if (!quoted && (c == ',' || c == ':'))
			buf_chr(out, ' ');
	}
	buf_chr(out, '\n');
}

void schema_print(const struct topic_info *topic, struct buf *out)
{
	struct writer *w = writer_new(ENC_JSON);
	struct buf json = BUF_INIT, id = BUF_INIT;
	struct err err = {0};

	buf_fmt(&id, "urn:qlapse:%s", topic->name);
	writer_map(w);
	text(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	text(w, "$id", buf_z(&id));
	text(w, "title", topic->record->name);
	write_object(w, topic->record);
	write_items(w, topic->record);
	writer_end(w);
	CHECK(writer_finish(w, &json, &err) == 0);
	break_lines(buf_view(&json), out);
	buf_release(&json);
	buf_release(&id);
	writer_free(w);
}
