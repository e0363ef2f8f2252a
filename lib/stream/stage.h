/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage - what a stage is to the runtime: a const table of pure functions
 *
 * A stage sees, for each of its input partitions, one stream in time order: records
 * and due timers merged, timers first at equal time. It keeps its state as entries in
 * a store (store.h), one store per input partition, and answers with records. It may
 * use neither clock nor random numbers nor anything outside (config, store, input).
 *
 * Timers: an entry has at most one, due() tells when; the runtime asks again whenever
 * the entry was edited. fire() must move it on (or remove the entry), or the same timer
 * would fire for ever: the runtime aborts on that.
 */
#ifndef QLAPSE_STREAM_STAGE_H
#define QLAPSE_STREAM_STAGE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/stream/log.h"

struct store;

/* An input record as a stage sees it. Views are valid during the call. */
struct stage_record {
	const struct log_record *log; /* the record as read: topic, partition, offset, headers */
	int64_t p_ms;                 /* pipeline time; never goes back within a partition */
	uint32_t source;              /* index of the partition among the stage's configured inputs */
	struct str key, value;
};

/* What subscribers are told of a record beside its value. Zeros: nothing. */
struct out_about {
	int64_t time_ms;    /* when what it says happened; 0: p_ms */
	const char *word;   /* what of several things it says: opened, deferred, enter; NULL: there is but one */
	struct str subject; /* whom it is about; empty: the key tells */
	int severity;       /* enum severity (lib/mail/names.h) */
	int64_t expiry_ms;  /* when mail expires */
};

struct out_record {
	int topic;
	struct str key;      /* also chooses the partition, unless part_key is set */
	struct str part_key; /* empty: key */
	struct str value;
	int64_t p_ms;
	struct str rest; /* of the order stamp; empty: the record carries none (nobody sorts it) */
	struct log_header headers[LOG_HEADERS_MAX];
	size_t n_headers;
	struct out_about about;
};

/* Where a stage's records and counts go. */
struct stage_out {
	void (*put)(struct stage_out *out, const struct out_record *rec);  /* copies */
	void (*count)(struct stage_out *out, const char *name, int64_t n); /* name: a literal */
};

struct stage_ops {
	const char *name; /* ingest, track, queue, alert */

	/* True for ingest: its inputs carry no stamps, records are applied on arrival, the runtime gives them p. */
	bool is_source;

	/* One input record. store is NULL for a stage without state. -1 only for what must stop the program. */
	int (*apply)(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
	             struct err *err);

	/* A source's record whose outputs the log refuses for good: it is dead-lettered instead. NULL for other stages. */
	void (*reject)(void *config, const struct stage_record *rec, const char *reason, struct stage_out *out);

	/* The timer of an entry is due: at_ms is its due time. */
	int (*fire)(void *config, struct store *store, struct str key, int64_t at_ms, struct stage_out *out,
	            struct err *err);

	/* Entries to and from state records. decode returns NULL and err on bytes of a newer version (ERR_CONFIG) or on
	 * nonsense (ERR_FATAL). */
	void (*encode)(void *config, struct str key, const void *entry, struct buf *out);
	void *(*decode)(void *config, struct str key, struct str value, struct err *err);
	void (*destroy)(void *entry);
	int64_t (*due)(void *config, const void *entry); /* TIME_NEVER: no timer */
	/* The state topic is public: when what an entry says happened. NULL: nobody else reads it. */
	int64_t (*time)(const void *entry);

	/* Told of each entry as it stands once that is final: after a commit, and at restore; NULL: it is gone, or no longer
	 * ours. For what a stage sums up over its entries. NULL: it sums up nothing. */
	void (*settled)(void *config, struct str key, const void *entry);
};

#endif
