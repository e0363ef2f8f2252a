/* SPDX-License-Identifier: Apache-2.0 */
/* codec_writer - documents byte for byte, limits, the sticky error, and random documents there and back */
#include "lib/codec/writer.h"

#include <math.h>

#include "lib/codec/value.h"

#include "tests/unit/support.h"

static const enum encoding encodings[] = {ENC_JSON, ENC_MSGPACK};

/* One of each kind, in the order written and not in that of the alphabet. */
static void write_sample(struct writer *w)
{
	writer_map(w);
	writer_key(w, "z");
	writer_i64(w, 1);
	writer_keyn(w, STR("list"));
	writer_list(w);
	writer_str(w, STR("\xc3\xa4\n\"/"));
	writer_bool(w, true);
	writer_bool(w, false);
	writer_null(w);
	writer_f64(w, -0.5);
	writer_bin(w, STR("\0\xff"));
	writer_end(w);
	writer_key(w, "a");
	writer_map(w);
	writer_end(w);
	writer_key(w, "e");
	writer_list(w);
	writer_end(w);
	writer_end(w);
}

static void writes_both_encodings(void **state)
{
	(void)state;
	static const struct str want[] = {
	    [ENC_JSON] =
	        STR("{\"z\":1,\"list\":[\"\xc3\xa4\\n\\\"/\",true,false,null,-0.5,\"AP8=\"],\"a\":{},\"e\":[]}"),
	    [ENC_MSGPACK] = STR("\xde\0\4\xa1z\1\xa4list\xdc\0\6\xa5\xc3\xa4\n\"/\xc3\xc2\xc0"
	                        "\xcb\xbf\xe0\0\0\0\0\0\0\xc4\2\0\xff\xa1"
	                        "a\xde\0\0\xa1"
	                        "e\xdc\0\0"),
	};

	for (size_t i = 0; i < LEN(encodings); i++) {
		struct writer *w = writer_new(encodings[i]);
		struct buf out = BUF_INIT;

		for (int twice = 0; twice < 2; twice++) {
			buf_clear(&out);
			buf_chr(&out, '>');
			write_sample(w);
			assert_int_equal(writer_finish(w, &out, NULL), 0);
			expect_str(str_skip(buf_view(&out), 1), want[encodings[i]], i ? "msgpack" : "json");
		}
		buf_release(&out);
		writer_free(w);
	}
	writer_free(NULL);
}

static void write_numbers(struct writer *w)
{
	static const int64_t numbers[] = {0,   127, 128,  255,  256,    65535,  65536,     INT64_MAX, -1,
	                                  -32, -33, -128, -129, -32768, -32769, INT32_MIN, INT64_MIN, 4294967296};

	writer_list(w);
	for (size_t i = 0; i < LEN(numbers); i++)
		writer_i64(w, numbers[i]);
	writer_end(w);
}

/* Reads back what a function wrote, in either encoding. */
static const struct val *back(enum encoding enc, void (*write)(struct writer *w), struct arena *a)
{
	struct writer *w = writer_new(enc);
	struct buf out = BUF_INIT;
	struct err err = {0};
	const struct val *v = NULL;

	write(w);
	if (writer_finish(w, &out, &err) < 0 || (enc == ENC_JSON ? val_from_json(buf_view(&out), a, &v, &err)
	                                                         : val_from_msgpack(buf_view(&out), a, &v, &err)) < 0)
		fail_msg("%s", err.msg);
	buf_release(&out);
	writer_free(w);
	return v;
}

static void numbers_survive(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < LEN(encodings); i++) {
		const struct val *v = back(encodings[i], write_numbers, &a);

		assert_int_equal(v->n, 18);
		expect_i64(v->items[1].i, 127, "127");
		expect_i64(v->items[7].i, INT64_MAX, "the greatest");
		expect_i64(v->items[9].i, -32, "-32");
		expect_i64(v->items[16].i, INT64_MIN, "the least");
		expect_i64(v->items[17].i, 4294967296, "2^32");
	}
	arena_release(&a);
}

static void nest(struct writer *w, int depth)
{
	for (int i = 0; i < depth; i++)
		writer_list(w);
	for (int i = 0; i < depth; i++)
		writer_end(w);
}

static void bad_str(struct writer *w)
{
	writer_str(w, STR("caf\xe9"));
}

static void bad_key(struct writer *w)
{
	writer_map(w);
	writer_keyn(w, STR("\xff"));
	writer_i64(w, 1);
	writer_end(w);
}

static void nul_in_key(struct writer *w)
{
	writer_map(w);
	writer_keyn(w, STR("a\0b"));
	writer_i64(w, 1);
	writer_end(w);
}

static void not_a_number(struct writer *w)
{
	writer_f64(w, NAN);
}

static void infinite(struct writer *w)
{
	writer_list(w);
	writer_f64(w, -INFINITY);
	writer_end(w);
}

static void too_deep(struct writer *w)
{
	nest(w, VAL_DEPTH_MAX + 1);
}

static void too_many(struct writer *w)
{
	writer_list(w);
	for (int i = 0; i < 65536; i++)
		writer_i64(w, 1);
	writer_end(w);
}

static void too_many_keys(struct writer *w)
{
	writer_map(w);
	for (int i = 0; i < 65536; i++) {
		char key[8];

		snprintf(key, sizeof(key), "%d", i);
		writer_key(w, key);
		writer_null(w);
	}
	writer_end(w);
}

/* After an error all calls are taken, and only the first error is told. */
static void everything_after_an_error(struct writer *w)
{
	writer_str(w, STR("\xff"));
	writer_end(w);
	writer_end(w);
	write_sample(w);
	writer_f64(w, NAN);
}

static void errors_stick_once(void **state)
{
	(void)state;
	static const struct {
		void (*write)(struct writer *w);
		const char *want;
	} cases[] = {
	    {bad_str, "cannot encode: a string is not UTF-8"},
	    {bad_key, "cannot encode: a key is not UTF-8 text"},
	    {nul_in_key, "cannot encode: a key is not UTF-8 text"},
	    {not_a_number, "cannot encode: a number is not finite"},
	    {infinite, "cannot encode: a number is not finite"},
	    {too_deep, "cannot encode: nested too deep"},
	    {too_many, "cannot encode: more than 65535 items in a map or list"},
	    {too_many_keys, "cannot encode: more than 65535 items in a map or list"},
	    {everything_after_an_error, "cannot encode: a string is not UTF-8"},
	};

	for (size_t i = 0; i < LEN(encodings); i++) {
		struct writer *w = writer_new(encodings[i]);
		struct buf out = BUF_INIT;

		for (size_t k = 0; k < LEN(cases); k++) {
			struct err err = {0};

			buf_clear(&out);
			buf_chr(&out, '>');
			cases[k].write(w);
			assert_int_equal(writer_finish(w, &out, &err), -1);
			assert_string_equal(err.msg, cases[k].want);
			assert_int_equal(err.kind, ERR_SKIP);
			expect_str(buf_view(&out), STR(">"), "out is as before");
			/* and the next document is none the worse */
			writer_i64(w, 7);
			assert_int_equal(writer_finish(w, &out, &err), 0);
			expect_str(buf_view(&out), encodings[i] == ENC_JSON ? STR(">7") : STR(">\7"), "the next");
		}
		buf_release(&out);
		writer_free(w);
	}
}

static void a_key_twice_is_refused_in_json(void **state)
{
	(void)state;
	struct writer *w = writer_new(ENC_JSON);
	struct buf out = BUF_INIT;
	struct err err = {0};

	writer_map(w);
	for (int i = 0; i < 2; i++) {
		writer_key(w, "a");
		writer_list(w);
		writer_end(w);
	}
	writer_end(w);
	assert_int_equal(writer_finish(w, &out, &err), -1);
	assert_string_equal(err.msg, "cannot encode: a key stands twice");
	buf_release(&out);
	writer_free(w);
}

static void at_the_limits(struct writer *w)
{
	writer_list(w);
	nest(w, VAL_DEPTH_MAX - 1);
	for (int i = 1; i < 65535; i++)
		writer_null(w);
	writer_end(w);
}

static void counts(struct writer *w)
{
	writer_list(w);
	for (int n = 0; n < 400; n += 7) {
		writer_map(w);
		for (int i = 0; i < n; i++) {
			char key[8];

			snprintf(key, sizeof(key), "%d", i);
			writer_key(w, key);
			writer_i64(w, i);
		}
		writer_end(w);
	}
	writer_end(w);
}

static void heads_count_right(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < LEN(encodings); i++) {
		const struct val *v = back(encodings[i], counts, &a);

		assert_int_equal(v->n, 58);
		for (size_t k = 0; k < v->n; k++)
			assert_int_equal(v->items[k].n, 7 * k);
	}
	arena_release(&a);
}

static void limits_themselves_are_fine(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < LEN(encodings); i++) {
		const struct val *v = back(encodings[i], at_the_limits, &a);

		assert_int_equal(v->n, 65535);
		for (int depth = 1; depth < VAL_DEPTH_MAX; depth++) {
			v = &v->items[0];
			assert_int_equal(v->kind, VAL_LIST);
		}
		assert_int_equal(v->n, 0);
	}
	arena_release(&a);
}

/* A random value; containers get rarer with depth, keys are made distinct by their number. */
static void write_random(struct writer *w, uint64_t *seed, int depth)
{
	static const char *const texts[] = {"", "mx.example.com", "\xe9\x83\xb5\xe4\xbb\xb6", "a \"quote\"\t\\",
	                                    "\x7f"};
	size_t kind = random_below(seed, depth < 6 ? 9 : 7);
	char bytes[300], key[24];
	size_t n = random_below(seed, kind == 2 ? 40 : sizeof(bytes));

	switch (kind) {
	case 0:
		writer_null(w);
		return;
	case 1:
		writer_bool(w, random_below(seed, 2));
		return;
	case 2:
		memset(bytes, 'q', n);
		writer_str(w,
		           random_below(seed, 2) ? str_of(bytes, n) : str_from(texts[random_below(seed, LEN(texts))]));
		return;
	case 3:
		writer_i64(w, (int64_t)random_next(seed) >> random_below(seed, 64));
		return;
	case 4:
		writer_f64(w, ldexp((double)(int64_t)random_next(seed), (int)random_below(seed, 200) - 100));
		return;
	case 5:
		writer_str(w, STR("nul\0within"));
		return;
	case 6:
		random_bytes(seed, bytes, n);
		writer_bin(w, str_of(bytes, n));
		return;
	}
	n = random_below(seed, 6);
	if (kind == 7)
		writer_list(w);
	else
		writer_map(w);
	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%s%zu", texts[random_below(seed, 4)], i);
		if (kind == 8)
			writer_key(w, key);
		write_random(w, seed, depth + 1);
	}
	writer_end(w);
}

/* Written, read and written again it is byte for byte the same; and read from MessagePack and written as JSON it is
 * what was written as JSON. */
static void random_documents_survive(void **state)
{
	(void)state;
	struct writer *json = writer_new(ENC_JSON), *msgpack = writer_new(ENC_MSGPACK);
	struct buf first[2] = {BUF_INIT, BUF_INIT}, again = BUF_INIT;
	struct arena a = ARENA_INIT;

	for (uint64_t run = 0; run < 4000; run++) {
		uint64_t seed = run, same = run;
		const struct val *v;
		struct err err = {0};

		buf_clear(&first[0]), buf_clear(&first[1]);
		write_random(json, &seed, 0);
		write_random(msgpack, &same, 0);
		assert_int_equal(writer_finish(json, &first[0], &err), 0);
		assert_int_equal(writer_finish(msgpack, &first[1], &err), 0);

		assert_int_equal(val_from_msgpack(buf_view(&first[1]), &a, &v, &err), 0);
		buf_clear(&again);
		val_write(msgpack, v);
		assert_int_equal(writer_finish(msgpack, &again, &err), 0);
		assert_true(str_eq(buf_view(&again), buf_view(&first[1])));

		buf_clear(&again);
		val_write(json, v);
		assert_int_equal(writer_finish(json, &again, &err), 0);
		assert_true(str_eq(buf_view(&again), buf_view(&first[0])));

		assert_int_equal(val_from_json(buf_view(&first[0]), &a, &v, &err), 0);
		buf_clear(&again);
		val_write(json, v);
		assert_int_equal(writer_finish(json, &again, &err), 0);
		assert_true(str_eq(buf_view(&again), buf_view(&first[0])));
		arena_reset(&a);
	}
	buf_release(&first[0]);
	buf_release(&first[1]);
	buf_release(&again);
	arena_release(&a);
	writer_free(json);
	writer_free(msgpack);
}

/* A writer freed in the middle of a document leaks nothing (LeakSanitizer looks). */
static void is_freed_halfway(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(encodings); i++) {
		struct writer *w = writer_new(encodings[i]);

		writer_map(w);
		writer_key(w, "a");
		writer_list(w);
		writer_str(w, STR("b"));
		writer_free(w);
	}
}

static void value_without_key(void)
{
	struct writer *w = writer_new(ENC_MSGPACK);

	writer_map(w);
	writer_i64(w, 1);
}

static void key_in_a_list(void)
{
	struct writer *w = writer_new(ENC_JSON);

	writer_list(w);
	writer_key(w, "a");
}

static void key_without_value(void)
{
	struct writer *w = writer_new(ENC_MSGPACK);

	writer_map(w);
	writer_key(w, "a");
	writer_end(w);
}

static void end_of_nothing(void)
{
	writer_end(writer_new(ENC_JSON));
}

static void two_documents(void)
{
	struct writer *w = writer_new(ENC_MSGPACK);

	writer_i64(w, 1);
	writer_i64(w, 2);
}

static void finished_too_early(void)
{
	struct writer *w = writer_new(ENC_JSON);
	struct buf out = BUF_INIT;

	writer_map(w);
	writer_finish(w, &out, NULL);
}

static void finished_without_a_word(void)
{
	struct writer *w = writer_new(ENC_MSGPACK);
	struct buf out = BUF_INIT;

	writer_finish(w, &out, NULL);
}

static void calls_out_of_order_abort(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		void (*act)(void);
	} cases[] = {
	    {"value without key", value_without_key},
	    {"key in a list", key_in_a_list},
	    {"key without value", key_without_value},
	    {"end of nothing", end_of_nothing},
	    {"two documents", two_documents},
	    {"finished too early", finished_too_early},
	    {"nothing written", finished_without_a_word},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect(aborts(cases[i].act), cases[i].label);
}

/* The views of a cleared struct. */
static void null_views_are_empty(void **state)
{
	(void)state;
	static const struct str want[] = {
	    [ENC_JSON] = STR("{\"\":[\"\",\"\"]}"), [ENC_MSGPACK] = STR("\xde\0\1\xa0\xdc\0\2\xa0\xc4\0")};

	for (size_t i = 0; i < LEN(encodings); i++) {
		struct writer *w = writer_new(encodings[i]);
		struct buf out = BUF_INIT;
		struct str none = {NULL, 0};

		writer_map(w);
		writer_keyn(w, none);
		writer_list(w);
		writer_str(w, none);
		writer_bin(w, none);
		writer_end(w);
		writer_end(w);
		assert_int_equal(writer_finish(w, &out, NULL), 0);
		expect_str(buf_view(&out), want[encodings[i]], i ? "msgpack" : "json");
		buf_release(&out);
		writer_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_are_empty),
	    cmocka_unit_test(writes_both_encodings),
	    cmocka_unit_test(numbers_survive),
	    cmocka_unit_test(errors_stick_once),
	    cmocka_unit_test(a_key_twice_is_refused_in_json),
	    cmocka_unit_test(heads_count_right),
	    cmocka_unit_test(limits_themselves_are_fine),
	    cmocka_unit_test(random_documents_survive),
	    cmocka_unit_test(is_freed_halfway),
	    cmocka_unit_test(calls_out_of_order_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
