/* SPDX-License-Identifier: Apache-2.0 */
/* codec_yaml - the plain part of YAML that configuration is written in; lines, and what is refused */
#include "lib/base/buf.h"
#include "lib/codec/value.h"
#include "lib/codec/writer.h"

#include "tests/unit/support.h"

/* The document as compact JSON, or the error. */
static void expect_parsed(const char *label, struct str input, const char *want_json, const char *want_err)
{
	struct writer *w = writer_new(ENC_JSON);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	struct err err = {0};
	const struct val *v = NULL;

	if (val_from_yaml(input, "conf.yaml", &a, &v, &err) < 0) {
		assert_null(v);
		assert_int_equal(err.kind, ERR_CONFIG);
		expect_str(str_from(err.msg), str_from(want_err), label);
	} else {
		val_write(w, v);
		assert_int_equal(writer_finish(w, &out, &err), 0);
		expect_str(buf_view(&out), str_from(want_json), label);
	}
	buf_release(&out);
	arena_release(&a);
	writer_free(w);
}

static void reads(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str input;
		const char *want;
	} cases[] = {
	    {"empty", STR(""), "{}"},
	    {"only comments", STR("# nothing\n\n# here\n"), "{}"},
	    {"only a mark", STR("---\n"), "{}"},
	    {"a map", STR("z: 1\na: two\n"), "{\"z\":1,\"a\":\"two\"}"},
	    {"nested", STR("a:\n  b:\n    - 1\n    - c: 2\n      d: 3\n"), "{\"a\":{\"b\":[1,{\"c\":2,\"d\":3}]}}"},
	    {"flow", STR("{a: [1, 2], b: {}, c: []}"), "{\"a\":[1,2],\"b\":{},\"c\":[]}"},
	    {"a list at the top", STR("- a\n- b\n"), "[\"a\",\"b\"]"},
	    {"nulls", STR("[null, ~, '', \"null\"]"), "[null,null,\"\",\"null\"]"},
	    {"nothing", STR("a:\nb:\n"), "{\"a\":null,\"b\":null}"},
	    {"truth", STR("[true, false, True, FALSE, yes, on, off, n, 'true']"),
	     "[true,false,true,false,\"yes\",\"on\",\"off\",\"n\",\"true\"]"},
	    {"integers", STR("[0, -5, 9223372036854775807, -9223372036854775808]"),
	     "[0,-5,9223372036854775807,-9223372036854775808]"},
	    {"no integers", STR("[+1, --5, -, 1.5, 1e3, 0x10, 1_000, 9223372036854775808, '7', \"7\"]"),
	     "[\"+1\",\"--5\",\"-\",\"1.5\",\"1e3\",\"0x10\",\"1_000\",\"9223372036854775808\",\"7\",\"7\"]"},
	    {"what looks like more", STR("[4.7.1, 12:30, 2026-11-24, 48h, '*.example.com']"),
	     "[\"4.7.1\",\"12:30\",\"2026-11-24\",\"48h\",\"*.example.com\"]"},
	    {"keys are text", STR("451: a\ntrue: b\n~: c\n'': d\n"),
	     "{\"451\":\"a\",\"true\":\"b\",\"~\":\"c\",\"\":\"d\"}"},
	    {"block text", STR("a: |\n  one\n  two\nb: >\n  one\n  two\n"),
	     "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}"},
	    {"escapes", STR("a: \"\\u90f5\\t\\0\""), "{\"a\":\"\xe9\x83\xb5\\t\\u0000\"}"},
	    {"UTF-8", STR("a: \xe9\x83\xb5"), "{\"a\":\"\xe9\x83\xb5\"}"},
	    {"same key in two maps", STR("a: {k: 1}\nb: {k: 2}\n"), "{\"a\":{\"k\":1},\"b\":{\"k\":2}}"},
	    {"merge is only a key", STR("<<: 1\n"), "{\"<<\":1}"},
	    {"marks around one document", STR("---\na: 1\n...\n"), "{\"a\":1}"},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect_parsed(cases[i].label, cases[i].input, cases[i].want, "(no error is wanted)");
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str input;
		const char *want;
	} cases[] = {
	    {"anchor on text", STR("a: 1\nb: &x 2\n"), "conf.yaml:2: anchors and tags are not supported"},
	    {"anchor on a map", STR("a: &x\n  b: 1\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"anchor on a list", STR("a: &x [1]\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"anchor on a key", STR("a: 1\n&x b: 1\n"), "conf.yaml:2: anchors and tags are not supported"},
	    {"alias", STR("a: 1\n\nb: *x\n"), "conf.yaml:3: aliases are not supported"},
	    {"alias as a key", STR("*x : 1\n"), "conf.yaml:1: a key must be a word"},
	    {"tag on text", STR("a: !!str 1\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"tag on a map", STR("a: !x {}\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"tag on a list", STR("a: !x []\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"tag on a key", STR("!!int 1: a\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"tag of nothing", STR("a: ! b\n"), "conf.yaml:1: anchors and tags are not supported"},
	    {"a second document", STR("a: 1\n---\nb: 2\n"), "conf.yaml:2: a second document is not supported"},
	    {"key twice", STR("a: 1\nb: 2\n\na: 3\n"), "conf.yaml:4: key \"a\" stands here again, first in line 1"},
	    {"key twice, quoted", STR("a: 1\n'a': 3\n"), "conf.yaml:2: key \"a\" stands here again, first in line 1"},
	    {"key twice, deep", STR("l:\n  - k: 1\n    k: 2\n"),
	     "conf.yaml:3: key \"k\" stands here again, first in line 2"},
	    {"list as a key", STR("a: 1\n? [b]\n: 2\n"), "conf.yaml:2: a key must be a word"},
	    {"NUL in a key", STR("a: 1\n\"b\\0\": 2\n"), "conf.yaml:2: NUL character in a key"},
	    {"bad byte", STR("a: 1\nb: 2\nc: \xff\n"), "conf.yaml:3: invalid leading UTF-8 octet"},
	    {"control character", STR("a: 1\nb: \x01\n"), "conf.yaml:2: control characters are not allowed"},
	    {"UTF-16",
	     STR("\xff\xfe"
	         "a\0"),
	     "conf.yaml:1: invalid leading UTF-8 octet"},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect_parsed(cases[i].label, cases[i].input, "(no document is wanted)", cases[i].want);
}

/* libyaml's own words may change with its version: only the line is ours. */
static void syntax_errors_name_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str input;
		const char *want;
	} cases[] = {
	    {"tab as indent", STR("a:\n\tb: 1\n"), "conf.yaml:2: "},
	    {"flow not closed", STR("a: 1\nb: [1\n"), "conf.yaml:3: "},
	    {"quote not closed", STR("a: 'x\n"), "conf.yaml:2: "},
	    {"text behind a quote", STR("a: 'x' y\n"), "conf.yaml:1: "},
	    {"map in a word", STR("a: b: c\n"), "conf.yaml:1: "},
	    {"indent that fits nothing", STR("a:\n  b: 1\n c: 2\n"), "conf.yaml:3: "},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct arena a = ARENA_INIT;
		const struct val *v;
		struct err err = {0};

		expect(val_from_yaml(cases[i].input, "conf.yaml", &a, &v, &err) == -1, cases[i].label);
		if (!str_starts(str_from(err.msg), str_from(cases[i].want)))
			fail_msg("%s: %s", cases[i].label, err.msg);
		expect(strlen(err.msg) > strlen(cases[i].want), cases[i].label);
		arena_release(&a);
	}
}

static void every_node_knows_its_line(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const struct val *v, *list;

	assert_int_equal(
	    val_from_yaml(STR("# head\na: 1\nlist:\n  - x\n\n  - k:\n      true\nend: {}\n"), "f", &a, &v, NULL), 0);
	assert_int_equal(v->line, 2);
	assert_int_equal(v->keys[0].line, 2);
	assert_int_equal(val_get(v, "a")->line, 2);
	assert_int_equal(v->keys[1].line, 3);
	list = val_get(v, "list");
	assert_int_equal(list->line, 4);
	assert_int_equal(list->items[0].line, 4);
	assert_int_equal(list->items[1].line, 6);
	assert_int_equal(list->items[1].keys[0].line, 6);
	assert_int_equal(list->items[1].items[0].line, 7);
	assert_int_equal(v->keys[2].line, 8);
	assert_int_equal(val_get(v, "end")->line, 8);
	arena_release(&a);
}

static void nested_document(struct buf *out, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_chr(out, '[');
	buf_chr(out, '7');
	for (int i = 0; i < depth; i++)
		buf_chr(out, ']');
}

static void limits_depth(void **state)
{
	(void)state;
	struct buf doc = BUF_INIT;

	nested_document(&doc, VAL_DEPTH_MAX);
	expect_parsed("at the limit", buf_view(&doc), buf_z(&doc), NULL);
	buf_clear(&doc);
	nested_document(&doc, VAL_DEPTH_MAX + 1);
	expect_parsed("beyond", buf_view(&doc), "(no document is wanted)", "conf.yaml:1: nested too deep");
	buf_release(&doc);
}

/* Lists grow in steps: every length around them. */
static void holds_lists_of_any_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		struct buf doc = BUF_INIT;
		struct arena a = ARENA_INIT;
		const struct val *v;

		buf_str(&doc, STR("list: ["));
		for (size_t i = 0; i < n; i++)
			buf_fmt(&doc, "%zu,", i);
		buf_str(&doc, STR("]\nmap: {"));
		for (size_t i = 0; i < n; i++)
			buf_fmt(&doc, "k%zu: %zu,", i, i);
		buf_str(&doc, STR("}\n"));
		assert_int_equal(val_from_yaml(buf_view(&doc), "f", &a, &v, NULL), 0);
		assert_int_equal(val_get(v, "list")->n, n);
		assert_int_equal(val_get(v, "map")->n, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(val_get(v, "list")->items[i].i, i);
			assert_int_equal(val_get(v, "map")->items[i].i, i);
		}
		buf_release(&doc);
		arena_release(&a);
	}
}

/* Any cut or changed byte: an answer, no leak, no read beyond the end. */
static void noise_does_no_harm(void **state)
{
	(void)state;
	static const struct str good =
	    STR("a: &x {b: [1, 'two'], c: \"t\\u00e4\"}\nd: |\n  text\n? e\n: - f\n  - *x\n");
	uint64_t seed = 21;

	for (size_t i = 0; i < 20000; i++) {
		char *exact = malloc(good.n);
		size_t n = i < good.n ? i : good.n;
		struct arena a = ARENA_INIT;
		const struct val *v;
		struct err err = {0};

		memcpy(exact, good.p, good.n);
		if (i >= good.n)
			exact[random_below(&seed, n)] = (char)random_below(&seed, 128);
		if (i >= good.n && i % 2)
			exact[random_below(&seed, n)] = "&*!%@-?:,[]{}#|>'\"\\\n\t "[random_below(&seed, 23)];
		if (val_from_yaml(str_of(exact, n), "f", &a, &v, &err) < 0)
			assert_true(str_starts(str_from(err.msg), STR("f:")));
		arena_release(&a);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(syntax_errors_name_their_line),
	    cmocka_unit_test(every_node_knows_its_line),
	    cmocka_unit_test(limits_depth),
	    cmocka_unit_test(holds_lists_of_any_length),
	    cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
