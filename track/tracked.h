/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracked - one message as the tracker knows it, and its recipients
 *
 * The rules are those of docs/SEMANTICS.md, section 1; the words are its, too. All
 * text is owned by the entry. Recipients are sorted by address (byte order).
 *
 * Most messages are delivered at once and forgotten a second later, so the entry has
 * room in itself for what these need: the sender, one recipient and its address. What
 * only a deferral tells is kept apart (struct tracked_wait) and costs nothing before.
 */
#ifndef QLAPSE_TRACK_TRACKED_H
#define QLAPSE_TRACK_TRACKED_H

#include "lib/base/timefmt.h"
#include "lib/mail/records.h"

/* A place as it was told to the queue stage. */
struct place {
	struct str group; /* owned */
	enum class class;
	int64_t queued_minute, expires_minute; /* expires_minute -1: none */
	bool held, overdue, mismatched, null_sender;
	enum basis basis;
};

enum { WAIT_TEXTS_N = 9 };

/* What a deferral says in words; the views of a struct tracked_wait point into one block. */
union wait_texts {
	struct {
		struct str group, connector, provider, next_hop, next_hop_ip, text, detail, microsoft_code, destination;
	};
	struct str all[WAIT_TEXTS_N];
};

/* The deferrals of a recipient. Once finished it keeps this, for the message record. */
struct tracked_wait {
	/* of the last deferral, or of one before it where the rules say so */
	union wait_texts texts; /* changed by tracked_set_texts only */
	char *block;            /* owned; NULL: all are empty */
	enum kind kind;
	enum class class;
	enum owner owner;
	enum side side;
	bool suspended, permanent_reply;
	uint64_t line_hash; /* by which the same line is known again */
	int64_t first_deferral_ms, attempts;
	int64_t record_expires_ms; /* the MTA's own word; TIME_NONE: none */
	int64_t expires_ms;        /* as of the last refresh */
	enum basis basis;
	bool overdue, mismatched;
	int64_t likely_lifetime_ms; /* -1: not mismatched */
	uint32_t steps_crossed;     /* bits by index of the setting */
	bool placed;                /* place has been told */
	struct place place;
};

struct tracked_recipient {
	struct str address;
	enum rcpt_state state; /* RCPT_STATE_UNKNOWN only while a line is being applied */
	int64_t last_line_ms;
	struct tracked_wait *wait; /* owned; NULL: never deferred */
};

enum { TRACKED_ROOM = 120 }; /* for text: what two addresses usually take */

/* Points into itself: never copied or moved. */
struct tracked {
	int64_t ordinal, seq;
	bool closed, held, ever_waiting, null_sender;
	enum mta mta;
	int64_t closed_ms, last_p_ms, last_line_ms, longest_gap_ms;
	/* own: the moment at which the queue id began */
	int64_t own_ms, own_error_ms;
	enum since_source own_source;     /* SINCE_UNKNOWN: not known */
	int64_t delay_ms, delay_error_ms; /* dly: arrival by delay; error -1: not known */
	int64_t first_seen_ms;            /* TIME_NONE: no line has been applied yet */
	struct str sender;                /* changed by tracked_set_sender only */
	struct tracked_recipient *recipients;
	size_t n_recipients, cap_recipients;
	struct tracked_recipient first; /* room for one */
	size_t room_used;
	char room[TRACKED_ROOM];
};

struct tracked *tracked_new(void); /* open, ordinal 1, nothing known */
void tracked_free(struct tracked *t);
/* A new message under the same key: ordinal + 1, seq kept, all else forgotten. */
void tracked_reuse(struct tracked *t);
void tracked_forget_recipients(struct tracked *t);
void tracked_set_sender(struct tracked *t, struct str sender);

struct tracked_recipient *tracked_find(const struct tracked *t, struct str address); /* NULL: none */
/* Finds or makes (in no state). Pointers to recipients are good until the next one is made. */
struct tracked_recipient *tracked_add(struct tracked *t, struct str address);

/* The recipient's wait; made, with nothing known, if there is none. */
struct tracked_wait *tracked_wait(struct tracked_recipient *r);
/* Replaces all texts by copies. The new ones may be views of the old ones. */
void tracked_set_texts(struct tracked_wait *w, const union wait_texts *texts);

bool tracked_is_waiting(const struct tracked_recipient *r);
bool tracked_anyone_waits(const struct tracked *t);

#endif
