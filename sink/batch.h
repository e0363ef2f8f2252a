/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch - records on their way into the tables: read, checked, and laid out as one array per column of a statement
 *
 * A record that fits no table (no document, a field of another kind, no key where one is needed) is kept apart with
 * the reason and goes to qlapse.rejected in the same transaction: none is lost, and none holds up the rest.
 * PostgreSQL's text cannot hold U+0000. Our records never do (lib/base/text.h); should one, U+FFFD takes its place and is counted.
 */
#ifndef QLAPSE_SINK_BATCH_H
#define QLAPSE_SINK_BATCH_H

#include "lib/stream/log.h"
#include "sink/pg.h"
#include "sink/tables.h"

struct batch;

/* oldest_ms, by table: rows of earlier days are not wanted any more; TIME_NONE: all are. */
struct batch *batch_new(const struct log_topic *topics);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);

struct batch_counts {
	int64_t records, ticks, rejected, repaired, too_old;
};

/* rec->topic is an enum topic that has a record. */
void batch_add(struct batch *b, const struct log_record *rec, const int64_t oldest_ms[SINK_TABLES]);
/* To qlapse.rejected with it, without looking at it. */
void batch_reject(struct batch *b, const struct log_record *rec, struct str reason);

size_t batch_rows(const struct batch *b);  /* rows and rejected records */
size_t batch_bytes(const struct batch *b); /* that they take */
const struct batch_counts *batch_counts(const struct batch *b);

/* Days (UTC, as days since 1970) of a table by day that have rows; those before behind *at, which starts at 0. */
bool batch_next_day(const struct batch *b, size_t table, size_t *at, int64_t *ret_day);

/* Within the transaction that is open. */
int batch_write(struct batch *b, struct pg *g, struct err *err);

#endif
