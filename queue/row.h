/* SPDX-License-Identifier: Apache-2.0 */
/* row - what a transition does to a row, and the row as it is written at a boundary (docs/SEMANTICS.md, section 2) */
#ifndef QLAPSE_QUEUE_ROW_H
#define QLAPSE_QUEUE_ROW_H

#include "queue/histogram.h"
#include "queue/queue_stage.h"

struct row_view {
	const struct queue_config *c;
	struct store *store;
	struct str name; /* group|class, without the kind's letter */
	struct row_entry *r;
	struct buf *key; /* scratch */
};

/* enter, leave or retry */
void row_apply(const struct row_view *v, const struct transition *t, int64_t p_ms);
void row_touch(const struct row_view *v, int64_t p_ms); /* it is to be written at the next boundary */

/* The row as of a boundary, group and class left to the caller; lists live in a. */
void row_write(const struct row_view *v, int64_t boundary_ms, struct row *ret, struct arena *a);
/* It has been written: idle or not, and when next. */
void row_written(const struct row_view *v, int64_t boundary_ms);

#endif
