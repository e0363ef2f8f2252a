/* SPDX-License-Identifier: Apache-2.0 */
/* restamp - see restamp.h */
#include "main/restamp.h"

#include <stdio.h>
#include <string.h>

#include "ingest/queueid.h"
#include "lib/base/timefmt.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char base52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

enum { QUEUE_ID_SECONDS = 6 }; /* digits of a long queue id (Postfix, mail_queue.h) */

static int month_of(struct str s)
{
	for (int m = 0; m < 12; m++)
		if (s.n >= 3 && memcmp(s.p, months + 3 * m, 3) == 0)
			return m + 1;
	return 0;
}

/* Digits, one leading space allowed. -1: none. */
static int number_at(struct str s, size_t at, size_t n)
{
	struct str digits = str_trim(str_head(str_skip(s, at), n));
	int64_t v;

	return s.n >= at + n && str_i64(digits, &v) && v >= 0 ? (int)v : -1;
}

static bool read_clock(struct str s, size_t at, struct civil *c)
{
	c->hour = number_at(s, at, 2);
	c->minute = number_at(s, at + 3, 2);
	c->second = number_at(s, at + 6, 2);
	return c->hour >= 0 && c->minute >= 0 && c->second >= 0 && s.p[at + 2] == ':' && s.p[at + 5] == ':';
}

enum stamp { STAMP_NONE, STAMP_MONTH, STAMP_YEAR_MONTH, STAMP_ISO };

static const size_t stamp_lengths[] = {
    [STAMP_MONTH] = 15,      /* "Nov 24 08:00:01" */
    [STAMP_YEAR_MONTH] = 20, /* "2026 Nov 24 08:00:01" */
    [STAMP_ISO] = 19,        /* "2026-11-24T08:00:01" */
};

/* The stamp at the start of s; year: of stamps without one. */
static enum stamp read_stamp(struct str s, int year, struct civil *c)
{
	enum stamp form = STAMP_NONE;

	*c = (struct civil){.year = year};
	if ((c->month = month_of(s)) > 0) {
		c->day = number_at(s, 4, 2);
		form = read_clock(s, 7, c) ? STAMP_MONTH : STAMP_NONE;
	} else if ((c->year = number_at(s, 0, 4)) >= 0 && (c->month = month_of(str_skip(s, 5))) > 0) {
		c->day = number_at(s, 9, 2);
		form = read_clock(s, 12, c) ? STAMP_YEAR_MONTH : STAMP_NONE;
	} else if (c->year >= 0 && s.n >= 19 && s.p[4] == '-') {
		c->month = number_at(s, 5, 2);
		c->day = number_at(s, 8, 2);
		form = read_clock(s, 11, c) ? STAMP_ISO : STAMP_NONE;
	}
	return form != STAMP_NONE && time_civil_ok(c) ? form : STAMP_NONE;
}

static void put_stamp(struct buf *out, enum stamp form, const struct civil *c, char separator)
{
	if (form == STAMP_ISO) {
		buf_fmt(out, "%04d-%02d-%02d%c", c->year, c->month, c->day, separator);
	} else {
		if (form == STAMP_YEAR_MONTH)
			buf_fmt(out, "%04d ", c->year);
		buf_fmt(out, "%.3s %2d ", months + 3 * (c->month - 1), c->day);
	}
	buf_fmt(out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
}

/* Moves *line behind the priority and version that may come before a stamp. */
static void put_head(struct buf *out, struct str *line)
{
	struct str rest = *line;
	ssize_t end = str_starts(rest, STR("<")) ? str_chr(str_head(rest, 6), '>') : -1;

	if (end > 0)
		rest = str_skip(rest, (size_t)end + 1);
	str_eat(&rest, STR("1 "));
	buf_add(out, line->p, line->n - rest.n);
	*line = rest;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void put_word(struct buf *out, struct str word, int64_t ts_ms, int64_t shift_ms)
{
	char digits[QUEUE_ID_SECONDS];
	int64_t id_ms, seconds;

	if (str_rchr(word, 'z') != QUEUE_ID_SECONDS + 4 || !queueid_time(word, &id_ms) || id_ms > ts_ms + DAY_MS ||
	    id_ms < ts_ms - 30 * DAY_MS) {
		buf_str(out, word);
		return;
	}
	seconds = (id_ms + shift_ms) / 1000;
	for (size_t i = QUEUE_ID_SECONDS; i-- > 0; seconds /= 52)
		digits[i] = base52[seconds % 52];
	buf_add(out, digits, sizeof(digits));
	buf_str(out, str_skip(word, sizeof(digits)));
}

static void put_text(struct buf *out, struct str text, int64_t ts_ms, int64_t shift_ms)
{
	for (size_t at = 0; at < text.n;) {
		size_t end = at;

		while (end < text.n && is_alnum(text.p[end]))
			end++;
		put_word(out, str_of(text.p + at, end - at), ts_ms, shift_ms);
		if (end < text.n)
			buf_chr(out, text.p[end++]);
		at = end;
	}
}

void restamp(struct buf *out, struct str line, int64_t ts_ms, int64_t zone_ms, int64_t shift_ms)
{
	struct civil c;
	enum stamp form;

	put_head(out, &line);
	time_to_civil(ts_ms + zone_ms, &c);
	form = read_stamp(line, c.year, &c);
	if (form != STAMP_NONE) {
		char separator = line.n > 10 ? line.p[10] : 'T';

		time_to_civil(time_from_civil(&c) + shift_ms, &c);
		put_stamp(out, form, &c, separator);
		line = str_skip(line, stamp_lengths[form]);
	}
	put_text(out, line, ts_ms, shift_ms);
}
