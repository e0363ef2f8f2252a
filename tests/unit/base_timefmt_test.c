/* SPDX-License-Identifier: Apache-2.0 */
/* base_timefmt - the calendar day by day, RFC 3339 and durations */
#include "lib/base/timefmt.h"

#include "tests/unit/support.h"

static const int64_t day_ms = 86400000;

/* Days of a month by the rule as it is taught, not as the code computes it. */
static int days_in(int year, int month)
{
	if (month == 2)
		return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void counts_every_day(void **state)
{
	(void)state;
	int64_t day = 0;

	for (int year = 1970; year <= 9999; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int d = 1; d <= days_in(year, month); d++, day++) {
				struct civil c = {year, month, d, 0, 0, 0, 0}, back;

				if (year > 2200 && d > 1)
					continue; /* later on, the first of each month will do */
				assert_true(time_civil_ok(&c));
				assert_true(time_from_civil(&c) == day * day_ms);
				time_to_civil(day * day_ms, &back);
				assert_memory_equal(&back, &c, sizeof(c));
				time_to_civil(day * day_ms + day_ms - 1, &back);
				assert_int_equal(back.day, d);
				assert_int_equal(back.hour * 10000 + back.minute * 100 + back.second, 235959);
				assert_int_equal(back.ms, 999);
			}
		}
	}
}

static void counts_within_a_day(void **state)
{
	(void)state;
	uint64_t seed = 2;

	for (int i = 0; i < 50000; i++) {
		int64_t ms = (int64_t)(random_next(&seed) % 253402300800000), back;
		struct civil c;
		char text[25];

		time_to_civil(ms, &c);
		assert_true(time_civil_ok(&c));
		assert_true(time_from_civil(&c) == ms);
		time_format(ms, text);
		assert_int_equal(strlen(text), 24);
		assert_true(time_parse(str_from(text), &back));
		expect_i64(back, ms, text);
	}
}

static void knows_the_calendar(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct civil c;
		bool ok;
	} cases[] = {
	    {"the first", {1970, 1, 1, 0, 0, 0, 0}, true},
	    {"the last", {9999, 12, 31, 23, 59, 59, 999}, true},
	    {"leap second", {2016, 12, 31, 23, 59, 60, 0}, true},
	    {"a second more", {2016, 12, 31, 23, 59, 61, 0}, false},
	    {"before the epoch", {1969, 12, 31, 23, 59, 59, 0}, false},
	    {"year of five digits", {10000, 1, 1, 0, 0, 0, 0}, false},
	    {"2024 is leap", {2024, 2, 29, 0, 0, 0, 0}, true},
	    {"2023 is not", {2023, 2, 29, 0, 0, 0, 0}, false},
	    {"2000 is leap", {2000, 2, 29, 0, 0, 0, 0}, true},
	    {"2100 is not", {2100, 2, 29, 0, 0, 0, 0}, false},
	    {"2400 is leap", {2400, 2, 29, 0, 0, 0, 0}, true},
	    {"never a 30th of February", {2024, 2, 30, 0, 0, 0, 0}, false},
	    {"month 0", {2024, 0, 1, 0, 0, 0, 0}, false},
	    {"month 13", {2024, 13, 1, 0, 0, 0, 0}, false},
	    {"day 0", {2024, 1, 0, 0, 0, 0, 0}, false},
	    {"31st of April", {2024, 4, 31, 0, 0, 0, 0}, false},
	    {"31st of December", {2024, 12, 31, 0, 0, 0, 0}, true},
	    {"hour 24", {2024, 1, 1, 24, 0, 0, 0}, false},
	    {"minute 60", {2024, 1, 1, 0, 60, 0, 0}, false},
	    {"below zero", {2024, 1, 1, 0, 0, -1, 0}, false},
	    {"1000 ms", {2024, 1, 1, 0, 0, 0, 1000}, false},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect(time_civil_ok(&cases[i].c) == cases[i].ok, cases[i].label);
}

static void holds_instants_within_the_years(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {1795507200000, "2026-11-24T08:00:00.000Z"},
	    {951782399999, "2000-02-28T23:59:59.999Z"},
	    {951782400000, "2000-02-29T00:00:00.000Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"},
	    {253402300800000, "9999-12-31T23:59:59.999Z"},
	    {TIME_NEVER, "9999-12-31T23:59:59.999Z"},
	    {TIME_NONE, "1970-01-01T00:00:00.000Z"},
	    {INT64_MIN, "1970-01-01T00:00:00.000Z"},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		char text[25];

		time_format(cases[i].ms, text);
		assert_string_equal(text, cases[i].want);
	}
}

static void reads_rfc3339(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		int64_t want; /* -1: refused */
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-11-24T08:00:00.000Z", 1795507200000},
	    {"2026-11-24t08:00:00z", 1795507200000},
	    {"2026-11-24 08:00:00Z", 1795507200000},
	    {"2026-11-24T08:00:00.5Z", 1795507200500},
	    {"2026-11-24T08:00:00.05Z", 1795507200050},
	    {"2026-11-24T08:00:00.1239Z", 1795507200123},
	    {"2026-11-24T08:00:00.123456789012345678901234567890Z", 1795507200123},
	    {"2026-11-24T08:00:00.0009Z", 1795507200000},
	    {"2026-11-24T16:00:00+08:00", 1795507200000},
	    {"2026-11-24T02:30:00.250-05:30", 1795507200250},
	    {"2026-11-25T07:59:00+23:59", 1795507200000},
	    {"2026-11-24T08:00:00-00:00", 1795507200000},
	    {"2016-12-31T23:59:60Z", 1483228799000},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"1970-01-01T00:00:00+00:01", -1}, /* before the epoch */
	    {"9999-12-31T23:59:59.999Z", 253402300799999},
	    {"9999-12-31T23:59:59-00:01", -1},
	    {"1969-12-31T23:59:59Z", -1},
	    {"1969-12-31T23:59:59-01:00", -1},
	    {"2026-11-24T08:00:00", -1}, /* no zone */
	    {"2026-11-24T08:00:00.Z", -1},
	    {"2026-11-24T08:00:00,5Z", -1},
	    {"2026-11-24T08:00Z", -1},
	    {"2026-11-24T08:00:00+0800", -1},
	    {"2026-11-24T08:00:00+08", -1},
	    {"2026-11-24T08:00:00+24:00", -1},
	    {"2026-11-24T08:00:00+08:60", -1},
	    {"2026-11-24T24:00:00Z", -1},
	    {"2026-11-24T08:60:00Z", -1},
	    {"2026-02-29T08:00:00Z", -1},
	    {"2026-13-01T08:00:00Z", -1},
	    {"2026-1-24T08:00:00Z", -1},
	    {"26-11-24T08:00:00Z", -1},
	    {"+2026-11-24T08:00:00Z", -1},
	    {"2026-11-24X08:00:00Z", -1},
	    {"2026-11-24T08:00:00Z ", -1},
	    {" 2026-11-24T08:00:00Z", -1},
	    {"", -1},
	    {"2026", -1},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t ms = 77;
		bool ok = time_parse(str_from(cases[i].input), &ms);

		expect(ok == (cases[i].want >= 0), cases[i].input);
		expect_i64(ms, ok ? cases[i].want : 77, cases[i].input);
	}
	/* no cut of a good one is good, nor reads beyond its end */
	for (size_t n = 0; n < 29; n++) {
		char *copy = malloc(n + 1);
		int64_t ms;

		memcpy(copy, "2026-11-24T08:00:00.123+01:00", n);
		expect(!time_parse(str_of(copy, n), &ms), "cut");
		free(copy);
	}
}

static void eats_only_the_stamp(void **state)
{
	(void)state;
	struct str s = STR("2026-11-24T08:00:00.000001+00:00 mx1 postfix/smtp[7]: x"), before;
	int64_t ms;

	assert_true(time_eat(&s, &ms));
	expect_i64(ms, 1795507200000, "instant");
	expect_str(s, STR(" mx1 postfix/smtp[7]: x"), "the rest");
	before = s;
	assert_false(time_eat(&s, &ms));
	assert_true(s.p == before.p && s.n == before.n);
}

static void reads_durations(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		int64_t want; /* -1: refused */
		const char *shortest;
	} cases[] = {
	    {"0", 0, "0"},
	    {"0s", 0, "0"},
	    {"500ms", 500, "500ms"},
	    {"1000ms", 1000, "1s"},
	    {"90s", 90000, "90s"},
	    {"120s", 120000, "2m"},
	    {"15m", 900000, "15m"},
	    {"48h", 172800000, "2d"},
	    {"5d", 432000000, "5d"},
	    {"36h", 129600000, "36h"},
	    {"007s", 7000, "7s"},
	    {"9223372036854775807ms", INT64_MAX, "9223372036854775807ms"},
	    {"9223372036854775808ms", -1, NULL},
	    {"106751991168d", -1, NULL},
	    {"5", -1, NULL},
	    {"00", -1, NULL},
	    {"", -1, NULL},
	    {"s", -1, NULL},
	    {"1.5h", -1, NULL},
	    {"-5s", -1, NULL},
	    {"+5s", -1, NULL},
	    {"5 s", -1, NULL},
	    {"5S", -1, NULL},
	    {"5w", -1, NULL},
	    {"5sec", -1, NULL},
	    {"1h30m", -1, NULL},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf out = BUF_INIT;
		int64_t ms = 77;
		bool ok = duration_parse(str_from(cases[i].input), &ms);

		expect(ok == (cases[i].want >= 0), cases[i].input);
		expect_i64(ms, ok ? cases[i].want : 77, cases[i].input);
		if (ok) {
			duration_format(ms, &out);
			expect_str(buf_view(&out), str_from(cases[i].shortest), cases[i].input);
		}
		buf_release(&out);
	}
}

static void durations_survive(void **state)
{
	(void)state;
	static const int64_t units[] = {1, 1000, 60000, 3600000, 86400000};
	struct buf out = BUF_INIT;
	uint64_t seed = 4;

	for (int i = 0; i < 20000; i++) {
		int64_t ms = (int64_t)random_below(&seed, 1000000) * units[random_below(&seed, LEN(units))], back;

		buf_clear(&out);
		duration_format(ms, &out);
		assert_true(duration_parse(buf_view(&out), &back));
		expect_i64(back, ms, buf_z(&out));
	}
	buf_release(&out);
}

static void says_durations(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
	    {0, "0 s"},
	    {999, "0 s"},
	    {40000, "40 s"},
	    {59999, "59 s"},
	    {60000, "1 min"},
	    {12 * 60000 + 59999, "12 min"},
	    {3599999, "59 min"},
	    {3600000, "1 h"},
	    {47 * 3600000 + 12 * 60000, "47 h 12 min"},
	    {48 * 3600000, "48 h"},
	    {INT64_C(3) * 86400000 - 1, "71 h 59 min"},
	    {INT64_C(3) * 86400000, "3 d"},
	    {INT64_C(3) * 86400000 + 4 * 3600000 + 3599999, "3 d 4 h"},
	    {-5000, "0 s"},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf out = BUF_INIT;

		duration_words(cases[i].ms, &out);
		expect_str(buf_view(&out), str_from(cases[i].want), cases[i].want);
		buf_release(&out);
	}
}

static void convert_no_date(void)
{
	time_from_civil(&(struct civil){2023, 2, 29, 0, 0, 0, 0});
}

static void aborts_on_no_date(void **state)
{
	(void)state;
	assert_true(aborts(convert_no_date));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_every_day),   cmocka_unit_test(counts_within_a_day),
	    cmocka_unit_test(knows_the_calendar), cmocka_unit_test(holds_instants_within_the_years),
	    cmocka_unit_test(reads_rfc3339),      cmocka_unit_test(eats_only_the_stamp),
	    cmocka_unit_test(reads_durations),    cmocka_unit_test(durations_survive),
	    cmocka_unit_test(says_durations),     cmocka_unit_test(aborts_on_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
