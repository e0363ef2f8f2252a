/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracked - one message as the tracker knows it, and its recipients
 *
 * The rules are those of docs/SEMANTICS.md, section 1; the words are its, too. All
 * text is owned by the entry. Recipients are sorted by address (byte order).
 */
#ifndef QLAPSE_TRACK_TRACKED_H
#define QLAPSE_TRACK_TRACKED_H

#include "lib/base/buf.h"
#include "lib/base/timefmt.h"
#include "lib/mail/records.h"

/* A place as it was told to the queue stage. */
struct place {
	struct str group; /* owned */
	enum class class;
	int64_t queued_minute, expires_minute; /* -1: none */
	bool held, overdue, mismatched, null_sender;
	enum basis basis;
};

struct tracked_recipient {
	struct str address; /* all text here is owned */
	enum rcpt_state state;
	bool placed; /* place has been told */
	struct place place;
	/* of the last deferral */
	struct str group, connector, provider, next_hop, next_hop_ip, text, detail, microsoft_code, destination;
	enum kind kind;
	enum class class;
	enum owner owner;
	enum side side;
	bool suspended, permanent_reply;
	int64_t first_deferral_ms, last_line_ms, attempts;
	uint64_t last_line_hash;
	int64_t record_expires_ms; /* the MTA's own word; TIME_NONE: none */
	int64_t expires_ms;        /* as of the last refresh */
	enum basis basis;
	bool overdue, mismatched;
	int64_t likely_lifetime_ms;
	uint32_t steps_crossed; /* bits by index of the setting */
};

struct tracked {
	int64_t ordinal, seq;
	bool closed, held, ever_waiting;
	int64_t closed_ms, last_p_ms, last_line_ms, longest_gap_ms;
	/* own: the moment at which the queue id began */
	int64_t own_ms, own_error_ms;
	enum since_source own_source;     /* SINCE_UNKNOWN: not known */
	int64_t delay_ms, delay_error_ms; /* dly: arrival by delay; error -1: not known */
	int64_t first_seen_ms;
	enum mta mta;
	bool null_sender;
	struct str sender;
	struct tracked_recipient *recipients;
	size_t n_recipients;
};

struct tracked *tracked_new(void); /* open, ordinal 1, nothing known */
void tracked_free(struct tracked *t);
/* A new message under the same key: ordinal + 1, seq kept, all else forgotten. */
void tracked_reuse(struct tracked *t);
void tracked_forget_recipients(struct tracked *t);

struct tracked_recipient *tracked_find(const struct tracked *t, struct str address); /* NULL: none */
struct tracked_recipient *tracked_add(struct tracked *t, struct str address);        /* finds or makes */

struct since {
	int64_t at_ms, error_ms; /* error -1: not known */
	enum since_source source;
	int64_t base_ms; /* from here expiry counts */
};
struct since tracked_since(const struct tracked *t);

#endif
