/* SPDX-License-Identifier: Apache-2.0 */
/* linetime - see linetime.h */
#include "ingest/linetime.h"

#include "ingest/envelope.h"
#include "ingest/stamp.h"

#define DAY_MS       ((int64_t)24 * 3600 * 1000)
#define HALF_YEAR_MS (183 * DAY_MS)

enum { LEAP_SPAN = 8 };

void line_clock_init(struct line_clock *c, int year, int64_t mtime_ms, int64_t zone_ms)
{
	*c = (struct line_clock){year, mtime_ms, zone_ms, TIME_NONE};
}

/* The latest year that does not put the stamp after the file's time. */
static int first_year(const struct line_clock *c, const struct stamp *stamp)
{
	struct civil mtime;

	time_to_civil(c->mtime_ms + DAY_MS, &mtime);
	for (int year = mtime.year; year > mtime.year - LEAP_SPAN; year--) {
		int64_t ms = stamp_in_year(stamp, year);

		if (ms != TIME_NONE && ms <= c->mtime_ms + DAY_MS)
			return year;
	}
	return mtime.year;
}

/* 29 February of a year that has none is its 28th: the order of the lines is worth more than the day. */
static int64_t in_year(struct stamp stamp, int year)
{
	int64_t ms = stamp_in_year(&stamp, year);

	if (ms != TIME_NONE || stamp.civil.month != 2)
		return ms;
	stamp.civil.day = 28;
	return stamp_in_year(&stamp, year);
}

int64_t line_time(struct line_clock *c, struct str line)
{
	struct stamp stamp;
	int64_t ms;

	envelope_skip_priority(&line);
	if (!stamp_eat(&line, c->zone_ms, &stamp))
		return c->last_ms;
	if (stamp.civil.year != 0) {
		ms = stamp_time(&stamp, 0);
	} else {
		if (c->year == 0 && c->mtime_ms != TIME_NONE)
			c->year = first_year(c, &stamp);
		if (c->year == 0)
			c->year = 1970;
		ms = in_year(stamp, c->year);
		if (c->last_ms != TIME_NONE && ms != TIME_NONE && ms < c->last_ms - HALF_YEAR_MS)
			ms = in_year(stamp, ++c->year);
	}
	if (ms != TIME_NONE)
		c->last_ms = ms;
	return c->last_ms;
}
