/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task - one input partition of a worker: its store, its clock, its waiting records
 *
 * Everything here may change in a transaction and is put back by task_abort; what is
 * committed is kept beside it.
 */
#ifndef QLAPSE_STREAM_TASK_H
#define QLAPSE_STREAM_TASK_H

#include "lib/stream/clocks.h"
#include "lib/stream/progress.h"
#include "lib/stream/store.h"
#include "lib/stream/waiting.h"
#include "lib/stream/worker.h"

struct task {
	int topic, partition;
	uint32_t source;
	struct store *store; /* NULL: stateless */
	struct waiting waiting, late;
	struct clocks clocks, committed_clocks;
	struct progress now, committed;
	int64_t next_offset;      /* to be read */
	int64_t committed_offset; /* -1: nothing committed, the beginning */
	int64_t
	    catch_up; /* nothing is applied before the reading has come here: what waited before a restart is read again */
	int64_t reached_ms; /* p of the last event applied; never goes back */
	int64_t told_ms;    /* clock in our last committed tick */
	int64_t idle_ms;    /* sources: becomes the clock once nothing waits */
	uint32_t stalled;
	bool paused;
};

struct task *task_new(const struct worker_config *c, int topic, int partition);
void task_free(struct task *t);

/* The state after a restart: offset and metadata as committed. False if the metadata is not ours. */
bool task_start(struct task *t, const struct log_position *committed);

/* A record of a stage that is no source: ticks move the clock, data waits. */
void task_take(struct task *t, const struct worker_config *c, const struct log_record *rec, int64_t now_ms,
               struct worker_stats *stats);

/* A record of a source: it is applied as soon as may be, in the order of offsets. */
void task_take_raw(struct task *t, const struct worker_config *c, const struct log_record *rec, int64_t now_ms);
/* The log vouches that nothing before clock_ms will come behind what has been taken. */
void task_idle(struct task *t, int64_t clock_ms);

/* Applies the records that came behind the clock (a source was added, or spoke again): before each task_run. -1 and err. */
int task_run_late(struct task *t, const struct worker_config *c, struct stage_out *out, struct worker_stats *stats,
                  struct err *err);

/* Applies records and fires timers before the clock, in order, at most limit of them. Returns how many, or -1. */
int task_run(struct task *t, const struct worker_config *c, int limit, struct stage_out *out,
             struct worker_stats *stats, struct err *err);
bool task_is_ready(const struct task *t, const struct worker_config *c); /* task_run would do something */

/* The oldest record that waits at a source goes to the dead letters instead of being applied. */
void task_reject(struct task *t, const struct worker_config *c, const char *reason, struct stage_out *out);

/* What a tick may say of this partition: everything before has been sent. TIME_NONE: nothing yet. */
int64_t task_horizon(const struct task *t);

/* The position to send with a transaction; meta goes to scratch. */
struct log_position task_position(const struct task *t, struct buf *scratch);
void task_commit(struct task *t);
void task_abort(struct task *t, unsigned faults);

#endif
