/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timefmt - the proleptic Gregorian calendar, RFC 3339 and durations, all by arithmetic
 *
 * timegm(3) and strftime(3) look at the environment; results here must be the same on every machine. What is
 * formatted is held within the years 1970 to 9999 (an instant may come from a record that a stranger stamped), what
 * is parsed is refused outside of them.
 */
#include "lib/base/timefmt.h"

#include <stdio.h>

#include "lib/base/check.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

static const int64_t last_ms = 253402300799999; /* the end of the year 9999 */

/* Leap days before the first of January of a year. */
static int leap_days(int year)
{
	year--;
	return year / 4 - year / 100 + year / 400;
}

static bool is_leap(int year)
{
	return leap_days(year + 1) > leap_days(year);
}

/* Days before the first of January since the epoch. */
static int year_day(int year)
{
	return (year - 1970) * 365 + leap_days(year) - leap_days(1970);
}

/* Days of the year before the first of a month; month 13 gives the length of the year. */
static int month_day(int year, int month)
{
	static const short before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

	return before[month - 1] + (month > 2 && is_leap(year));
}

bool time_civil_ok(const struct civil *c)
{
	return c->year >= 1970 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= month_day(c->year, c->month + 1) - month_day(c->year, c->month) && c->hour >= 0 &&
	       c->hour < 24 && c->minute >= 0 && c->minute < 60 && c->second >= 0 && c->second <= 60 && c->ms >= 0 &&
	       c->ms < 1000;
}

int64_t time_from_civil(const struct civil *c)
{
	int64_t days;
	int second = c->second > 59 ? 59 : c->second;

	CHECK(time_civil_ok(c));
	days = year_day(c->year) + month_day(c->year, c->month) + c->day - 1;
	return days * DAY_MS + (int64_t)c->hour * HOUR_MS + c->minute * MINUTE_MS + second * SECOND_MS + c->ms;
}

void time_to_civil(int64_t ms, struct civil *ret)
{
	int days, rest, year, month = 1;

	ms = ms < 0 ? 0 : ms > last_ms ? last_ms : ms;
	days = (int)(ms / DAY_MS);
	rest = (int)(ms % DAY_MS);
	/* 400 years have 146097 days; the guess is off by one at most */
	year = 1970 + (int)((int64_t)days * 400 / 146097);
	year += days >= year_day(year + 1);
	year -= days < year_day(year);
	days -= year_day(year);
	while (days >= month_day(year, month + 1))
		month++;
	*ret = (struct civil){
	    .year = year,
	    .month = month,
	    .day = days - month_day(year, month) + 1,
	    .hour = rest / HOUR_MS,
	    .minute = rest / MINUTE_MS % 60,
	    .second = rest / SECOND_MS % 60,
	    .ms = rest % SECOND_MS,
	};
}

static void put_digits(char *at, int n_digits, int value)
{
	for (; n_digits > 0; value /= 10)
		at[--n_digits] = (char)('0' + value % 10);
}

/* Not by printf: several instants are written per record on the hot path. */
void time_format(int64_t ms, char ret[25])
{
	static const char shape[25] = "0000-00-00T00:00:00.000Z";
	struct civil c;

	time_to_civil(ms, &c);
	for (size_t i = 0; i < sizeof(shape); i++)
		ret[i] = shape[i];
	put_digits(ret, 4, c.year);
	put_digits(ret + 5, 2, c.month);
	put_digits(ret + 8, 2, c.day);
	put_digits(ret + 11, 2, c.hour);
	put_digits(ret + 14, 2, c.minute);
	put_digits(ret + 17, 2, c.second);
	put_digits(ret + 20, 3, c.ms);
}

static bool eat_digits(struct str *s, size_t n_digits, int *ret_value)
{
	int value = 0;

	if (s->n < n_digits)
		return false;
	for (size_t i = 0; i < n_digits; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = str_skip(*s, n_digits);
	*ret_value = value;
	return true;
}

/* One of the characters of set. */
static bool eat_one(struct str *s, const char *set)
{
	if (!s->n || str_chr(str_from(set), s->p[0]) < 0)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

/* ".123456": milliseconds, finer digits are cut off. Nothing there is fine, a dot without a digit is not. */
static bool eat_fraction(struct str *s, int *ret_ms)
{
	int scale = 100, ms = 0, digit;

	if (eat_one(s, ".")) {
		if (!eat_digits(s, 1, &digit))
			return false;
		do {
			ms += digit * scale;
			scale /= 10;
		} while (eat_digits(s, 1, &digit));
	}
	*ret_ms = ms;
	return true;
}

static bool eat_offset(struct str *s, int64_t *ret_offset_ms)
{
	int hours, minutes;
	bool west = s->n && s->p[0] == '-';

	if (eat_one(s, "Zz")) {
		*ret_offset_ms = 0;
		return true;
	}
	if (!eat_one(s, "+-") || !eat_digits(s, 2, &hours) || !eat_one(s, ":") || !eat_digits(s, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*ret_offset_ms = (west ? -1 : 1) * ((int64_t)hours * HOUR_MS + minutes * MINUTE_MS);
	return true;
}

bool time_eat(struct str *s, int64_t *ret_ms)
{
	struct str rest = *s;
	struct civil c = {0};
	int64_t offset_ms, ms;

	if (!eat_digits(&rest, 4, &c.year) || !eat_one(&rest, "-") || !eat_digits(&rest, 2, &c.month) ||
	    !eat_one(&rest, "-") || !eat_digits(&rest, 2, &c.day) || !eat_one(&rest, "Tt "))
		return false;
	if (!eat_digits(&rest, 2, &c.hour) || !eat_one(&rest, ":") || !eat_digits(&rest, 2, &c.minute) ||
	    !eat_one(&rest, ":") || !eat_digits(&rest, 2, &c.second) || !eat_fraction(&rest, &c.ms))
		return false;
	if (!eat_offset(&rest, &offset_ms) || !time_civil_ok(&c))
		return false;
	ms = time_from_civil(&c) - offset_ms;
	if (ms < 0 || ms > last_ms)
		return false;
	*ret_ms = ms;
	*s = rest;
	return true;
}

bool time_parse(struct str s, int64_t *ret_ms)
{
	int64_t ms;

	if (!time_eat(&s, &ms) || s.n)
		return false;
	*ret_ms = ms;
	return true;
}

/* From the longest to the shortest. */
static const struct {
	const char *name;
	int64_t ms;
} units[] = {{"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}, {"ms", 1}};

enum { N_UNITS = sizeof(units) / sizeof(units[0]) };

bool duration_parse(struct str s, int64_t *ret_ms)
{
	size_t n_digits = 0;
	int64_t n;

	while (n_digits < s.n && s.p[n_digits] >= '0' && s.p[n_digits] <= '9')
		n_digits++;
	if (!str_i64(str_head(s, n_digits), &n))
		return false;
	if (str_eq(s, STR("0"))) {
		*ret_ms = 0;
		return true;
	}
	for (size_t i = 0; i < N_UNITS; i++) {
		int64_t ms;

		if (!str_eq(str_skip(s, n_digits), str_from(units[i].name)))
			continue;
		if (__builtin_mul_overflow(n, units[i].ms, &ms))
			return false;
		*ret_ms = ms;
		return true;
	}
	return false;
}

/* The longest unit that divides it gives the fewest digits, and no unit's name is shorter. */
void duration_format(int64_t ms, struct buf *out)
{
	size_t i = 0;

	if (ms <= 0) {
		buf_chr(out, '0');
		return;
	}
	while (ms % units[i].ms)
		i++;
	buf_fmt(out, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
}

static void put_two(struct buf *out, int64_t large, const char *large_unit, int64_t small, const char *small_unit)
{
	buf_fmt(out, "%lld %s", (long long)large, large_unit);
	if (small)
		buf_fmt(out, " %lld %s", (long long)small, small_unit);
}

/* Hours up to three days, since the usual lifetime is said as 48 h. Below zero is said as no time at all. */
void duration_words(int64_t ms, struct buf *out)
{
	if (ms < 0)
		ms = 0;
	if (ms >= 3 * (int64_t)DAY_MS)
		put_two(out, ms / DAY_MS, "d", ms % DAY_MS / HOUR_MS, "h");
	else if (ms >= HOUR_MS)
		put_two(out, ms / HOUR_MS, "h", ms % HOUR_MS / MINUTE_MS, "min");
	else if (ms >= MINUTE_MS)
		put_two(out, ms / MINUTE_MS, "min", 0, "");
	else
		put_two(out, ms / SECOND_MS, "s", 0, "");
}
