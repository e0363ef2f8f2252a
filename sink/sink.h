/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - the public topics into PostgreSQL, each record exactly once
 *
 * Where a partition goes on stands in the database, not in Kafka, and moves in the transaction that writes the rows:
 *
 *     UPDATE qlapse.offsets SET next = NEW WHERE topic, partition AND next = OLD      (must change every partition named)
 *     INSERT INTO ... the rows of the records from OLD to NEW
 *
 * So both happen or none does. Kafka's group shares the partitions out, but nothing rests on it: of two writers that
 * think a partition theirs, the second waits for the first one's row lock, finds another `next` than the one it read
 * from, and its transaction is rolled back. No owner has to be told that it is none any more. The same rule settles a
 * COMMIT whose answer was lost: whatever went wrong, the batch is dropped, `next` is read again, and reading
 * goes on from there.
 *
 * One thread. While the database is away nothing is read, but the group is attended to, so that partitions stay.
 */
#ifndef QLAPSE_SINK_SINK_H
#define QLAPSE_SINK_SINK_H

#include "lib/stream/log.h"
#include "sink/pg.h"
#include "sink/tables.h"

struct sink_config {
	struct pg_config pg;
	const struct log_topic *topics; /* the log's, by enum topic */
	const char *prefix;             /* of their names */
	const char *reader;             /* role that may read; NULL: none is told */
	int batch;                      /* rows per transaction at most, about */
	int64_t linger_ms;
	int64_t keep_ms[SINK_TABLES]; /* of tables by day; TIME_NEVER: for ever */
	bool once;                    /* ends where the partitions end */
	bool split;                   /* tests: offsets in a transaction of their own, which is wrong */
	void (*note)(void *arg, const char *level, const char *text);
	void *arg;
};

enum sink_end { SINK_STOPPED, SINK_FENCED, SINK_FAILED };

/* Runs until pg.stopping says so, or once: to the end. The log is read only; closing it is the caller's. */
enum sink_end sink_run(const struct sink_config *c, struct log *log, struct err *err);

#endif
