/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks - what an input partition knows of the clocks of its sources
 *
 * The clock of the partition is the least over all sources, none while one of them has
 * not ticked yet, and never goes back. Ticks that speak of another list of sources empty
 * the table. A source whose clock has not moved for stall_after of wall time is left out
 * of the least, and counted: the one place where being available goes before being
 * the same as a replay.
 */
#ifndef QLAPSE_STREAM_CLOCKS_H
#define QLAPSE_STREAM_CLOCKS_H

#include "lib/base/str.h"

struct clocks {
	uint64_t hash;
	uint32_t n;        /* sources in the list; 0: no tick seen yet */
	int64_t *clock_ms; /* by source; TIME_NONE: not ticked */
	int64_t *moved_ms; /* wall time at which it last moved */
};

void clocks_release(struct clocks *c);
void clocks_copy(struct clocks *to, const struct clocks *from);

/* Takes in the value of a tick header; false if it is none of ours (nothing changes then). */
bool clocks_tick(struct clocks *c, struct str tick, int64_t now_ms);

/* The least over all sources, TIME_NONE if one is missing. Those not moved for stall_after_ms (TIME_NEVER: no such limit) are
 * left out unless none is left; their number goes to *ret_stalled. */
int64_t clocks_least(const struct clocks *c, int64_t now_ms, int64_t stall_after_ms, uint32_t *ret_stalled);

#endif
