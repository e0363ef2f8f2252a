/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - the narrow interface between the stage runtime and whatever keeps the records
 *
 * Three implementations: Kafka (lib/kafka), memory (memlog.h: replay, watch) and the
 * tests' simulated broker with faults. One struct log serves one worker: one consumer,
 * one transactional producer, one thread. Topics are named by their index in the list
 * that the log was opened with; the list is the same for all workers of a program.
 *
 * What the runtime relies on:
 *   - poll delivers only committed records (read_committed), in the order of offsets per partition;
 *   - after LOG_ASSIGNED nothing of the new partitions is delivered before assign() names their offsets;
 *   - LOG_REVOKED and LOG_LOST come only out of poll, never within a transaction;
 *   - commit makes records and offsets visible together or not at all, and fails if a partition named in send_offsets
 *     belongs to a newer generation of the group than the one of our LOG_ASSIGNED.
 */
#ifndef QLAPSE_STREAM_LOG_H
#define QLAPSE_STREAM_LOG_H

#include "lib/base/err.h"
#include "lib/base/str.h"

struct log_topic {
	const char *name;
	int partitions;
};

enum log_result {
	LOG_OK,
	LOG_RETRY,   /* nothing happened; the same call may succeed later */
	LOG_ABORT,   /* the transaction is lost: abort() it */
	LOG_REFUSED, /* the transaction is lost because of a record in it that will never be taken (too large, invalid) */
	LOG_RESTART, /* the producer is gone: reopen(), then take up the assignment anew */
	LOG_FENCED,  /* another instance has our name, or our transaction timed out: the process ends */
	LOG_FATAL,
};

struct log_header {
	const char *name;
	struct str value;
};

enum { LOG_HEADERS_MAX = 12 };

struct log_record {
	int topic, partition;
	int64_t offset;
	int64_t ts_ms;                              /* Kafka timestamp; TIME_NONE if the record has none */
	struct str key;                             /* empty: null */
	struct str value;                           /* p == NULL: tombstone */
	struct str order;                           /* header qlapse_order: see order.h; empty on raw records */
	struct str tick;                            /* header qlapse_tick: see tick.h; empty on data */
	struct log_header headers[LOG_HEADERS_MAX]; /* further ones, for producing and for the readers of raw topics */
	size_t n_headers;
};

/* A place in an input partition, with what travels in the metadata of a committed offset. */
struct log_position {
	int topic, partition;
	int64_t offset; /* next to read; -1: nothing committed, read from the beginning */
	struct str meta;
};

enum log_event_kind {
	LOG_NOTHING,
	LOG_RECORD,
	LOG_CLOCK,    /* nothing before clock_ms will come from this partition (idle input read to its end) */
	LOG_ASSIGNED, /* parts: the whole new assignment; prepare it, then assign() */
	LOG_REVOKED,  /* all partitions are to be given up */
	LOG_LOST,     /* they are already gone */
	LOG_EOF,      /* restore, and inputs of a log that was asked to tell: read up to rec.offset, where the committed part of the partition ends for now */
};

struct log_event {
	enum log_event_kind kind;
	struct log_record rec; /* RECORD; topic, partition, offset also for CLOCK and EOF. Valid until the next poll */
	int64_t clock_ms;
	const struct log_position *parts; /* ASSIGNED: offsets not set yet */
	size_t n_parts;
};

struct log;

struct log_ops {
	/* The next event of the inputs; waits up to timeout_ms for one, then LOG_NOTHING. */
	enum log_result (*poll)(struct log *log, int timeout_ms, struct log_event *ret, struct err *err);
	/* The group's committed offsets and metadata. inout: topic, partition in; offset, meta (valid until the next
	 * call) out. Any partition of the inputs may be asked for. LOG_RETRY while the broker calls them unstable. */
	enum log_result (*committed)(struct log *log, struct log_position *inout, size_t n, struct err *err);
	/* Next offset to be written, open transactions included (read_uncommitted). */
	enum log_result (*watermark)(struct log *log, int topic, int partition, int64_t *ret, struct err *err);
	/* Starts delivery of the whole assignment from these offsets. */
	enum log_result (*assign)(struct log *log, const struct log_position *at, size_t n, struct err *err);
	/* Goes on from these offsets; what was fetched and not delivered yet is dropped. */
	enum log_result (*seek)(struct log *log, const struct log_position *at, size_t n, struct err *err);
	void (*pause)(struct log *log, int topic, int partition, bool on);

	/* A reader of state beside the inputs, read_committed, from the beginning. */
	enum log_result (*restore_open)(struct log *log, const struct log_position *at, size_t n, struct err *err);
	enum log_result (*restore_poll)(struct log *log, int timeout_ms, struct log_event *ret, struct err *err);
	void (*restore_close)(struct log *log);

	enum log_result (*begin)(struct log *log, struct err *err);
	enum log_result (*produce)(struct log *log, const struct log_record *rec, struct err *err); /* copies */
	enum log_result (*send_offsets)(struct log *log, const struct log_position *at, size_t n, struct err *err);
	enum log_result (*commit)(struct log *log, struct err *err);
	enum log_result (*abort)(struct log *log, struct err *err);
	/* A new producer under the same name, after LOG_RESTART. */
	enum log_result (*reopen)(struct log *log, struct err *err);
	/* Leaves the group if static membership allows it, and frees the log. No transaction is open. */
	void (*close)(struct log *log);
};

struct log {
	const struct log_ops *ops;
};

#endif
