/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track - what a line, or the time, does to a message: transitions between places
 *
 * Pure: a function of (entry, delivery or moment, settings). docs/SEMANTICS.md,
 * section 1, is the specification.
 */
#ifndef QLAPSE_TRACK_TRACK_H
#define QLAPSE_TRACK_TRACK_H

#include "lib/codec/writer.h"
#include "lib/mail/connector.h"
#include "track/tracked.h"

struct lifetime_rule {   /* each condition may be left open */
	struct str host; /* empty: any */
	enum mta mta;    /* MTA_UNKNOWN: any */
	int null_sender; /* -1: either */
	int64_t lifetime_ms;
};

struct track_step { /* an age, or a share of the lifetime */
	struct str name;
	int64_t age_ms; /* -1: a share */
	int percent;
};

enum { TRACK_STEPS_MAX = 32 };

struct track_config {
	int64_t default_lifetime_ms, grace_ms, closed_keep_ms, forget_after_ms;
	const struct lifetime_rule *rules;
	size_t n_rules;
	const struct track_step *steps; /* TRACK_STEPS_MAX at most */
	size_t n_steps;
	const struct connector *connectors;
	size_t n_connectors;
	enum encoding transitions_encoding, messages_encoding;
};

void track_config_default(struct track_config *c);

/* Where transitions and counts go. Views in t are valid during the call. */
struct track_sink {
	void (*transition)(struct track_sink *sink, const struct transition *t);
	void (*count)(struct track_sink *sink, const char *name);
};

enum { TRACK_KEY_MAX = 600 }; /* longer ones would not fit into an order stamp */

struct track_key {
	struct str key, site, host, queue_id; /* key = site/host/queue_id, TRACK_KEY_MAX at most */
};

enum track_verdict { TRACK_KEEP, TRACK_REMOVE };

/* Is there anything in the line for the message (t; NULL: none is known)? Counts what it is if not. If so and t is NULL,
 * an entry is to be made by tracked_new. */
bool track_takes(const struct track_config *c, const struct tracked *t, const struct delivery *d, int64_t p_ms,
                 struct track_sink *sink);

/* A line that track_takes took. REMOVE: the entry is done with. */
enum track_verdict track_apply(const struct track_config *c, const struct track_key *k, struct tracked *t,
                               const struct delivery *d, int64_t p_ms, struct track_sink *sink);

/* The next moment at which time alone changes the entry; never TIME_NEVER. */
int64_t track_due(const struct track_config *c, const struct tracked *t);

/* Time has come to that moment. Settings may have changed since due was told: what they make due is done as well, so
 * that the next moment is always later than this one. REMOVE: as above. */
enum track_verdict track_fire(const struct track_config *c, const struct track_key *k, struct tracked *t, int64_t at_ms,
                              struct track_sink *sink);

/* Queued, waiting, held …, for the message record. */
enum message_state track_state(const struct tracked *t);
/* Is it still in the MTA's queue, as far as is known? Yes, until it closed or all recipients seen are finished. */
bool track_is_queued(const struct tracked *t);
bool track_is_overdue(const struct tracked *t);

#endif
