/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entries - what the queue stage keeps: groups, rows, and the hours of their histograms
 *
 * Keys: "g" group, "r" group|class, "q" or "x" group|class 0-byte hour: recipients by start
 * of the wait or by expected end, one entry per hour, so that no state record grows
 * with the lifetime. Each struct begins with its type, which is its key's first letter.
 */
#ifndef QLAPSE_QUEUE_ENTRIES_H
#define QLAPSE_QUEUE_ENTRIES_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/records.h"
#include "lib/stream/store.h"

enum { QUEUE_STATE_VERSION = 1, SAMPLES_MAX = 3, ROW_SOURCES_MAX = 10, BASES = 5 };

struct group_entry {
	char type;
	int64_t last_success_ms; /* TIME_NONE: none known */
	int64_t success_p_ms;    /* pipeline time of the last success */
	uint64_t active;         /* classes whose row is not idle, by bit */
};

/* Which hours of a histogram there are, ascending, with their sums. */
struct hours {
	int64_t *hour, *sum;
	size_t n;
	int64_t minutes; /* that are not zero */
};

struct source {
	struct str host; /* owned */
	int64_t recipients;
	int mta;
};

struct row_entry {
	char type;
	bool idle, changed;
	int64_t due_ms; /* when it is to be written, or forgotten; TIME_NEVER */
	int64_t messages, recipients, held, overdue, mismatched, null_sender;
	int64_t by_basis[BASES]; /* recipients; those of no known basis are not kept */
	struct hours queued, expires;
	struct source *sources; /* by host */
	size_t n_sources;
	struct str samples[SAMPLES_MAX]; /* owned */
	size_t n_samples;
	int64_t since_ms, last_failure_ms, attempts, permanent_replies, entered, delivered, bounced, expired,
	    longest_wait_ms;
	struct str last_error, detail, destination, next_hop, next_hop_ip, microsoft_code, connector,
	    provider; /* owned */
	int mta, owner, side, kind;
};

/* The members of a row that its record, its state record or a transition hold by the same name. */
#define ROW_NUMBERS(X)                                                                                                 \
	X(messages)                                                                                                    \
	X(recipients)                                                                                                  \
	X(held)                                                                                                        \
	X(overdue)                                                                                                     \
	X(mismatched)                                                                                                  \
	X(null_sender)                                                                                                 \
	X(since_ms)                                                                                                    \
	X(last_failure_ms)                                                                                             \
	X(attempts)                                                                                                    \
	X(permanent_replies)                                                                                           \
	X(entered)                                                                                                     \
	X(delivered)                                                                                                   \
	X(bounced)                                                                                                     \
	X(expired)                                                                                                     \
	X(longest_wait_ms)
#define ROW_TEXTS_AS_TOLD(X)                                                                                           \
	X(detail)                                                                                                      \
	X(destination)                                                                                                 \
	X(next_hop)                                                                                                    \
	X(next_hop_ip)                                                                                                 \
	X(microsoft_code)                                                                                              \
	X(connector)                                                                                                   \
	X(provider)
#define ROW_TEXTS(X)                                                                                                   \
	X(last_error)                                                                                                  \
	ROW_TEXTS_AS_TOLD(X)
#define ROW_ENUMS(X)                                                                                                   \
	X(mta)                                                                                                         \
	X(owner)                                                                                                       \
	X(side)                                                                                                        \
	X(kind)

struct hour_entry {
	char type;
	int64_t counts[60];
};

struct group_entry *group_entry_new(void);
struct row_entry *row_entry_new(void);
struct hour_entry *hour_entry_new(char type);
void queue_entry_free(void *entry);

struct queue_codec; /* scratch of one worker */
struct queue_codec *queue_codec_new(void);
void queue_codec_free(struct queue_codec *c);
void queue_entry_encode(struct queue_codec *c, const void *entry, struct buf *out);
void *queue_entry_decode(struct queue_codec *c, struct str key, struct str value, struct err *err);

#endif
