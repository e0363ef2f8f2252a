/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_stage - the third stage: transitions to rows, one per destination group and class
 *
 * docs/SEMANTICS.md, section 2, is the specification.
 */
#ifndef QLAPSE_QUEUE_QUEUE_STAGE_H
#define QLAPSE_QUEUE_QUEUE_STAGE_H

#include "lib/codec/writer.h"
#include "lib/stream/stage.h"

struct queue_config {
	int64_t row_interval_ms;    /* rows are written at multiples of it */
	int64_t tombstone_after_ms; /* a multiple of it: an emptied row is forgotten */
	int64_t group_keep_ms;      /* so is the last success of a group */
	enum encoding rows_encoding;
};

void queue_config_default(struct queue_config *c);

struct queue_stage;

struct queue_stage *queue_stage_new(const struct queue_config *c);
void queue_stage_free(struct queue_stage *s);

extern const struct stage_ops queue_stage_ops; /* config argument: struct queue_stage */

#endif
