/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timefmt - instants and durations as text; no clock, no locale, no TZ
 *
 * An instant is int64_t milliseconds since 1970-01-01T00:00:00Z (suffix _ms),
 * TIME_NONE if unknown. Years 1970 to 9999.
 */
#ifndef QLAPSE_BASE_TIMEFMT_H
#define QLAPSE_BASE_TIMEFMT_H

#include "lib/base/buf.h"
#include "lib/base/str.h"

#define TIME_NONE  ((int64_t)-1)
#define TIME_NEVER INT64_MAX

struct civil {
	int year, month, day; /* 1-based */
	int hour, minute, second, ms;
};

int64_t time_from_civil(const struct civil *c); /* as UTC; fields must be in range (time_civil_ok) */
void time_to_civil(int64_t ms, struct civil *ret);
/* Ranges, days of the month, leap years; second 60 is allowed and taken as 59. */
bool time_civil_ok(const struct civil *c);

/* "2026-11-24T08:00:00.000Z", always 24 bytes and a NUL. Outside of the years above: the nearest instant inside. */
void time_format(int64_t ms, char ret[25]);
/* RFC 3339 (any precision, cut to ms; 'T' or a space; 'Z' or an offset). The whole of s. */
bool time_parse(struct str s, int64_t *ret_ms);
/* The same at the start of *s, which is moved behind it. */
bool time_eat(struct str *s, int64_t *ret_ms);

/* "500ms", "90s", "15m", "48h", "5d"; a bare 0; no fraction, no sign. */
bool duration_parse(struct str s, int64_t *ret_ms);
/* The shortest exact form that duration_parse reads: 172800000 gives "2d". */
void duration_format(int64_t ms, struct buf *out);
/* For people: "47 h 12 min", "3 d 4 h", "12 min", "40 s"; rounded down. */
void duration_words(int64_t ms, struct buf *out);

#endif
