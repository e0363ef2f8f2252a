/* SPDX-License-Identifier: Apache-2.0 */
/* base_str - comparing, searching and cutting views */
#include "lib/base/str.h"

#include "tests/unit/support.h"

static void compares(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str a, b;
		bool eq, eq_nocase;
		int order;
	} cases[] = {
	    {"both empty", STR(""), STR(""), true, true, 0},
	    {"empty first", STR(""), STR("a"), false, false, -1},
	    {"same", STR("relay"), STR("relay"), true, true, 0},
	    {"case", STR("Relay"), STR("rELAY"), false, true, -1},
	    {"prefix first", STR("rel"), STR("relay"), false, false, -1},
	    {"bytes are unsigned", STR("\x7f"), STR("\x80"), false, false, -1},
	    {"not letters: @ and `", STR("@"), STR("`"), false, false, -1},
	    {"not letters: [ and {", STR("["), STR("{"), false, false, -1},
	    {"no case beyond ASCII", STR("\xc3\x84"), STR("\xc3\xa4"), false, false, -1},
	    {"NUL counts", STR("a\0b"), STR("a\0c"), false, false, -1},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		int order = str_cmp(cases[i].a, cases[i].b), back = str_cmp(cases[i].b, cases[i].a);

		expect(str_eq(cases[i].a, cases[i].b) == cases[i].eq, cases[i].label);
		expect(str_eq_nocase(cases[i].a, cases[i].b) == cases[i].eq_nocase, cases[i].label);
		expect((order > 0) - (order < 0) == cases[i].order, cases[i].label);
		expect((back > 0) - (back < 0) == -cases[i].order, cases[i].label);
	}
}

static void makes_views(void **state)
{
	(void)state;
	expect_str(str_from("abc"), STR("abc"), "of a C string");
	expect_str(str_from(NULL), STR(""), "of no C string");
	assert_non_null(str_from(NULL).p);
	assert_non_null(str_of(NULL, 0).p);
	expect_str(str_of("abcdef", 2), STR("ab"), "of bytes");
	assert_int_equal(STR("a\0b").n, 3);
}

static void knows_both_ends(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str s, part;
		bool starts, starts_nocase, ends, ends_nocase;
	} cases[] = {
	    {"nothing is everywhere", STR("abc"), STR(""), true, true, true, true},
	    {"nothing in nothing", STR(""), STR(""), true, true, true, true},
	    {"longer than all", STR("ab"), STR("abc"), false, false, false, false},
	    {"the whole", STR("abc"), STR("abc"), true, true, true, true},
	    {"at the start", STR("postfix/smtp"), STR("postfix/"), true, true, false, false},
	    {"at the end", STR("mx.example.com"), STR(".example.com"), false, false, true, true},
	    {"at both", STR("aXa"), STR("a"), true, true, true, true},
	    {"case at the start", STR("Host x"), STR("hOST"), false, true, false, false},
	    {"case at the end", STR("mx.EXAMPLE.com"), STR(".example.com"), false, false, false, true},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct str s = cases[i].s, part = cases[i].part;

		expect(str_starts(s, part) == cases[i].starts, cases[i].label);
		expect(str_starts_nocase(s, part) == cases[i].starts_nocase, cases[i].label);
		expect(str_ends(s, part) == cases[i].ends, cases[i].label);
		expect(str_ends_nocase(s, part) == cases[i].ends_nocase, cases[i].label);
	}
}

static void finds(void **state)
{
	(void)state;
	assert_int_equal(str_chr(STR("a=b=c"), '='), 1);
	assert_int_equal(str_rchr(STR("a=b=c"), '='), 3);
	assert_int_equal(str_chr(STR("abc"), '='), -1);
	assert_int_equal(str_rchr(STR("abc"), '='), -1);
	assert_int_equal(str_chr(STR(""), 'a'), -1);
	assert_int_equal(str_rchr(STR(""), 'a'), -1);
	assert_int_equal(str_chr(STR("a\0b"), '\0'), 1);
	assert_int_equal(str_chr(str_head(STR("abc="), 3), '='), -1);
	assert_int_equal(str_find(STR("status=deferred"), STR("=def")), 6);
	assert_int_equal(str_find(STR("aaab"), STR("aab")), 1);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
	assert_int_equal(str_find(STR("ab"), STR("abc")), -1);
	assert_int_equal(str_find(STR(""), STR("a")), -1);
}

static void cuts(void **state)
{
	(void)state;
	struct str s = STR("a, b"), head = STR("before");

	expect_str(str_skip(s, 3), STR("b"), "skip");
	expect_str(str_skip(s, 9), STR(""), "skip too far");
	expect_str(str_head(s, 1), STR("a"), "head");
	expect_str(str_head(s, 9), s, "head of more than all");
	assert_true(str_cut(&s, ',', &head));
	expect_str(head, STR("a"), "what was before the separator");
	expect_str(s, STR(" b"), "what is behind it");
	assert_false(str_cut(&s, ',', &head));
	expect_str(head, STR("a"), "untouched without one");
	expect_str(s, STR(" b"), "untouched without one");
	assert_true(str_eat(&s, STR(" ")));
	assert_false(str_eat(&s, STR(" ")));
	expect_str(s, STR("b"), "eaten once");
	s = STR("=");
	assert_true(str_cut(&s, '=', &head));
	assert_int_equal(head.n + s.n, 0);
}

static void trims(void **state)
{
	(void)state;
	static const struct {
		struct str input, want;
	} cases[] = {
	    {STR(""), STR("")},           {STR(" \t\r\n\v\f"), STR("")},  {STR("a"), STR("a")},
	    {STR("  a b\n"), STR("a b")}, {STR("\xa0 a"), STR("\xa0 a")}, {STR("\0 a"), STR("\0 a")},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect_str(str_trim(cases[i].input), cases[i].want, "trim");
}

static void reads_numbers(void **state)
{
	(void)state;
	static const struct {
		struct str input;
		bool ok;
		int64_t want;
	} cases[] = {
	    {STR("0"), true, 0},
	    {STR("42"), true, 42},
	    {STR("-42"), true, -42},
	    {STR("007"), true, 7},
	    {STR("-0"), true, 0},
	    {STR("9223372036854775807"), true, INT64_MAX},
	    {STR("-9223372036854775808"), true, INT64_MIN},
	    {STR("9223372036854775808"), false, 0},
	    {STR("-9223372036854775809"), false, 0},
	    {STR("99999999999999999999999999"), false, 0},
	    {STR(""), false, 0},
	    {STR("-"), false, 0},
	    {STR("--5"), false, 0},
	    {STR("+1"), false, 0},
	    {STR("1 "), false, 0},
	    {STR(" 1"), false, 0},
	    {STR("1.0"), false, 0},
	    {STR("0x10"), false, 0},
	    {STR("1\0"), false, 0},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t value = 77;

		expect(str_i64(cases[i].input, &value) == cases[i].ok, cases[i].input.p);
		expect_i64(value, cases[i].ok ? cases[i].want : 77, cases[i].input.p);
	}
}

static void prints_what_it_reads(void **state)
{
	(void)state;
	uint64_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		int64_t want = (int64_t)(random_next(&seed) >> random_below(&seed, 64)), got;
		char text[32];

		want = i % 2 ? want : -want;
		snprintf(text, sizeof(text), "%lld", (long long)want);
		assert_true(str_i64(str_from(text), &got));
		expect_i64(got, want, text);
	}
}

/* The views of a cleared struct. UBSan looks for what may not be done with them. */
static void null_views_are_empty(void **state)
{
	(void)state;
	struct str none = {NULL, 0}, head, s = none;
	int64_t value;

	assert_true(str_eq(none, STR("")) && str_eq(STR(""), none) && !str_eq(none, STR("a")));
	assert_true(str_eq_nocase(none, STR("")) && str_cmp(none, STR("")) == 0);
	assert_true(str_cmp(none, STR("a")) < 0 && str_cmp(STR("a"), none) > 0);
	assert_true(str_starts(none, none) && str_starts(STR("a"), none) && !str_starts(none, STR("a")));
	assert_true(str_starts_nocase(none, none) && str_starts_nocase(STR("a"), none));
	assert_true(str_ends(none, none) && str_ends(STR("a"), none) && str_ends_nocase(none, none));
	assert_int_equal(str_chr(none, 'a'), -1);
	assert_int_equal(str_rchr(none, '\0'), -1);
	assert_int_equal(str_find(none, STR("a")), -1);
	assert_int_equal(str_find(none, none), 0);
	assert_int_equal(str_find(STR("a"), none), 0);
	assert_int_equal(str_skip(none, 3).n + str_head(none, 3).n + str_trim(none).n, 0);
	assert_true(str_eat(&s, none) && !str_eat(&s, STR("a")) && !str_cut(&s, ',', &head));
	assert_false(str_i64(none, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_are_empty),
	    cmocka_unit_test(compares),
	    cmocka_unit_test(makes_views),
	    cmocka_unit_test(knows_both_ends),
	    cmocka_unit_test(finds),
	    cmocka_unit_test(cuts),
	    cmocka_unit_test(trims),
	    cmocka_unit_test(reads_numbers),
	    cmocka_unit_test(prints_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
