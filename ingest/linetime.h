/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linetime - the time of a line in a file, where no record tells it
 *
 * A stamp without a year takes the year asked for, else the latest one that does not
 * put it more than a day after the file's own time; a jump back of over six months is a
 * new year. A line without a stamp takes the time of the line before it.
 */
#ifndef QLAPSE_INGEST_LINETIME_H
#define QLAPSE_INGEST_LINETIME_H

#include "lib/base/str.h"

struct line_clock {
	int year;         /* of the next stamp without one; 0: not known yet */
	int64_t mtime_ms; /* the file's own time; TIME_NONE: not known (then year must be set) */
	int64_t zone_ms;
	int64_t last_ms; /* TIME_NONE before the first stamp */
};

void line_clock_init(struct line_clock *c, int year, int64_t mtime_ms, int64_t zone_ms);
int64_t line_time(struct line_clock *c, struct str line); /* TIME_NONE before the first stamp */

#endif
