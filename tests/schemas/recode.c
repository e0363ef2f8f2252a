/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recode - gives the schema test the bytes that our codec writes, in both encodings
 *
 *   recode TOPIC <NDJSON     per record of that topic: "msgpack HEX", from the record read back out of its JSON
 *   recode TOPIC --full      per encoding: "json HEX" and "msgpack HEX" of a record in which every field is present
 *   recode TOPIC --empty     the same of one in which every field is absent but what is always written
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/topics.h"

enum { LIST_ITEMS = 2, TIME_EXAMPLE = 1 };

static const char *const encodings[] = {[ENC_JSON] = "json", [ENC_MSGPACK] = "msgpack"};

static void print_hex(enum encoding enc, struct str bytes)
{
	printf("%s ", encodings[enc]);
	for (size_t i = 0; i < bytes.n; i++)
		printf("%02x", (unsigned char)bytes.p[i]);
	putchar('\n');
}

static void print_record(enum encoding enc, const struct record_type *type, const void *rec)
{
	struct writer *w = writer_new(enc);
	struct buf out = BUF_INIT;
	struct err err = {0};

	CHECK(record_encode(w, type, rec, &out, &err) == 0);
	print_hex(enc, buf_view(&out));
	buf_release(&out);
	writer_free(w);
}

static void fill(const struct record_type *type, void *rec, bool full, struct arena *a);

static int last_name(const struct field *f)
{
	int n = 0;

	while (f->names[n])
		n++;
	return n - 1;
}

static struct record_list fill_list(const struct record_type *item, struct arena *a)
{
	char *items = arena_alloc(a, LIST_ITEMS * item->size);

	for (size_t i = 0; i < LIST_ITEMS; i++)
		fill(item, items + i * item->size, true, a);
	return (struct record_list){items, LIST_ITEMS};
}

static void fill_field(const struct field *f, void *at, struct arena *a)
{
	switch (f->kind) {
	case FIELD_STR:
		*(struct str *)at = STR("\xc3\xa4 \"quoted\" \\ text");
		break;
	case FIELD_BIN:
		*(struct str *)at = STR("\x00\xff\x80");
		break;
	case FIELD_I64:
		*(int64_t *)at = INT64_MAX;
		break;
	case FIELD_TIME:
		*(int64_t *)at = TIME_EXAMPLE;
		break;
	case FIELD_BOOL:
		*(bool *)at = true;
		break;
	case FIELD_ENUM:
		*(int *)at = last_name(f);
		break;
	case FIELD_LIST:
		*(struct record_list *)at = fill_list(f->item, a);
		break;
	}
}

/* A time that is always written has to be there in an empty record, too. */
static void fill(const struct record_type *type, void *rec, bool full, struct arena *a)
{
	record_clear(type, rec);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *f = &type->fields[i];

		if (full || (f->kind == FIELD_TIME && f->flags & FIELD_ALWAYS))
			fill_field(f, (char *)rec + f->at, a);
	}
}

static int print_made_up(const struct record_type *type, bool full)
{
	struct arena arena = ARENA_INIT;
	void *rec = arena_alloc(&arena, type->size);

	fill(type, rec, full, &arena);
	print_record(ENC_JSON, type, rec);
	print_record(ENC_MSGPACK, type, rec);
	arena_release(&arena);
	return 0;
}

static int recode_lines(const struct record_type *type)
{
	struct arena arena = ARENA_INIT;
	struct err err = {0};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		void *rec = arena_alloc(&arena, type->size);

		if (record_decode(ENC_JSON, str_trim(str_of(line, (size_t)n)), type, &arena, rec, &err) < 0) {
			fprintf(stderr, "recode: %s\n", err.msg);
			return 1;
		}
		print_record(ENC_MSGPACK, type, rec);
		arena_reset(&arena);
	}
	free(line);
	arena_release(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	for (int t = 0; argc >= 2 && t < TOPIC_N; t++) {
		if (!topics[t].record || strcmp(topics[t].name, argv[1]) != 0)
			continue;
		if (argc > 2)
			return print_made_up(topics[t].record, strcmp(argv[2], "--full") == 0);
		return recode_lines(topics[t].record);
	}
	fprintf(stderr, "recode: usage: recode TOPIC [--full|--empty]\n");
	return 64;
}
