/* SPDX-License-Identifier: Apache-2.0 */
/* stamp - see stamp.h */
#include "ingest/stamp.h"

#include <string.h>

#define HOUR_MS      ((int64_t)3600 * 1000)
#define HALF_YEAR_MS (182 * 24 * HOUR_MS)

enum { LEAP_SPAN = 8 }; /* years between two 29ths of February, at most */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* n digits; the first may be a space where `space` says so. */
static bool eat_number(struct str *s, size_t n, bool space, int *ret)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = i == 0 && space && s->p[i] == ' ' ? '0' : s->p[i];

		if (!is_digit(c))
			return false;
		v = v * 10 + (c - '0');
	}
	*s = str_skip(*s, n);
	*ret = v;
	return true;
}

static bool eat_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool eat_month(struct str *s, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (s->n < 4 || s->p[3] != ' ')
		return false;
	for (int i = 0; i < 12; i++) {
		if (memcmp(s->p, names + 3 * i, 3) != 0)
			continue;
		*s = str_skip(*s, 4);
		*ret = i + 1;
		return true;
	}
	return false;
}

/* "hh:mm:ss[.fraction]" */
static bool eat_clock(struct str *s, struct stamp *ret)
{
	struct civil *c = &ret->civil;

	if (!eat_number(s, 2, false, &c->hour) || !eat_char(s, ':') || !eat_number(s, 2, false, &c->minute) ||
	    !eat_char(s, ':') || !eat_number(s, 2, false, &c->second))
		return false;
	ret->fraction = s->n > 1 && s->p[0] == '.' && is_digit(s->p[1]);
	if (!ret->fraction)
		return true;
	*s = str_skip(*s, 1);
	for (int scale = 100; s->n > 0 && is_digit(s->p[0]); *s = str_skip(*s, 1), scale /= 10)
		c->ms += (s->p[0] - '0') * scale;
	return true;
}

/* "Z", "+hh:mm", "+hhmm"; anything else is no zone. False: a sign without a zone behind it. */
static bool eat_zone(struct str *s, int64_t *offset_ms)
{
	int hours, minutes;
	bool west = s->n > 0 && s->p[0] == '-';

	if (eat_char(s, 'Z') || eat_char(s, 'z')) {
		*offset_ms = 0;
		return true;
	}
	if (!eat_char(s, '+') && !eat_char(s, '-'))
		return true;
	if (!eat_number(s, 2, false, &hours))
		return false;
	eat_char(s, ':');
	if (!eat_number(s, 2, false, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_ms = (west ? -1 : 1) * (hours * HOUR_MS + minutes * (HOUR_MS / 60));
	return true;
}

static bool eat_iso(struct str *s, struct stamp *ret)
{
	struct civil *c = &ret->civil;

	return eat_number(s, 4, false, &c->year) && eat_char(s, '-') && eat_number(s, 2, false, &c->month) &&
	       eat_char(s, '-') && eat_number(s, 2, false, &c->day) && (eat_char(s, 'T') || eat_char(s, ' ')) &&
	       eat_clock(s, ret) && eat_zone(s, &ret->offset_ms) && time_civil_ok(c);
}

static bool eat_bsd(struct str *s, struct stamp *ret)
{
	struct civil *c = &ret->civil;

	if (s->n > 5 && is_digit(s->p[0]) && (!eat_number(s, 4, false, &c->year) || !eat_char(s, ' ')))
		return false;
	if (!eat_month(s, &c->month) || !eat_number(s, 2, true, &c->day) || !eat_char(s, ' ') || !eat_clock(s, ret))
		return false;
	struct civil in_some_year = *c;
	if (c->year == 0)
		in_some_year.year = 2000; /* a leap year */
	return time_civil_ok(&in_some_year);
}

bool stamp_eat(struct str *line, int64_t zone_ms, struct stamp *ret)
{
	struct str s = *line;

	*ret = (struct stamp){.offset_ms = zone_ms};
	if (s.n < 15)
		return false;
	if (s.p[4] == '-' ? !eat_iso(&s, ret) : !eat_bsd(&s, ret))
		return false;
	*line = s;
	return true;
}

int64_t stamp_in_year(const struct stamp *s, int year)
{
	struct civil c = s->civil;

	c.year = year;
	if (!time_civil_ok(&c))
		return TIME_NONE;
	int64_t ms = time_from_civil(&c) - s->offset_ms;
	return ms < 0 ? TIME_NONE : ms;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

int64_t stamp_time(const struct stamp *s, int64_t near_ms)
{
	struct civil near;

	if (s->civil.year != 0)
		return stamp_in_year(s, s->civil.year);
	time_to_civil(near_ms < 0 ? 0 : near_ms, &near);
	int64_t best = stamp_in_year(s, near.year);
	if (best != TIME_NONE && distance(best, near_ms) < HALF_YEAR_MS)
		return best;
	for (int year = near.year - LEAP_SPAN; year <= near.year + LEAP_SPAN; year++) {
		int64_t ms = stamp_in_year(s, year);

		if (ms != TIME_NONE && (best == TIME_NONE || distance(ms, near_ms) < distance(best, near_ms)))
			best = ms;
	}
	return best;
}
