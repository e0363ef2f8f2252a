/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory - the whole pipeline in this process, over memory: what replay and watch run
 *
 * The same four stages, the same runtime; one partition per inner topic, one raw partition per
 * file. Time goes on as the caller says: by the lines, or by the clock.
 */
#ifndef QLAPSE_MAIN_MEMORY_H
#define QLAPSE_MAIN_MEMORY_H

#include "lib/stream/memlog.h"
#include "main/board.h"
#include "main/counts.h"
#include "main/pipeline.h"

struct memory_pipeline {
	const struct config *c;
	struct arena arena;
	struct topic_list topics;
	struct catalog *catalog;
	struct membus *bus;
	struct stage_instance *stages[STAGE_N];
	struct worker *workers[STAGE_N];
	struct count_set counts; /* of all stages */
	struct board *board;     /* counts are told there, too; NULL after memory_start, to be set then */
	size_t n_sources;
};

/* c gets one raw topic with n_sources partitions. Records have headers unless events.form is EVENT_OFF. The tap sees what each stage writes (topic numbers of topics). */
int memory_start(struct memory_pipeline *m, struct config *c, size_t n_sources, membus_tap_fn *tap, void *arg,
                 struct err *err);
void memory_stop(struct memory_pipeline *m);

void memory_line(struct memory_pipeline *m, size_t source, struct str text, int64_t ts_ms);
/* Nothing before at_ms will come from any source. */
void memory_time(struct memory_pipeline *m, int64_t at_ms);
/* Runs all stages until none has anything to do. */
int memory_pump(struct memory_pipeline *m, struct err *err);
/* The first boundary after a moment, and one more: when all that it brought has become rows and alerts. */
int64_t memory_after(const struct memory_pipeline *m, int64_t p_ms);

#endif
