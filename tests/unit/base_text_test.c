/* SPDX-License-Identifier: Apache-2.0 */
/* base_text - cleaning of hostile text, hex and base64 */
#include "lib/base/text.h"

#include "tests/unit/support.h"

#define BAD "\xef\xbf\xbd" /* what stands for a bad byte */

static void cleans(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str input;
		size_t max;
		struct str want;
		bool utf8; /* is the input well-formed? */
	} cases[] = {
	    {"empty", STR(""), 9, STR(""), true},
	    {"plain", STR("451 4.7.1 later"), 99, STR("451 4.7.1 later"), true},
	    {"two, three, four bytes", STR("\xc3\xa4\xe9\x83\xb5\xf0\x9f\x93\xa7"), 99,
	     STR("\xc3\xa4\xe9\x83\xb5\xf0\x9f\x93\xa7"), true},
	    {"C0", STR("a\tb\r\n\x1b[31m"), 99, STR("a b   [31m"), true},
	    {"NUL", STR("a\0b"), 99, STR("a b"), true},
	    {"DEL", STR("a\x7f"), 99, STR("a "), true},
	    {"C1: first, last", STR("\xc2\x80\xc2\x9f"), 99, STR("  "), true},
	    {"behind C1", STR("\xc2\xa0"), 99, STR("\xc2\xa0"), true},
	    {"U+061C", STR("\xd8\x9c"), 99, STR(" "), true},
	    {"U+061B, U+061D", STR("\xd8\x9b\xd8\x9d"), 99, STR("\xd8\x9b\xd8\x9d"), true},
	    {"U+200D stays", STR("\xe2\x80\x8d"), 99, STR("\xe2\x80\x8d"), true},
	    {"U+200E, U+200F", STR("\xe2\x80\x8e\xe2\x80\x8f"), 99, STR("  "), true},
	    {"U+2010 stays", STR("\xe2\x80\x90"), 99, STR("\xe2\x80\x90"), true},
	    {"U+2027 stays", STR("\xe2\x80\xa7"), 99, STR("\xe2\x80\xa7"), true},
	    {"U+2028, U+2029", STR("\xe2\x80\xa8\xe2\x80\xa9"), 99, STR("  "), true},
	    {"U+202A, U+202E", STR("\xe2\x80\xaa\xe2\x80\xae"), 99, STR("  "), true},
	    {"U+202F stays", STR("\xe2\x80\xaf"), 99, STR("\xe2\x80\xaf"), true},
	    {"U+2065 stays", STR("\xe2\x81\xa5"), 99, STR("\xe2\x81\xa5"), true},
	    {"U+2066, U+2069", STR("\xe2\x81\xa6\xe2\x81\xa9"), 99, STR("  "), true},
	    {"U+206A stays", STR("\xe2\x81\xaa"), 99, STR("\xe2\x81\xaa"), true},
	    {"U+FEFF", STR("\xef\xbb\xbfx"), 99, STR(" x"), true},
	    {"U+D7FF, U+E000", STR("\xed\x9f\xbf\xee\x80\x80"), 99, STR("\xed\x9f\xbf\xee\x80\x80"), true},
	    {"U+10FFFF", STR("\xf4\x8f\xbf\xbf"), 99, STR("\xf4\x8f\xbf\xbf"), true},
	    {"over U+10FFFF", STR("\xf4\x90\x80\x80"), 99, STR(BAD BAD BAD BAD), false},
	    {"f5", STR("\xf5\x80\x80\x80"), 99, STR(BAD BAD BAD BAD), false},
	    {"surrogate", STR("\xed\xa0\x80"), 99, STR(BAD BAD BAD), false},
	    {"overlong slash", STR("\xc0\xaf"), 99, STR(BAD BAD), false},
	    {"overlong in three", STR("\xe0\x80\xaf"), 99, STR(BAD BAD BAD), false},
	    {"overlong in four", STR("\xf0\x8f\xbf\xbf"), 99, STR(BAD BAD BAD BAD), false},
	    {"lone continuation", STR("a\x80z"), 99, STR("a" BAD "z"), false},
	    {"cut at the end", STR("a\xe9\x83"), 99, STR("a" BAD BAD), false},
	    {"cut swallows nothing", STR("\xe9\x83!ok"), 99, STR(BAD BAD "!ok"), false},
	    {"two bytes, cut by a good one", STR("\xc3\xc3\xa4"), 99, STR(BAD "\xc3\xa4"), false},
	    {"max nothing", STR("abc"), 0, STR(""), true},
	    {"max within plain text", STR("abcdef"), 4, STR("abcd"), true},
	    {"max between characters", STR("ab\xc3\xa4"), 3, STR("ab"), true},
	    {"max just fits", STR("ab\xc3\xa4"), 4, STR("ab\xc3\xa4"), true},
	    {"no room for a replacement", STR("ab\xff"), 4, STR("ab"), false},
	    {"nothing behind what did not fit", STR("a\xf0\x9f\x93\xa7z"), 3, STR("a"), true},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf out = BUF_INIT;

		buf_str(&out, STR(">"));
		text_clean(&out, cases[i].input, cases[i].max);
		expect_str(str_skip(buf_view(&out), 1), cases[i].want, cases[i].label);
		expect(text_is_clean(cases[i].input, cases[i].max) == str_eq(cases[i].input, cases[i].want),
		       cases[i].label);
		expect(text_is_utf8(cases[i].input) == cases[i].utf8, cases[i].label);
		buf_release(&out);
	}
}

/* Whatever comes in: what comes out is clean, within the limit, and cleaning it again changes nothing. */
static void cleans_for_good(void **state)
{
	(void)state;
	static const char alphabet[] = "ab \x00\x1b\x7f\x80\x8e\x9c\xa8\xbf\xc2\xc3\xd8\xe2\xed\xef\xf0\xf4\xff";
	struct buf once = BUF_INIT, twice = BUF_INIT;
	uint64_t seed = 11;

	for (int i = 0; i < 30000; i++) {
		char text[40];
		size_t n = random_below(&seed, sizeof(text)), max = random_below(&seed, 60);

		random_bytes(&seed, text, n);
		for (size_t k = 0; i % 2 && k < n; k++)
			text[k] = alphabet[random_below(&seed, sizeof(alphabet))];
		buf_clear(&once), buf_clear(&twice);
		text_clean(&once, str_of(text, n), max);
		assert_true(once.n <= max);
		assert_true(text_is_clean(buf_view(&once), max));
		text_clean(&twice, buf_view(&once), max);
		assert_true(str_eq(buf_view(&once), buf_view(&twice)));
		assert_int_equal(text_is_clean(str_of(text, n), max), str_eq(buf_view(&once), str_of(text, n)));
	}
	buf_release(&once);
	buf_release(&twice);
}

/* Every code point there is, encoded by hand. */
static void knows_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		char p[4] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)), (char)(0x80 | (c >> 6 & 0x3f)),
		             (char)(0x80 | (c & 0x3f))};
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

		if (n < 4)
			p[4 - n] = (char)(n == 1 ? c : n == 2 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
		if (text_is_utf8(str_of(p + 4 - n, n)) != ((c < 0xd800 || c > 0xdfff) && c <= 0x10ffff))
			fail_msg("U+%04X", c);
	}
}

static void lowers_ascii_only(void **state)
{
	(void)state;
	char text[] = "AZ[@`{az \xc3\x84\xc9";

	text_lower(text, sizeof(text) - 1);
	assert_string_equal(text, "az[@`{az \xc3\x84\xc9");
}

static void hex_goes_both_ways(void **state)
{
	(void)state;
	static const struct {
		struct str hex;
		bool ok;
		struct str bytes;
	} cases[] = {
	    {STR(""), true, STR("")},
	    {STR("00ff7f80"), true, STR("\x00\xff\x7f\x80")},
	    {STR("aAbBfF"), true, STR("\xaa\xbb\xff")},
	    {STR("0"), false, STR("")},
	    {STR("012"), false, STR("")},
	    {STR("0g"), false, STR("")},
	    {STR("g0"), false, STR("")},
	    {STR("00 0"), false, STR("")},
	    {STR("0x"), false, STR("")},
	    {STR("00-1"), false, STR("")},
	    {STR("\x11\x11"), false, STR("")},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf out = BUF_INIT;

		buf_chr(&out, '>');
		expect(text_unhex(&out, cases[i].hex) == cases[i].ok, cases[i].hex.p);
		expect_str(str_skip(buf_view(&out), 1), cases[i].bytes, cases[i].hex.p);
		buf_release(&out);
	}
}

static void base64_goes_both_ways(void **state)
{
	(void)state;
	static const struct {
		struct str b64;
		bool ok;
		struct str bytes;
	} cases[] = {
	    {STR(""), true, STR("")},
	    {STR("Zg=="), true, STR("f")},
	    {STR("Zm8="), true, STR("fo")},
	    {STR("Zm9v"), true, STR("foo")},
	    {STR("Zm9vYmFy"), true, STR("foobar")},
	    {STR("+/+/"), true, STR("\xfb\xff\xbf")},
	    {STR("AAAA"), true, STR("\0\0\0")},
	    {STR("Zg"), false, STR("")},
	    {STR("Zg="), false, STR("")},
	    {STR("Zg==Zg=="), false, STR("")},
	    {STR("Zm9vZ==="), false, STR("")},
	    {STR("===="), false, STR("")},
	    {STR("Z=g="), false, STR("")},
	    {STR("Zh=="), false, STR("")},
	    {STR("Zm9="), false, STR("")},
	    {STR("Zm 9"), false, STR("")},
	    {STR("Zm9v\n"), false, STR("")},
	    {STR("-_-_"), false, STR("")},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf out = BUF_INIT, back = BUF_INIT;

		buf_chr(&out, '>');
		expect(text_unbase64(&out, cases[i].b64) == cases[i].ok, cases[i].b64.p);
		expect_str(str_skip(buf_view(&out), 1), cases[i].bytes, cases[i].b64.p);
		text_base64(&back, cases[i].bytes);
		expect(!cases[i].ok || str_eq(buf_view(&back), cases[i].b64), cases[i].b64.p);
		buf_release(&out);
		buf_release(&back);
	}
}

static void any_bytes_survive(void **state)
{
	(void)state;
	struct buf hex = BUF_INIT, b64 = BUF_INIT, back = BUF_INIT;
	uint64_t seed = 5;

	for (int i = 0; i < 5000; i++) {
		char bytes[70];
		size_t n = random_below(&seed, sizeof(bytes));

		random_bytes(&seed, bytes, n);
		buf_clear(&hex), buf_clear(&b64), buf_clear(&back);
		text_hex(&hex, str_of(bytes, n));
		assert_true(text_unhex(&back, buf_view(&hex)));
		assert_true(str_eq(buf_view(&back), str_of(bytes, n)));
		buf_clear(&back);
		text_base64(&b64, str_of(bytes, n));
		assert_int_equal(b64.n, (n + 2) / 3 * 4);
		assert_true(text_unbase64(&back, buf_view(&b64)));
		assert_true(str_eq(buf_view(&back), str_of(bytes, n)));
	}
	buf_release(&hex);
	buf_release(&b64);
	buf_release(&back);
}

static void null_views_are_clean(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;
	struct str none = {NULL, 0};

	text_clean(&out, none, 9);
	text_hex(&out, none);
	text_base64(&out, none);
	assert_true(text_unhex(&out, none) && text_unbase64(&out, none));
	assert_true(text_is_clean(none, 0) && text_is_utf8(none));
	text_lower(NULL, 0);
	assert_int_equal(out.n, 0);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_are_clean),  cmocka_unit_test(cleans),
	    cmocka_unit_test(cleans_for_good),       cmocka_unit_test(knows_every_character),
	    cmocka_unit_test(lowers_ascii_only),     cmocka_unit_test(hex_goes_both_ways),
	    cmocka_unit_test(base64_goes_both_ways), cmocka_unit_test(any_bytes_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
