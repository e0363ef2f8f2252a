/* SPDX-License-Identifier: Apache-2.0 */
/* track_stage - the second stage: deliveries to transitions, messages as its state */
#ifndef QLAPSE_TRACK_TRACK_STAGE_H
#define QLAPSE_TRACK_TRACK_STAGE_H

#include "lib/stream/stage.h"
#include "lib/stream/store.h"
#include "track/track.h"

struct track_stage;

struct track_stage *track_stage_new(const struct track_config *c); /* what c points to must outlive it */
void track_stage_free(struct track_stage *s);

extern const struct stage_ops track_stage_ops; /* config argument: struct track_stage */

struct track_summary {
	int64_t queued;  /* messages that are still in a queue, as far as is known */
	int64_t overdue; /* of these past their end without a word */
};

void track_summarise(const struct store *s, struct track_summary *inout); /* adds to it */

#endif
