/* SPDX-License-Identifier: Apache-2.0 */
/* envelope - see envelope.h */
#include <string.h>

#include "ingest/envelope.h"
#include "lib/base/timefmt.h"

enum { HOST_MAX = 255, TAG_MAX = 128 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* n digits (a leading space counts as 0 where space is true). */
static bool eat_number(struct str *s, size_t n, bool space, int *ret)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i];
		if (i == 0 && space && c == ' ')
			c = '0';
		if (!is_digit(c))
			return false;
		v = v * 10 + (c - '0');
	}
	*s = str_skip(*s, n);
	*ret = v;
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
static bool eat_clock(struct str *s, struct civil *c, int64_t *ret_resolution_ms)
{
	if (!eat_number(s, 2, false, &c->hour) || !str_eat(s, STR(":")) || !eat_number(s, 2, false, &c->minute) ||
	    !str_eat(s, STR(":")) || !eat_number(s, 2, false, &c->second))
		return false;
	*ret_resolution_ms = 1000;
	if (s->n > 1 && s->p[0] == '.' && is_digit(s->p[1])) {
		int scale = 100;
		*s = str_skip(*s, 1);
		for (; s->n > 0 && is_digit(s->p[0]); *s = str_skip(*s, 1), scale /= 10)
			c->ms += (s->p[0] - '0') * scale;
		*ret_resolution_ms = 1;
	}
	return true;
}

/* "[YYYY ]Mmm dd hh:mm:ss[.fraction]" */
static bool bsd_stamp(struct str *line, int year, int64_t zone_ms, struct envelope *ret, bool *ret_year_less)
{
	struct str s = *line;
	struct civil c = {.year = year};

	*ret_year_less = true;
	if (s.n > 5 && is_digit(s.p[0]) && s.p[4] == ' ') {
		if (!eat_number(&s, 4, false, &c.year) || !str_eat(&s, STR(" ")))
			return false;
		*ret_year_less = false;
	}
	if (!eat_month(&s, &c.month) || !eat_number(&s, 2, true, &c.day) || !str_eat(&s, STR(" ")) ||
	    !eat_clock(&s, &c, &ret->resolution_ms))
		return false;
	if (c.month == 2 && c.day == 29 && *ret_year_less && !time_civil_ok(&c))
		c.day = 28; /* not this year: another one is tried beside it */
	if (!time_civil_ok(&c))
		return false;
	ret->time_ms = time_from_civil(&c) - zone_ms;
	ret->quality = *ret_year_less              ? TS_QUALITY_YEAR_GUESSED
	               : ret->resolution_ms < 1000 ? TS_QUALITY_EXACT
	                                           : TS_QUALITY_SECOND;
	*line = s;
	return true;
}

static bool rfc3339_stamp(struct str *line, struct envelope *ret)
{
	struct str before = *line;

	if (line->n < 20 || line->p[4] != '-' || !time_eat(line, &ret->time_ms))
		return false;
	bool fraction = before.p[19] == '.';
	ret->resolution_ms = fraction ? 1 : 1000;
	ret->quality = fraction ? TS_QUALITY_EXACT : TS_QUALITY_SECOND;
	return true;
}

bool envelope_stamp(struct str *line, int year, int64_t zone_ms, struct envelope *ret, bool *ret_year_less)
{
	*ret_year_less = false;
	return rfc3339_stamp(line, ret) || bsd_stamp(line, year, zone_ms, ret, ret_year_less);
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/* The stamp with the year that brings it nearest to the record's time. */
static bool nearest_stamp(struct str *line, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	struct civil now;
	bool year_less;
	struct str rest = *line;

	time_to_civil(record_ms < 0 ? 0 : record_ms, &now);
	if (!envelope_stamp(&rest, now.year, zone_ms, ret, &year_less))
		return false;
	for (int d = -1; year_less && d <= 1; d += 2) {
		struct envelope other;
		struct str again = *line;
		if (now.year + d >= 1970 && envelope_stamp(&again, now.year + d, zone_ms, &other, &year_less) &&
		    distance(other.time_ms, record_ms) < distance(ret->time_ms, record_ms))
			*ret = other;
	}
	*line = rest;
	return true;
}

static void eat_pri(struct str *s)
{
	struct str t = *s;
	size_t n = 0;

	if (!str_eat(&t, STR("<")))
		return;
	while (n < 3 && n < t.n && is_digit(t.p[n]))
		n++;
	if (n > 0 && n < t.n && t.p[n] == '>')
		*s = str_skip(t, n + 1);
}

/* A word up to the next space, the space eaten. */
static bool eat_word(struct str *s, size_t max, struct str *ret)
{
	ssize_t n = str_chr(*s, ' ');

	if (n <= 0 || (size_t)n > max)
		return false;
	*ret = str_head(*s, (size_t)n);
	*s = str_skip(*s, (size_t)n + 1);
	return true;
}

/* "program[pid]: " or "program: " */
static bool eat_tag(struct str *s, struct str *ret)
{
	size_t n = 0;

	while (n < s->n && n < TAG_MAX && s->p[n] != ' ' && s->p[n] != '[' && s->p[n] != ':')
		n++;
	if (n == 0 || n == s->n || n == TAG_MAX || s->p[n] == ' ')
		return false;
	*ret = str_head(*s, n);
	struct str rest = str_skip(*s, n);
	if (rest.p[0] == '[') {
		ssize_t end = str_chr(str_head(rest, 24), ']');
		if (end < 0)
			return false;
		rest = str_skip(rest, (size_t)end + 1);
	}
	if (!str_eat(&rest, STR(":")))
		return false;
	str_eat(&rest, STR(" "));
	*s = rest;
	return true;
}

/* Structured data: "-" or elements in brackets, in which a quote may be escaped. */
static bool eat_structured_data(struct str *s)
{
	if (str_eat(s, STR("- ")))
		return true;
	while (s->n > 0 && s->p[0] == '[') {
		bool quoted = false;
		size_t i = 1;
		for (; i < s->n && (quoted || s->p[i] != ']'); i++) {
			if (quoted && s->p[i] == '\\')
				i++;
			else if (s->p[i] == '"')
				quoted = !quoted;
		}
		if (i >= s->n)
			return false;
		*s = str_skip(*s, i + 1);
	}
	return str_eat(s, STR(" "));
}

/* "1 STAMP HOST APP PROCID MSGID SD MSG" */
static bool rfc5424(struct str s, int64_t record_ms, struct envelope *ret)
{
	struct str word;

	if (!str_eat(&s, STR("1 ")))
		return false;
	if (str_eat(&s, STR("- "))) {
		ret->time_ms = record_ms;
		ret->quality = TS_QUALITY_RECORD;
		ret->resolution_ms = 1000;
	} else if (!rfc3339_stamp(&s, ret) || !str_eat(&s, STR(" "))) {
		return false;
	}
	if (!eat_word(&s, HOST_MAX, &ret->host) || !eat_word(&s, TAG_MAX, &ret->program) || !eat_word(&s, 128, &word) ||
	    !eat_word(&s, 128, &word) || !eat_structured_data(&s))
		return false;
	if (str_eq(ret->host, STR("-")))
		ret->host = STR_NONE;
	str_eat(&s, STR("\xef\xbb\xbf"));
	ret->text = s;
	return true;
}

bool envelope_read(struct str line, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	*ret = (struct envelope){.host = STR_NONE, .program = STR_NONE};
	eat_pri(&line);
	if (rfc5424(line, record_ms, ret))
		return true;
	if (nearest_stamp(&line, record_ms, zone_ms, ret)) {
		if (!str_eat(&line, STR(" ")) || !eat_word(&line, HOST_MAX, &ret->host) ||
		    !eat_tag(&line, &ret->program))
			return false;
		ret->text = line;
		return true;
	}
	ret->time_ms = record_ms;
	ret->quality = TS_QUALITY_RECORD;
	ret->resolution_ms = 1000;
	struct str rest = line;
	if (!eat_tag(&rest, &ret->program))
		return false;
	ret->text = rest;
	if (str_chr(ret->program, '/') < 0) { /* no tag of an MTA: the line begins with the queue id */
		ret->program = STR_NONE;
		ret->text = line;
	}
	return true;
}
