/* SPDX-License-Identifier: Apache-2.0 */
/* codec_value - JSON and MessagePack read into trees: what is taken, what is refused and why */
#include "lib/codec/value.h"

#include <time.h>

#include "lib/base/buf.h"
#include "lib/codec/writer.h"

#include "tests/unit/count_mallocs.h"
#include "tests/unit/support.h"

typedef int parser(struct str bytes, struct arena *a, const struct val **ret, struct err *err);

/* The document as compact JSON, or the error. From memory of exactly its size, so that reading beyond is seen. */
static void expect_parsed(parser *parse, struct str input, const char *want_json, const char *want_err)
{
	struct writer *w = writer_new(ENC_JSON);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct err err = {0};
	const struct val *v = NULL;
	char *exact = malloc(input.n ? input.n : 1);

	memcpy(exact, input.p, input.n);
	if (parse(str_of(exact, input.n), &a, &v, &err) < 0) {
		assert_null(v);
		assert_int_equal(err.kind, ERR_SKIP);
		expect_str(str_from(err.msg), str_from(want_err), want_json ? want_json : "an error is wanted");
	} else {
		free(exact); /* the tree lives on the arena alone */
		exact = NULL;
		val_write(w, v);
		assert_int_equal(writer_finish(w, &out, &err), 0);
		expect_str(buf_view(&out), str_from(want_json), want_err ? want_err : "a document is wanted");
	}
	free(exact);
	buf_release(&out);
	arena_release(&a);
	writer_free(w);
}

static void reads_json(void **state)
{
	(void)state;
	static const struct {
		struct str input;
		const char *want, *err;
	} cases[] = {
	    {STR("{}"), "{}", NULL},
	    {STR(" [1, -2, 3.5, true, false, null, \"x\"] \n"), "[1,-2,3.5,true,false,null,\"x\"]", NULL},
	    {STR("{\"z\":1,\"a\":{\"b\":[]}}"), "{\"z\":1,\"a\":{\"b\":[]}}", NULL},
	    {STR("9223372036854775807"), "9223372036854775807", NULL},
	    {STR("-9223372036854775808"), "-9223372036854775808", NULL},
	    {STR("\"\\u90f5\\ud83d\\udce7\""), "\"\xe9\x83\xb5\xf0\x9f\x93\xa7\"", NULL},
	    {STR("\"a\\u0000b\""), "\"a\\u0000b\"", NULL},
	    {STR("1.0"), "1.0", NULL},
	    {STR("1e3"), "1000.0", NULL},
	    {STR(""), NULL, "bad json at byte 0: cut short"},
	    {STR("{\"a\":1"), NULL, "bad json at byte 6: cut short"},
	    {STR("{\"a\":1}x"), NULL, "bad json at byte 8: bytes behind the document"},
	    {STR("{\"a\":1}{}"), NULL, "bad json at byte 8: bytes behind the document"},
	    {STR("{\"a\":1,\"a\":2}"), NULL, "bad json at byte 10: a key stands twice"},
	    {STR("9223372036854775808"), NULL, "bad json at byte 19: number out of range"},
	    {STR("1e999"), NULL, "bad json at byte 5: number out of range"},
	    {STR("\"\xff\""), NULL, "bad json at byte 1: text is not valid utf-8"},
	    {STR("{\"a\\u0000\":1}"), NULL, "bad json at byte 10: NUL character in a key"},
	    {STR("[1,]"), NULL, "bad json at byte 4: malformed"},
	    {STR("{a:1}"), NULL, "bad json at byte 2: malformed"},
	    {STR("\"a\nb\""), NULL, "bad json at byte 2: malformed"},
	    {STR("\0"), NULL, "bad json at byte 1: cut short"},
	    {STR("{}\0"), NULL, "bad json at byte 3: bytes behind the document"},
	    {STR("{\"to\": secret@example.com}"), NULL, "bad json at byte 13: malformed"},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect_parsed(val_from_json, cases[i].input, cases[i].want, cases[i].err);
}

static void reads_msgpack(void **state)
{
	(void)state;
	static const struct {
		struct str input;
		const char *want, *err;
	} cases[] = {
	    {STR("\xc0"), "null", NULL},
	    {STR("\xc2"), "false", NULL},
	    {STR("\xc3"), "true", NULL},
	    {STR("\x00"), "0", NULL},
	    {STR("\x7f"), "127", NULL},
	    {STR("\xff"), "-1", NULL},
	    {STR("\xe0"), "-32", NULL},
	    {STR("\xcc\xff"), "255", NULL},
	    {STR("\xcd\xff\xfe"), "65534", NULL},
	    {STR("\xce\xff\xff\xff\xff"), "4294967295", NULL},
	    {STR("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807", NULL},
	    {STR("\xcf\x80\0\0\0\0\0\0\0"), NULL, "bad messagepack at byte 9: number out of range"},
	    {STR("\xd0\x80"), "-128", NULL},
	    {STR("\xd0\x7f"), "127", NULL},
	    {STR("\xd1\x80\0"), "-32768", NULL},
	    {STR("\xd2\x80\0\0\0"), "-2147483648", NULL},
	    {STR("\xd3\x80\0\0\0\0\0\0\0"), "-9223372036854775808", NULL},
	    {STR("\xd3\0\0\0\0\0\0\0\1"), "1", NULL},
	    {STR("\xca\x3f\xc0\0\0"), "1.5", NULL},
	    {STR("\xcb\xbf\xe0\0\0\0\0\0\0"), "-0.5", NULL},
	    {STR("\xa0"), "\"\"", NULL},
	    {STR("\xa3xyz"), "\"xyz\"", NULL},
	    {STR("\xd9\1x"), "\"x\"", NULL},
	    {STR("\xda\0\1x"), "\"x\"", NULL},
	    {STR("\xdb\0\0\0\1x"), "\"x\"", NULL},
	    {STR("\xa1\0"), "\"\\u0000\"", NULL},
	    {STR("\xc4\1\xff"), "\"/w==\"", NULL},
	    {STR("\xc5\0\1\xff"), "\"/w==\"", NULL},
	    {STR("\xc6\0\0\0\1\xff"), "\"/w==\"", NULL},
	    {STR("\x90"), "[]", NULL},
	    {STR("\x92\1\xa1x"), "[1,\"x\"]", NULL},
	    {STR("\xdc\0\1\1"), "[1]", NULL},
	    {STR("\xdd\0\0\0\1\1"), "[1]", NULL},
	    {STR("\x80"), "{}", NULL},
	    {STR("\x82\xa1z\1\xa1"
	         "a\2"),
	     "{\"z\":1,\"a\":2}", NULL},
	    {STR("\xde\0\1\xa1z\1"), "{\"z\":1}", NULL},
	    {STR("\xdf\0\0\0\1\xa1z\1"), "{\"z\":1}", NULL},
	    {STR(""), NULL, "bad messagepack at byte 0: cut short"},
	    {STR("\xcd\1"), NULL, "bad messagepack at byte 0: cut short"},
	    {STR("\xa3xy"), NULL, "bad messagepack at byte 1: cut short"},
	    {STR("\xdb\xff\xff\xff\xff"
	         "x"),
	     NULL, "bad messagepack at byte 5: cut short"},
	    {STR("\xc6\xff\xff\xff\xff"), NULL, "bad messagepack at byte 5: cut short"},
	    {STR("\x92\1"), NULL, "bad messagepack at byte 1: cut short"},
	    {STR("\xdd\xff\xff\xff\xff\1"), NULL, "bad messagepack at byte 5: cut short"},
	    {STR("\xdf\xff\xff\xff\xff\1"), NULL, "bad messagepack at byte 5: cut short"},
	    {STR("\x82\xa1z\1"), NULL, "bad messagepack at byte 1: cut short"},
	    {STR("\x81\xa1z"), NULL, "bad messagepack at byte 3: cut short"},
	    {STR("\1\1"), NULL, "bad messagepack at byte 1: bytes behind the document"},
	    {STR("\xc1"), NULL, "bad messagepack at byte 0: a type that is not used here"},
	    {STR("\xc7\1\1x"), NULL, "bad messagepack at byte 0: a type that is not used here"},
	    {STR("\xd4\1x"), NULL, "bad messagepack at byte 0: a type that is not used here"},
	    {STR("\xd8\1xxxxxxxxxxxxxxxx"), NULL, "bad messagepack at byte 0: a type that is not used here"},
	    {STR("\xa1\xff"), NULL, "bad messagepack at byte 1: a string is not UTF-8"},
	    {STR("\x81\1\1"), NULL, "bad messagepack at byte 2: a key is no string"},
	    {STR("\x81\xc4\1z\1"), NULL, "bad messagepack at byte 3: a key is no string"},
	    {STR("\x81\xa1\0\1"), NULL, "bad messagepack at byte 3: NUL character in a key"},
	    {STR("\x81\xa1\xff\1"), NULL, "bad messagepack at byte 2: a string is not UTF-8"},
	    {STR("\x82\xa1z\1\xa1z\2"), NULL, "bad messagepack at byte 7: a key stands twice"},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect_parsed(val_from_msgpack, cases[i].input, cases[i].want, cases[i].err);
}

static void limits_depth(void **state)
{
	(void)state;
	static const int over[] = {0, 1, 1000};

	for (size_t i = 0; i < LEN(over); i++) {
		struct buf json = BUF_INIT, msgpack = BUF_INIT, want = BUF_INIT;
		int depth = VAL_DEPTH_MAX + over[i];

		for (int k = 0; k < depth; k++) {
			buf_chr(&json, '[');
			buf_chr(&msgpack, (char)0x91);
		}
		buf_chr(&json, '7');
		buf_chr(&msgpack, 7);
		for (int k = 0; k < depth; k++)
			buf_chr(&json, ']');
		buf_str(&want, buf_view(&json));
		expect_parsed(val_from_json, buf_view(&json), buf_z(&want), "bad json: nested too deep");
		expect_parsed(val_from_msgpack, buf_view(&msgpack), buf_z(&want),
		              "bad messagepack at byte 65: nested too deep");
		buf_release(&json);
		buf_release(&msgpack);
		buf_release(&want);
	}
}

/* A stranger's map of many keys: found twice wherever the second stands, and in no quadratic time. */
static void large_maps_are_checked_fast(void **state)
{
	(void)state;
	enum { N = 60000 };
	static const int seconds[] = {-1, 1, 63, 64, 65, N - 1};

	for (size_t i = 0; i < LEN(seconds); i++) {
		struct buf doc = BUF_INIT;
		struct arena a = ARENA_INIT;
		const struct val *v;
		clock_t start = clock();

		buf_str(&doc, STR("\xdf"));
		buf_be32(&doc, N);
		for (int k = 0; k < N; k++)
			buf_fmt(&doc, "\xa5%05d%c", k == seconds[i] ? 0 : k, 1);
		assert_int_equal(val_from_msgpack(buf_view(&doc), &a, &v, NULL), seconds[i] < 0 ? 0 : -1);
		assert_true(clock() - start < 5 * CLOCKS_PER_SEC); /* a quadratic check takes longer by far */
		buf_release(&doc);
		arena_release(&a);
	}
}

/* Any cut and any one changed byte of a good document, and plain noise: an answer, and no more than that. */
static void noise_does_no_harm(void **state)
{
	(void)state;
	static const struct str good[] = {
	    STR("\x83\xa1z\x93\1\xcb\xbf\xe0\0\0\0\0\0\0\xc4\2\0\xff\xa3key\xd9\3xyz\xa1m\x81\xa1k\xdc\0\1\xc0"),
	    STR("{\"z\":[1,-0.5e1,\"\\u00e4\"],\"key\":{\"k\":[null,true]}}"),
	};
	struct arena a = ARENA_INIT;
	uint64_t seed = 8;
	size_t taken = 0;

	for (int i = 0; i < 60000; i++) {
		struct str doc = good[i % 2];
		char bytes[80];
		size_t n = i < 10000 ? (size_t)i % (doc.n + 1) : doc.n;
		const struct val *v;
		char *exact;

		memcpy(bytes, doc.p, doc.n);
		if (i >= 10000)
			bytes[random_below(&seed, doc.n)] = (char)random_next(&seed);
		if (i >= 50000)
			random_bytes(&seed, bytes, n);
		exact = malloc(n ? n : 1);
		memcpy(exact, bytes, n);
		taken += val_from_msgpack(str_of(exact, n), &a, &v, NULL) == 0;
		taken += val_from_json(str_of(exact, n), &a, &v, NULL) == 0;
		free(exact);
		arena_reset(&a);
	}
	assert_true(taken > 1000);
	arena_release(&a);
}

static void accesses(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct val *v, *list;

	assert_int_equal(val_from_json(STR("{\"n\":7,\"s\":\"x\",\"l\":[1,2],\"t\":true,\"r\":1.5}"), &a, &v, NULL), 0);
	assert_int_equal(val_i64(val_get(v, "n"), -1), 7);
	assert_int_equal(val_i64(val_get(v, "s"), -1), -1);
	assert_int_equal(val_i64(val_get(v, "r"), -1), -1);
	assert_int_equal(val_i64(val_get(v, "absent"), 5), 5);
	expect_str(val_str(val_get(v, "s")), STR("x"), "a string");
	expect_str(val_str(val_get(v, "n")), STR_NONE, "a number is no string");
	assert_ptr_equal(val_get(v, "absent"), &val_null);
	list = val_get(v, "l");
	assert_int_equal(list->n, 2);
	assert_ptr_equal(val_get(list, "0"), &val_null);
	assert_ptr_equal(val_get(val_get(v, "n"), "n"), &val_null);
	assert_int_equal(v->line, 0);
	arena_release(&a);
}

/* Once the arena and the writer's buffer have grown, MessagePack goes in and out without a single malloc. */
static void msgpack_needs_no_malloc(void **state)
{
	(void)state;
	struct writer *w = writer_new(ENC_MSGPACK);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	size_t before = 0;

	count_mallocs();
	for (int i = 0; i < 1000; i++) {
		const struct val *v;

		if (i == 10) {
			assert_true(n_mallocs > 0); /* it does count: the first rounds grew the buffers */
			before = n_mallocs;
		}
		assert_int_equal(val_from_msgpack(STR("\x82\xa1z\x92\1\xa3xyz\xa1m\xc4\2ab"), &a, &v, NULL), 0);
		buf_clear(&out);
		val_write(w, v);
		assert_int_equal(writer_finish(w, &out, NULL), 0);
		arena_reset(&a);
	}
	assert_int_equal(n_mallocs, before);
	arena_release(&a);
	buf_release(&out);
	writer_free(w);
}

static void null_views_are_no_documents(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct str none = {NULL, 0};
	const struct val *v = NULL;

	assert_int_equal(val_from_json(none, &a, &v, NULL), -1);
	assert_int_equal(val_from_msgpack(none, &a, &v, NULL), -1);
	assert_null(v);
	assert_int_equal(val_from_yaml(none, "f", &a, &v, NULL), 0);
	assert_int_equal(v->n, 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_are_no_documents),
	    cmocka_unit_test(reads_json),
	    cmocka_unit_test(reads_msgpack),
	    cmocka_unit_test(limits_depth),
	    cmocka_unit_test(large_maps_are_checked_fast),
	    cmocka_unit_test(noise_does_no_harm),
	    cmocka_unit_test(accesses),
	    cmocka_unit_test(msgpack_needs_no_malloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
