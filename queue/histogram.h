/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram - recipients by minute, kept as one store entry per hour
 *
 * The row entry holds which hours there are and their sums, so that a window costs
 * the hours in it and at most two hours' minutes. `which` is 'q' (start of the wait) or 'x' (expected end).
 */
#ifndef QLAPSE_QUEUE_HISTOGRAM_H
#define QLAPSE_QUEUE_HISTOGRAM_H

#include "queue/entries.h"

struct histogram {
	struct store *store;
	struct str row; /* group|class */
	char which;
	struct hours *hours;
	struct buf *key; /* scratch */
};

void histogram_add(const struct histogram *h, int64_t minute, int64_t delta);
int64_t histogram_sum(const struct histogram *h, int64_t from, int64_t to); /* from <= minute < to */
int64_t histogram_first(const struct histogram *h, int64_t from);           /* least minute >= from; -1: none */
/* All of it, ascending, at a width of 1 or 60 minutes. */
struct record_list histogram_list(const struct histogram *h, int64_t width, struct arena *a);

#endif
