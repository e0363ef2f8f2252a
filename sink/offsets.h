/* SPDX-License-Identifier: Apache-2.0 */
/* offsets - where each partition goes on, in the database: see sink.h */
#ifndef QLAPSE_SINK_OFFSETS_H
#define QLAPSE_SINK_OFFSETS_H

#include "lib/stream/log.h"
#include "sink/pg.h"

struct sink_part { /* an assigned partition */
	int topic, partition;
	int64_t stored; /* next in the database */
	int64_t next;   /* what it will be when all that was read is written */
	bool ended;     /* has been read to its end since reading began */
};

/* ERR_CONFIG if the database holds topics of another prefix: partitions and offsets mean others then. */
int offsets_check_prefix(struct pg *g, const char *prefix, struct err *err);

/* Fills in stored and next; -1: from the beginning. */
int offsets_load(struct pg *g, const struct log_topic *topics, struct sink_part *parts, size_t n, struct err *err);

/* Within a transaction: from stored to next. all: those that do not move, too. 1 done, 0 another one was faster, -1 err. */
int offsets_move(struct pg *g, const struct log_topic *topics, const struct sink_part *parts, size_t n, bool all,
                 struct err *err);

#endif
