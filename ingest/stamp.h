/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp - the time at the start of a log line
 *
 *   Mmm dd hh:mm:ss[.f]              RFC 3164: no year, no zone
 *   YYYY Mmm dd hh:mm:ss[.f]         the same with the year in front
 *   YYYY-MM-DDThh:mm:ss[.f][ZONE]    RFC 3339; a space for the T, a zone without colon and none at all are taken, too
 */
#ifndef QLAPSE_INGEST_STAMP_H
#define QLAPSE_INGEST_STAMP_H

#include "lib/base/str.h"
#include "lib/base/timefmt.h"

struct stamp {
	struct civil civil; /* year 0: the stamp has none */
	int64_t offset_ms;  /* of the civil time from UTC */
	bool fraction;
};

/* zone_ms: offset of stamps without a zone. False, *line untouched, if it begins with no stamp. */
bool stamp_eat(struct str *line, int64_t zone_ms, struct stamp *ret);

/* A stamp without a year, in that one. TIME_NONE: no such day in it (29 February). */
int64_t stamp_in_year(const struct stamp *s, int year);

/* The instant of any stamp; without a year, the one that brings it nearest to near_ms. TIME_NONE: before 1970. */
int64_t stamp_time(const struct stamp *s, int64_t near_ms);

#endif
