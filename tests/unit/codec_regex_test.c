/* SPDX-License-Identifier: Apache-2.0 */
/* codec_regex - matches and groups, with JIT and without; patterns and texts that would run away */
#include "lib/codec/regex.h"

#include "tests/unit/support.h"

static void matches(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str pattern, text;
		int want;
		struct str groups[4];
	} cases[] = {
	    {"whole", STR("b+"), STR("abbc"), 1, {STR("bb")}},
	    {"none", STR("x"), STR("abbc"), 0, {STR("")}},
	    {"caseless", STR("connection TIMED out"), STR("Connection timed out"), 1, {STR("Connection timed out")}},
	    {"groups",
	     STR("(\\d)\\.(\\d)\\.(\\d+)"),
	     STR("451 4.7.12 x"),
	     1,
	     {STR("4.7.12"), STR("4"), STR("7"), STR("12")}},
	    {"an unset group between", STR("(a)|(b)|(c)"), STR("b"), 1, {STR("b"), STR(""), STR("b"), STR("")}},
	    {"an empty group", STR("a(x*)b"), STR("ab"), 1, {STR("ab"), STR("")}},
	    {"empty pattern", STR(""), STR("abc"), 1, {STR("")}},
	    {"empty text", STR("^$"), STR(""), 1, {STR("")}},
	    {"bytes, not UTF-8", STR("^.\\xff$"), STR("\xfe\xff"), 1, {STR("\xfe\xff")}},
	    {"NUL in the text", STR("b"), STR("a\0b"), 1, {STR("b")}},
	    {"NUL in the pattern", STR("a\0b"), STR("a\0b"), 1, {STR("a\0b")}},
	    {"a match from \\K on", STR("ab\\Kc"), STR("abc"), 1, {STR("c")}},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		for (int jit = 0; jit < 2; jit++) {
			struct err err = {0};
			struct regex *re = regex_new(cases[i].pattern, jit, &err);
			struct str groups[4];

			expect(re != NULL, err.msg);
			for (int twice = 0; twice < 2; twice++) {
				for (size_t g = 0; g < LEN(groups); g++)
					groups[g] = STR("?");
				expect(regex_match(re, cases[i].text, groups, 4) == cases[i].want, cases[i].label);
				for (size_t g = 0; g < LEN(groups) && cases[i].want; g++)
					expect_str(groups[g], cases[i].groups[g].p ? cases[i].groups[g] : STR_NONE,
					           cases[i].label);
				expect(regex_match(re, cases[i].text, NULL, 0) == cases[i].want, cases[i].label);
			}
			regex_free(re);
		}
	}
	regex_free(NULL);
}

static void sets_no_more_groups_than_asked(void **state)
{
	(void)state;
	struct regex *re = regex_new(STR("(a)(b)"), false, NULL);
	struct str groups[3] = {STR("?"), STR("?"), STR("?")};

	assert_int_equal(regex_match(re, STR("ab"), groups, 2), 1);
	expect_str(groups[1], STR("a"), "the first");
	expect_str(groups[2], STR("?"), "not touched");
	regex_free(re);
}

/* A view that ends where no memory is: nothing behind it is looked at. */
static void stops_at_the_end_of_the_view(void **state)
{
	(void)state;
	for (int jit = 0; jit < 2; jit++) {
		struct regex *re = regex_new(STR("b$"), jit, NULL);
		char *exact = malloc(2);

		memcpy(exact, "ab", 2);
		assert_int_equal(regex_match(re, str_of(exact, 2), NULL, 0), 1);
		assert_int_equal(regex_match(re, str_of(exact, 1), NULL, 0), 0);
		free(exact);
		regex_free(re);
	}
}

static void nothing_runs_away(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str pattern;
		size_t n;
	} cases[] = {
	    {"nested repeats", STR("^(a+)+$"), 40},
	    {"alternatives that overlap", STR("^(a|a)*$"), 60},
	    {"many optional parts", STR("^(a?){30}a{31}[bc]"), 60},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		for (int jit = 0; jit < 2; jit++) {
			struct regex *re = regex_new(cases[i].pattern, jit, NULL);
			char text[100];

			memset(text, 'a', cases[i].n);
			text[cases[i].n] = '!';
			expect(regex_match(re, str_of(text, cases[i].n + 1), NULL, 0) == -1, cases[i].label);
			/* and after that it still works */
			expect(regex_match(re, STR("b"), NULL, 0) == 0, cases[i].label);
			regex_free(re);
		}
	}
}

static void refuses_bad_patterns(void **state)
{
	(void)state;
	static const struct {
		struct str pattern;
		const char *want;
	} cases[] = {
	    {STR("a(b"), "bad pattern \"a(b\" at 3: "},      {STR("*"), "bad pattern \"*\" at 0: "},
	    {STR("[z-a]"), "bad pattern \"[z-a]\" at 3: "},  {STR("(*UTF)a"), "bad pattern \"(*UTF)a\" at "},
	    {STR("(*UCP)a"), "bad pattern \"(*UCP)a\" at "}, {STR("a\\"), "bad pattern \"a\\\" at 2: "},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct err err = {0};

		expect(regex_new(cases[i].pattern, true, &err) == NULL, cases[i].want);
		assert_int_equal(err.kind, ERR_CONFIG);
		if (!str_starts(str_from(err.msg), str_from(cases[i].want)))
			fail_msg("%s: %s", cases[i].want, err.msg);
	}
}

/* Not only what would never end: work that a library's own, far higher limits would still allow. */
static void a_little_work_is_all_there_is(void **state)
{
	(void)state;
	static const struct str text = STR("aaaaaaaaaaaaaaaa!");

	for (int jit = 0; jit < 2; jit++) {
		struct regex *re = regex_new(STR("^(a+)+$"), jit, NULL);

		assert_int_equal(regex_match(re, str_skip(text, 10), NULL, 0), 0);
		assert_int_equal(regex_match(re, text, NULL, 0), -1);
		regex_free(re);
	}
}

/* A limit set within the pattern can only be a lower one. */
static void limits_cannot_be_lifted(void **state)
{
	(void)state;
	for (int jit = 0; jit < 2; jit++) {
		struct regex *re = regex_new(STR("(*LIMIT_MATCH=4000000000)^(a+)+$"), jit, NULL);

		assert_non_null(re);
		assert_int_equal(regex_match(re, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), NULL, 0), -1);
		regex_free(re);
	}
}

static void null_views_are_empty(void **state)
{
	(void)state;
	for (int jit = 0; jit < 2; jit++) {
		struct regex *re = regex_new((struct str){NULL, 0}, jit, NULL);

		assert_non_null(re);
		assert_int_equal(regex_match(re, (struct str){NULL, 0}, NULL, 0), 1);
		regex_free(re);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_are_empty),
	    cmocka_unit_test(matches),
	    cmocka_unit_test(sets_no_more_groups_than_asked),
	    cmocka_unit_test(stops_at_the_end_of_the_view),
	    cmocka_unit_test(nothing_runs_away),
	    cmocka_unit_test(a_little_work_is_all_there_is),
	    cmocka_unit_test(refuses_bad_patterns),
	    cmocka_unit_test(limits_cannot_be_lifted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
