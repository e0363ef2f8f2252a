/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - who speaks in a reason text, what they say, and which host it is about
 *
 * MTAs wrap a server's reply in their own words (form.h); only the inside is a reply, and words inside
 * a reply never tell of our own connections. For matching, the variable parts are
 * taken out (hosts, addresses, repeated codes), so that no name that a stranger chose
 * can look like a word, and so that texts of one form are equal.
 */
#ifndef QLAPSE_CLASSIFY_REPLY_H
#define QLAPSE_CLASSIFY_REPLY_H

#include "lib/base/buf.h"
#include "lib/mail/names.h"

/* Who speaks: the MTA itself, a server in mid-session, a server at its greeting or at EHLO. */
enum scope { SCOPE_OWN = 1, SCOPE_REPLY = 2, SCOPE_GREETING = 4, SCOPE_ANY = 7 };

/* What a server's reply answers, where the MTA says so. */
enum phase {
	PHASE_NONE,
	PHASE_GREETING,
	PHASE_HELLO,
	PHASE_STARTTLS,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_END
};

extern const char *const phase_names[]; /* NULL-terminated */

struct reply {
	enum scope scope;
	enum phase phase;
	bool wrapped;        /* a server's reply within the MTA's words */
	bool bare;           /* no form of an MTA's text fits: it may be a reply without its code */
	bool suspended;      /* no connection was made: an earlier reason is repeated, or none is given */
	bool reported;       /* a next hop tells of its own trouble further on, in Exchange's way */
	bool underscores;    /* blanks are written as "_" (qmail) */
	struct str words;    /* what the speaker says, codes included, as logged */
	struct str host, ip; /* whom it is about; empty: the text does not say */
	int64_t port;        /* -1 */
	int64_t code;        /* reply code; -1: none */
	struct str enhanced; /* enhanced status code as logged; empty: none */
	int64_t frame_code;  /* codes of the error in which Exchange repeats what a server said; -1 and empty: none */
	struct str frame;
	enum mta mta; /* who writes in these forms */
};

/* mta: whose words they are; MTA_UNKNOWN: anybody's. Views point into text. */
void reply_read(enum mta mta, struct str text, struct reply *ret);

/* Views into one copy of the text, which need not be there any more, become views into another. */
void reply_move(struct reply *r, uintptr_t from, const char *to);

/* What is matched: lower case, hosts as "host", addresses as "<>", codes left out; at most 600 bytes. */
void reply_normalise(const struct reply *r, struct buf *out);

/* The enhanced code that rules see, always of class 4: a permanent code that was deferred means the same trouble, and
 * Exchange turns 4.S.D into 5.S.D when a message expires of it. Empty without a code. */
void reply_rule_code(const struct reply *r, char ret[16]);
void reply_rule_frame(const struct reply *r, char ret[16]);

#endif
