/* SPDX-License-Identifier: Apache-2.0 */
/* classify_pattern_test - what patterns need, which are words, which run away, which are not for rules */
#include "classify/pattern.h"
#include "lib/base/buf.h"
#include "lib/codec/regex.h"
#include "tests/unit/support.h"

/* needs: separated by "|", in the order found; "": none known. */
static const struct {
	const char *pattern, *needs;
	bool words;
} rows[] = {
    {"abc", "abc", true},
    {"ABC", "abc", true},
    {"abc|def", "abc|def", true},
    {"ab(?:c|d)e", "abce|abde", true},
    {"records?", "records|record", true},
    {"non[- ]dnssec", "non dnssec|non-dnssec", true},
    {"\\bdyn:t\\d?\\b", "dyn:t", false},
    {"\\bspam\\b", "spam", true},
    {"^(?:a user|an user) ", "a user |an user ", false},
    {"^abc$", "abc", false},
    {"\\d+ to \\w+ of", " to ", false},
    {"ab.*cdef", "cdef", false},
    {"ab*c", "a", false},
    {"ab+c", "a", false},
    {"a{3}b", "a", false},
    {"(?:abc)?x", "x", true},
    {"(?:abc)*xy", "xy", false},
    {"abc(?=def)g", "abcg", false},
    {"abc(?!def)", "abc", false},
    {"abc|\\d", "", false},
    {"abc|", "", false},
    {".", "", false},
    {"\\d\\d", "", false},
    {"[abcde]x", "x", false},
    {"a\\.b\\[c\\]", "a.b[c]", true},
    {"a{b", "a{b", true},
    {"(a)(b)", "ab", true},
    {"[^a]bc", "bc", false},
    {"[]x]yz", "]yz|xyz", true},
    {"\xe3\x81\x82", "\xe3\x81\x82", true},
};

static void test_needs(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = {0};
		struct buf got = BUF_INIT;
		const struct pattern *p = pattern_read(str_from(rows[i].pattern), &a, &err);
		expect(p != NULL, err.msg);
		struct pattern_needs needs = pattern_needs(p, &a);
		for (size_t k = 0; k < needs.n; k++)
			buf_fmt(&got, "%s%.*s", k > 0 ? "|" : "", STR_FMT(needs.items[k]));
		expect_str(buf_view(&got), str_from(rows[i].needs), rows[i].pattern);
		expect(pattern_is_words(p, &a) == rows[i].words, rows[i].pattern);
		buf_release(&got);
	}
	arena_release(&a);
}

static void test_literals(void **state)
{
	static const struct {
		const char *pattern, *want;
	} cases[] = {
	    {"ab.*ab.*cdx", "ab|cdx"},
	    {"^(?:abc|de) \\d+ fg", "abc |de | fg"},
	    {"(?:ab.*|cd)+ef", "ab|cd|ef"},
	    {"\\d+", ""},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf got = BUF_INIT;
		struct pattern_needs l = pattern_literals(pattern_read(str_from(cases[i].pattern), &a, NULL), &a);
		for (size_t k = 0; k < l.n; k++)
			buf_fmt(&got, "%s%.*s", k > 0 ? "|" : "", STR_FMT(l.items[k]));
		expect_str(buf_view(&got), str_from(cases[i].want), cases[i].pattern);
		buf_release(&got);
	}
	arena_release(&a);
}

static void test_refused(void **state)
{
	static const struct {
		const char *pattern, *want;
	} refused[] = {
	    {"(a)\\1", "reference back"},   {"(?<=a)b", "looking behind"}, {"(?<!a)b", "looking behind"},
	    {"(?<n>a)", "looking behind"},  {"(?i)a", "options"},          {"(*UTF)a", "special groups"},
	    {"[[:alpha:]]", "named class"}, {"\\Ka", "such an escape"},    {"\\x41", "such an escape"},
	    {"[a-\\d]", "such a range"},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(refused); i++) {
		struct err err = {0};
		expect(pattern_read(str_from(refused[i].pattern), &a, &err) == NULL, refused[i].pattern);
		if (strstr(err.msg, refused[i].want) == NULL)
			fail_msg("%s: %s", refused[i].pattern, err.msg);
	}
	arena_release(&a);
}

static void test_runs_away(void **state)
{
	static const struct {
		const char *pattern, *want; /* NULL: it does not */
	} cases[] = {
	    {"(?:a+)+b", "within"},
	    {"(?:a*b?)*c", "within"},
	    {"(?:a?b?)*c", "empty"},
	    {"(?:ab|ac)*d", "alike"},
	    {"(?:a(?:b|bc))+d", "alike"},
	    {"\\d+\\d+x", "next to each other"},
	    {"\\w+\\s*\\d+x", "next to each other"},
	    {".*abc", "a beginning of anything"},
	    {"(?:.*|x)abc", "a beginning of anything"},
	    {"a.*b.*c.*d", "more than two"},
	    {"a.+b.+c.+d", "more than two"},
	    {"x\\d*(?:\\d+|y)z", "next to each other"},
	    {"(?:x\\d+)?\\d+z", "next to each other"},
	    {"x\\W*(?:later\\W*|please later\\W*)?$", NULL},
	    {"x(?:.+a|.+b|.+c.+d)", NULL},
	    {"^.*abc", NULL},
	    {"a.*b.*c", NULL},
	    {"\\d+ \\d+ x", NULL},
	    {"(?:ab|cd)*e", NULL},
	    {"(?:a+b)?c", NULL},
	    {"(?:\\d{1,3}\\.){3}\\d{1,3}", NULL},
	    {"\\s*x\\s*", NULL},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err err = {0};
		const struct pattern *p = pattern_read(str_from(cases[i].pattern), &a, &err);
		expect(p != NULL, err.msg);
		const char *why = pattern_runs_away(p);
		if (cases[i].want == NULL ? why != NULL : why == NULL || strstr(why, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].pattern, why == NULL ? "nothing" : why);
	}
	arena_release(&a);
}

/* Whatever PCRE2 matches holds one of the needs: random patterns on random texts of few letters. */
static void put_random(struct buf *out, uint64_t *seed, int depth)
{
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "\\b", "\\d", "[^a]", "1", "^", "$"};
	static const char *const quantifiers[] = {"", "", "", "?", "*", "+", "{2}", "{0,1}", "??", "*?"};

	for (size_t n = 1 + random_below(seed, 3); n > 0; n--) {
		if (depth > 0 && random_below(seed, 3) == 0) {
			buf_str(out, STR("(?:"));
			put_random(out, seed, depth - 1);
			if (random_below(seed, 2)) {
				buf_chr(out, '|');
				put_random(out, seed, depth - 1);
			}
			buf_chr(out, ')');
		} else {
			buf_str(out, str_from(atoms[random_below(seed, LEN(atoms))]));
		}
		if (out->p[out->n - 1] != '^' && out->p[out->n - 1] != '$' && out->p[out->n - 1] != 'b')
			buf_str(out, str_from(quantifiers[random_below(seed, LEN(quantifiers))]));
	}
}

static bool holds_one(struct pattern_needs needs, struct str text)
{
	for (size_t i = 0; i < needs.n; i++)
		if (str_find(text, needs.items[i]) >= 0)
			return true;
	return needs.n == 0;
}

static void test_needs_are_needed(void **state)
{
	struct buf pattern = BUF_INIT;
	struct arena a = ARENA_INIT;
	uint64_t seed = 11;
	size_t matches = 0, needing = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct err err = {0};
		buf_clear(&pattern);
		put_random(&pattern, &seed, 2);
		struct regex *re = regex_new(buf_view(&pattern), false, &err);
		const struct pattern *p = pattern_read(buf_view(&pattern), &a, &err);
		expect(re != NULL && p != NULL, err.msg);
		struct pattern_needs needs = pattern_needs(p, &a);
		needing += needs.n > 0;
		for (int k = 0; k < 20; k++) {
			char text[12];
			size_t n = random_below(&seed, sizeof(text));
			for (size_t at = 0; at < n; at++)
				text[at] = "abc1 "[random_below(&seed, 5)];
			if (regex_match(re, str_of(text, n), NULL, 0) != 1)
				continue;
			matches++;
			if (!holds_one(needs, str_of(text, n)))
				fail_msg("%s matches \"%.*s\", which has none of its %zu needs", buf_z(&pattern),
				         (int)n, text, needs.n);
		}
		regex_free(re);
		arena_reset(&a);
	}
	assert_true(matches > 10000 && needing > 1000);
	buf_release(&pattern);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_needs),     cmocka_unit_test(test_literals),         cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_runs_away), cmocka_unit_test(test_needs_are_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
