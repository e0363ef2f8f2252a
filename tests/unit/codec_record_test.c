/* SPDX-License-Identifier: Apache-2.0 */
/* codec_record - described structs to documents and back, in both encodings */
#include "lib/codec/record_codec.h"
#include "lib/base/timefmt.h"

#include "tests/unit/count_mallocs.h"
#include "tests/unit/support.h"

struct item {
	struct str name;
	int64_t n;
};

struct sample {
	struct str text, always_text;
	struct str bytes;
	int64_t count, delta;
	int64_t at, always_at;
	bool yes, always_yes;
	int kind, always_kind;
	struct record_list items, always_items;
};

static const char *const kinds[] = {"none", "deferred", "delivered", NULL};

#define AT(struct_name, member) offsetof(struct struct_name, member)

static const struct field item_fields[] = {
    {"name", FIELD_STR, FIELD_ALWAYS, AT(item, name), NULL, NULL, ""},
    {"n", FIELD_I64, FIELD_OPTIONAL, AT(item, n), NULL, NULL, ""},
};

static const struct record_type item_type = {"item", sizeof(struct item), item_fields, LEN(item_fields)};

static const struct field fields[] = {
    {"text", FIELD_STR, FIELD_OPTIONAL, AT(sample, text), NULL, NULL, ""},
    {"always_text", FIELD_STR, FIELD_ALWAYS, AT(sample, always_text), NULL, NULL, ""},
    {"bytes", FIELD_BIN, FIELD_OPTIONAL, AT(sample, bytes), NULL, NULL, ""},
    {"count", FIELD_I64, FIELD_OPTIONAL, AT(sample, count), NULL, NULL, ""},
    {"delta", FIELD_I64, FIELD_ALWAYS, AT(sample, delta), NULL, NULL, ""},
    {"at", FIELD_TIME, FIELD_OPTIONAL, AT(sample, at), NULL, NULL, ""},
    {"always_at", FIELD_TIME, FIELD_ALWAYS, AT(sample, always_at), NULL, NULL, ""},
    {"yes", FIELD_BOOL, FIELD_OPTIONAL, AT(sample, yes), NULL, NULL, ""},
    {"always_yes", FIELD_BOOL, FIELD_ALWAYS, AT(sample, always_yes), NULL, NULL, ""},
    {"kind", FIELD_ENUM, FIELD_OPTIONAL, AT(sample, kind), kinds, NULL, ""},
    {"always_kind", FIELD_ENUM, FIELD_ALWAYS, AT(sample, always_kind), kinds, NULL, ""},
    {"items", FIELD_LIST, FIELD_OPTIONAL, AT(sample, items), NULL, &item_type, ""},
    {"always_items", FIELD_LIST, FIELD_ALWAYS, AT(sample, always_items), NULL, &item_type, ""},
};

static const struct record_type type = {"sample", sizeof(struct sample), fields, LEN(fields)};

static const enum encoding encodings[] = {ENC_JSON, ENC_MSGPACK};

static const struct item two_items[] = {{STR("a"), 1}, {STR(""), -1}};

static struct sample full(void)
{
	return (struct sample){
	    .text = STR("t\xc3\xa4xt"),
	    .always_text = STR("x"),
	    .bytes = STR("\0\xff"),
	    .count = 0,
	    .delta = -1,
	    .at = 1795507200001,
	    .always_at = 0,
	    .yes = true,
	    .always_yes = true,
	    .kind = 2,
	    .always_kind = 1,
	    .items = {two_items, 2},
	    .always_items = {two_items, 1},
	};
}

static void expect_items(struct record_list got, struct record_list want)
{
	const struct item *a = got.items, *b = want.items;

	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < got.n; i++) {
		expect_str(a[i].name, b[i].name, "name of an item");
		expect_i64(a[i].n, b[i].n, "n of an item");
	}
}

static void expect_same(const struct sample *got, const struct sample *want)
{
	expect_str(got->text, want->text, "text");
	expect_str(got->always_text, want->always_text, "always_text");
	expect_str(got->bytes, want->bytes, "bytes");
	expect_i64(got->count, want->count, "count");
	expect_i64(got->delta, want->delta, "delta");
	expect_i64(got->at, want->at, "at");
	expect_i64(got->always_at, want->always_at, "always_at");
	expect_i64(got->yes, want->yes, "yes");
	expect_i64(got->always_yes, want->always_yes, "always_yes");
	expect_i64(got->kind, want->kind, "kind");
	expect_i64(got->always_kind, want->always_kind, "always_kind");
	expect_items(got->items, want->items);
	expect_items(got->always_items, want->always_items);
}

static void writes_fields_in_their_order(void **state)
{
	(void)state;
	static const char *const want[] = {
	    "{\"text\":\"t\xc3\xa4xt\",\"always_text\":\"x\",\"bytes\":\"AP8=\",\"count\":0,\"delta\":-1,"
	    "\"at\":\"2026-11-24T08:00:00.001Z\",\"always_at\":\"1970-01-01T00:00:00.000Z\",\"yes\":true,"
	    "\"always_yes\":true,\"kind\":\"delivered\",\"always_kind\":\"deferred\","
	    "\"items\":[{\"name\":\"a\",\"n\":1},{\"name\":\"\"}],\"always_items\":[{\"name\":\"a\",\"n\":1}]}",
	    "{\"always_text\":\"\",\"delta\":-1,\"always_at\":null,\"always_yes\":false,\"always_kind\":\"none\","
	    "\"always_items\":[]}",
	};
	struct writer *w = writer_new(ENC_JSON);
	struct sample samples[2] = {full()};

	record_clear(&type, &samples[1]);
	for (size_t i = 0; i < LEN(samples); i++) {
		struct buf out = BUF_INIT;

		assert_int_equal(record_encode(w, &type, &samples[i], &out, NULL), 0);
		expect_str(buf_view(&out), str_from(want[i]), i ? "absent" : "full");
		buf_release(&out);
	}
	writer_free(w);
}

static void random_records_survive(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	uint64_t seed = 1;

	for (int run = 0; run < 3000; run++) {
		struct writer *w = writer_new(encodings[run % 2]);
		struct buf out = BUF_INIT;
		struct sample want = full(), got;
		struct err err = {0};
		char bytes[50];

		random_bytes(&seed, bytes, sizeof(bytes));
		/* each field in turn absent, or what chance says */
		for (size_t i = 0; i < LEN(fields); i++) {
			struct sample absent;

			record_clear(&type, &absent);
			if (random_below(&seed, 2))
				memcpy((char *)&want + fields[i].at, (char *)&absent + fields[i].at,
				       (i + 1 < LEN(fields) ? fields[i + 1].at : sizeof(want)) - fields[i].at);
		}
		if (random_below(&seed, 2))
			want.bytes = str_of(bytes, random_below(&seed, sizeof(bytes)));
		want.delta = (int64_t)random_next(&seed);
		if (random_below(&seed, 2))
			want.at = (int64_t)random_below(&seed, 253402300800000);
		assert_int_equal(record_encode(w, &type, &want, &out, &err), 0);
		assert_int_equal(encoding_of(buf_view(&out)), encodings[run % 2]);
		assert_int_equal(record_decode(encodings[run % 2], buf_view(&out), &type, &a, &got, &err), 0);
		buf_release(&out); /* nothing points into the bytes */
		expect_same(&got, &want);
		arena_reset(&a);
		writer_free(w);
	}
	arena_release(&a);
}

static void reads_what_others_write(void **state)
{
	(void)state;
	static const struct {
		const char *input, *want_err;
		int64_t want_count;
	} cases[] = {
	    {"{}", NULL, -1},
	    {"{\"count\":7,\"newer\":{\"a\":[1]}}", NULL, 7},
	    {"{\"always_items\":[],\"kind\":\"none\",\"count\":8}", NULL, 8},
	    {"{\"text\":null,\"bytes\":null,\"count\":null,\"at\":null,\"yes\":null,\"kind\":null,\"items\":null}",
	     NULL, -1},
	    {"{\"items\":[{\"newer\":1,\"name\":\"x\"}],\"count\":9}", NULL, 9},
	    {"[]", "sample: the document is no map", 0},
	    {"7", "sample: the document is no map", 0},
	    {"{\"text\":1}", "field \"text\" of sample: is no text", 0},
	    {"{\"bytes\":\"A\"}", "field \"bytes\" of sample: is no bytes", 0},
	    {"{\"bytes\":[]}", "field \"bytes\" of sample: is no bytes", 0},
	    {"{\"count\":\"1\"}", "field \"count\" of sample: is no integer", 0},
	    {"{\"count\":1.0}", "field \"count\" of sample: is no integer", 0},
	    {"{\"at\":1795507200000}", "field \"at\" of sample: is no time", 0},
	    {"{\"at\":\"yesterday\"}", "field \"at\" of sample: is no time", 0},
	    {"{\"yes\":1}", "field \"yes\" of sample: is neither true nor false", 0},
	    {"{\"kind\":\"later\"}", "field \"kind\" of sample: has an unknown name", 0},
	    {"{\"kind\":2}", "field \"kind\" of sample: has an unknown name", 0},
	    {"{\"items\":{}}", "field \"items\" of sample: is no list", 0},
	    {"{\"items\":[1]}", "item: the document is no map", 0},
	    {"{\"items\":[{\"n\":\"1\"}]}", "field \"n\" of item: is no integer", 0},
	};
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct sample got;
		struct err err = {0};
		int rc = record_decode(ENC_JSON, str_from(cases[i].input), &type, &a, &got, &err);

		expect((rc < 0) == (cases[i].want_err != NULL), cases[i].input);
		if (rc < 0) {
			assert_int_equal(err.kind, ERR_SKIP);
			expect_str(str_from(err.msg), str_from(cases[i].want_err), cases[i].input);
		} else {
			expect_i64(got.count, cases[i].want_count, cases[i].input);
		}
	}
	arena_release(&a);
}

static void knows_the_encoding(void **state)
{
	(void)state;
	static const struct {
		struct str bytes;
		enum encoding want;
	} cases[] = {
	    {STR("{"), ENC_JSON},       {STR(" {"), ENC_JSON},      {STR("\n{"), ENC_JSON},
	    {STR("\r\n{"), ENC_JSON},   {STR("\t{"), ENC_JSON},     {STR("\x80"), ENC_MSGPACK},
	    {STR("\x8f"), ENC_MSGPACK}, {STR("\xde"), ENC_MSGPACK}, {STR("\xdf"), ENC_MSGPACK},
	    {STR(""), ENC_MSGPACK},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(encoding_of(cases[i].bytes), cases[i].want);
}

/* On the way through the topics nothing is allocated per record once arena and buffers have grown. */
static void msgpack_needs_no_malloc(void **state)
{
	(void)state;
	struct writer *w = writer_new(ENC_MSGPACK);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct sample want = full(), got;
	size_t before = 0;

	count_mallocs();
	for (int i = 0; i < 1000; i++) {
		if (i == 10) {
			assert_true(n_mallocs > 0);
			before = n_mallocs;
		}
		buf_clear(&out);
		assert_int_equal(record_encode(w, &type, &want, &out, NULL), 0);
		assert_int_equal(record_decode(ENC_MSGPACK, buf_view(&out), &type, &a, &got, NULL), 0);
		arena_reset(&a);
	}
	assert_int_equal(n_mallocs, before);
	buf_release(&out);
	arena_release(&a);
	writer_free(w);
}

static void write_kind(int kind)
{
	struct writer *w = writer_new(ENC_JSON);
	struct sample s = full();

	s.kind = kind;
	record_write(w, &type, &s);
}

static void write_kind_above(void)
{
	write_kind(3);
}

static void write_kind_below(void)
{
	write_kind(-1);
}

static void an_enum_without_a_name_aborts(void **state)
{
	(void)state;
	assert_true(aborts(write_kind_above));
	assert_true(aborts(write_kind_below));
}

static void hostile_text_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(encodings); i++) {
		struct writer *w = writer_new(encodings[i]);
		struct buf out = BUF_INIT;
		struct sample s = full();
		struct err err = {0};

		s.text = STR("\xff");
		assert_int_equal(record_encode(w, &type, &s, &out, &err), -1);
		assert_string_equal(err.msg, "cannot encode: a string is not UTF-8");
		assert_int_equal(out.n, 0);
		buf_release(&out);
		writer_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_fields_in_their_order), cmocka_unit_test(random_records_survive),
	    cmocka_unit_test(reads_what_others_write),      cmocka_unit_test(knows_the_encoding),
	    cmocka_unit_test(msgpack_needs_no_malloc),      cmocka_unit_test(an_enum_without_a_name_aborts),
	    cmocka_unit_test(hostile_text_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
