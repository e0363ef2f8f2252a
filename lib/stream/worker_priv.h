/* SPDX-License-Identifier: Apache-2.0 */
/* worker_priv - what worker.c and transaction.c share */
#ifndef QLAPSE_STREAM_WORKER_PRIV_H
#define QLAPSE_STREAM_WORKER_PRIV_H

#include "lib/base/hash.h"
#include "lib/stream/task.h"
#include "lib/stream/tick.h"
#include "lib/stream/worker.h"

enum phase { PHASE_IDLE, PHASE_OFFSETS, PHASE_WATERMARKS, PHASE_OPEN, PHASE_RESTORING, PHASE_RUNNING };

enum { COUNTS_MAX = 256 };

/* Counts made in a transaction are told only once it is committed. */
struct counts {
	const char *names[COUNTS_MAX];
	int64_t values[COUNTS_MAX];
	size_t n;
};

struct transaction {
	struct stage_out out; /* first: the stage gets a pointer to it */
	struct worker *w;
	bool open;
	enum log_result result; /* the first that is not LOG_OK */
	struct err err;
	int64_t now_ms, produced;
	struct counts counts;
	struct buf order, tick;
	/* a record whose outputs the log refuses is found by taking one at a time */
	int isolate;   /* this many cycles still go record by record */
	int refusals;  /* in a row, of one record */
	bool rejected; /* in this transaction it goes to the dead letters */
	const struct task *suspect_task;
	int64_t suspect_offset; /* -1: none */
};

struct worker {
	struct worker_config c;
	struct log *log;
	enum phase phase;
	struct task **tasks;
	size_t n_tasks;
	struct log_position *positions; /* room for one per task */
	int64_t *targets;               /* restore: offset to be reached per task; 0: reached */
	size_t n_restoring;
	int64_t restored;
	struct tick_head tick_head;
	int64_t ticked_ms, skew_checked_ms; /* wall time; TIME_NONE: never */
	struct transaction txn;
	struct worker_stats stats;
	struct buf scratch;
};

void worker_note(const struct worker *w, enum worker_note_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum worker_result worker_settle(struct worker *w, enum log_result result, struct err *err);
bool worker_take(struct worker *w, const struct log_event *ev, int64_t now_ms); /* false: LOG_NOTHING */

/* transaction.c */
void transaction_init(struct worker *w);
void transaction_release(struct worker *w);
enum worker_result worker_cycle(struct worker *w, int64_t now_ms, int timeout_ms, struct err *err);

#endif
