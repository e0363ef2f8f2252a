/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker - runs one stage on one log: time order, overlay, ticks, restore, commit, rewind
 *
 * What all stages have in common, written once. A worker is a step function: the
 * shell calls worker_step in a loop, from one thread, with the wall time; nothing in
 * here reads a clock. Each assigned input partition is a task with a store, a clock
 * and its waiting records; tasks do not see each other.
 *
 * The rules are those of docs/ARCHITECTURE.md, "Time is a record" and "Exactly once".
 */
#ifndef QLAPSE_STREAM_WORKER_H
#define QLAPSE_STREAM_WORKER_H

#include "lib/base/err.h"
#include "lib/stream/log.h"
#include "lib/stream/stage.h"

/* Each makes one rule fail on purpose; for the tests' negative controls only. */
enum worker_fault {
	WORKER_FAULT_NO_REWIND = 1,       /* after an abort the input is not read again */
	WORKER_FAULT_KEEP_STATE = 2,      /* after an abort the batch's state stays */
	WORKER_FAULT_WATERMARK_FIRST = 4, /* restore: watermark before committed offsets */
	WORKER_FAULT_ON_ARRIVAL = 8,      /* records are applied as they are read */
	WORKER_FAULT_TICK_FIRST = 16,     /* the tick comes first in its transaction */
	WORKER_FAULT_FIRE_AT_CLOCK = 32,  /* timers due at C fire at C */
};

enum worker_note_level { WORKER_NOTE_DEBUG, WORKER_NOTE_INFO, WORKER_NOTE_WARN };

struct worker_config {
	const struct stage_ops *ops;
	void *stage;     /* the config argument of its functions; used by this worker only */
	struct str name; /* of the instance: key of ticks on compacted topics */

	const struct log_topic *topics; /* the program's list; indices as in struct log_record */
	size_t n_topics;
	const int *inputs; /* topics; their partitions in this order are our sources */
	size_t n_inputs;
	int state_topic; /* -1: stateless */
	int tick_topic;  /* every partition of it gets our ticks; -1: nobody reads them */
	bool tick_keyed; /* it is compacted */

	int batch;                /* records read, and events applied per task, per transaction at most */
	int64_t linger_ms;        /* a transaction waits this long for more input; 0: not at all */
	int64_t tick_interval_ms; /* at most one tick per interval … */
	int64_t
	    tick_refresh_ms; /* … and an unchanged one after this long (a restarted reader needs it); TIME_NEVER: never */
	int64_t stall_after_ms; /* TIME_NEVER: a silent source holds time for ever */
	int64_t skew_ms;        /* pause a partition whose clock is this far ahead of the least; TIME_NEVER: never */
	int64_t skew_every_ms;
	bool clock_limited; /* sources: p is never later than now */
	uint64_t seed;      /* of hash tables */
	unsigned faults;    /* enum worker_fault */

	/* Adds to a record what subscribers want beside the value: headers, or another value that holds this one. Called
	 * for all but ticks and tombstones; o->p_ms is TIME_NONE for a state record. What it adds is valid until the next
	 * call. NULL: nothing is added. */
	void (*dress)(void *arg, const struct out_record *o, struct log_record *inout);
	void *dress_arg;

	void (*note)(void *arg, enum worker_note_level level, const char *text); /* for the shell's log; NULL: none */
	void (*count)(void *arg, const char *name,
	              int64_t n); /* committed counts of the stage and the runtime; NULL: none */
	void *arg;
};

struct worker_stats {
	int64_t records, applied, fired, produced, ticks, commits, aborts, restored, skipped, late, rejected,
	    assignments;
};

enum worker_result {
	WORKER_BUSY, /* did something */
	WORKER_IDLE, /* nothing to do within the timeout */
	WORKER_FENCED,
	WORKER_FATAL,
};

struct worker;

/* Takes the log (closed by worker_free). */
struct worker *worker_new(const struct worker_config *config, struct log *log);
void worker_free(struct worker *w);

/* One cycle: poll, apply, commit. Waits up to timeout_ms for input. */
enum worker_result worker_step(struct worker *w, int64_t now_ms, int timeout_ms, struct err *err);

const struct worker_stats *worker_stats(const struct worker *w);

/* Where it stands on the way from being given partitions to working on them. */
struct worker_phase {
	const char *words;
	bool running;     /* assigned and restored; true of a worker that stands by without partitions, too */
	size_t restoring; /* partitions whose state is not read to its end yet */
};
struct worker_phase worker_phase(const struct worker *w);

/* The tasks at hand: 0 … n − 1; for summaries, progress and tests. */
struct worker_task {
	int topic, partition;
	uint32_t source;
	int64_t clock_ms; /* TIME_NONE: none yet */
	int64_t offset;   /* next to be read */
	size_t waiting, entries;
	uint32_t stalled;          /* sources left out of the clock because they were silent for too long */
	bool running;              /* restored and assigned */
	const struct store *store; /* NULL: stateless */
};
size_t worker_tasks(const struct worker *w);
struct worker_task worker_task(const struct worker *w, size_t i);

/* Index of a partition among the partitions of the inputs, and their number. */
uint32_t worker_source(const struct worker_config *config, int topic, int partition);
uint32_t worker_n_sources(const struct worker_config *config);

#endif
