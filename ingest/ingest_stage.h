/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_stage - the first stage: raw lines to deliveries, counted noise and dead letters */
#ifndef QLAPSE_INGEST_INGEST_STAGE_H
#define QLAPSE_INGEST_INGEST_STAGE_H

#include "ingest/line.h"
#include "lib/codec/writer.h"
#include "lib/stream/stage.h"

struct ingest_stage_config {
	struct ingest_config lines;
	struct classifier classifier;   /* called for every event */
	struct redactor redactor;       /* called for every event and fact, behind the classifier */
	enum encoding encoding;         /* of deliveries */
	const struct log_topic *topics; /* the program's list */
	int dlq_distance;               /* dead letters of raw topic t go to t + dlq_distance */
};

struct ingest_stage;

struct ingest_stage *ingest_stage_new(const struct ingest_stage_config *c); /* one per worker: it holds scratch */
void ingest_stage_free(struct ingest_stage *s);

extern const struct stage_ops ingest_stage_ops; /* config argument: struct ingest_stage */

#endif
