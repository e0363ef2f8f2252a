/* SPDX-License-Identifier: Apache-2.0 */
/* linetime - see linetime.h */
#include "ingest/envelope.h"
#include "ingest/linetime.h"
#include "lib/base/timefmt.h"

#define DAY_MS       ((int64_t)24 * 3600 * 1000)
#define HALF_YEAR_MS (183 * DAY_MS)

void line_clock_init(struct line_clock *c, int year, int64_t mtime_ms, int64_t zone_ms)
{
	*c = (struct line_clock){year, mtime_ms, zone_ms, TIME_NONE};
}

static void skip_head(struct str *line)
{
	if (line->n > 2 && line->p[0] == '<') {
		ssize_t end = str_chr(str_head(*line, 6), '>');
		if (end > 0)
			*line = str_skip(*line, (size_t)end + 1);
	}
	str_eat(line, STR("1 ")); /* RFC 5424 */
}

/* The latest year that does not put the first stamp after the file's time. */
static int first_year(const struct line_clock *c, struct str line)
{
	struct civil mtime;
	struct envelope env;
	bool year_less;

	time_to_civil(c->mtime_ms, &mtime);
	if (envelope_stamp(&line, mtime.year, c->zone_ms, &env, &year_less) && env.time_ms > c->mtime_ms + DAY_MS)
		return mtime.year - 1;
	return mtime.year;
}

int64_t line_time(struct line_clock *c, struct str line)
{
	struct envelope env;
	bool year_less;

	skip_head(&line);
	if (c->year == 0 && c->mtime_ms != TIME_NONE)
		c->year = first_year(c, line);
	struct str rest = line;
	if (!envelope_stamp(&rest, c->year == 0 ? 1970 : c->year, c->zone_ms, &env, &year_less))
		return c->last_ms;
	if (year_less && c->last_ms != TIME_NONE && env.time_ms < c->last_ms - HALF_YEAR_MS) {
		c->year++;
		rest = line;
		envelope_stamp(&rest, c->year, c->zone_ms, &env, &year_less);
	}
	c->last_ms = env.time_ms;
	return c->last_ms;
}
