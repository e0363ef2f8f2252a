/* SPDX-License-Identifier: Apache-2.0 */
/* place - tells where recipients are: enter, leave, retry, success and step transitions (docs/SEMANTICS.md 1.4, 1.7) */
#ifndef QLAPSE_TRACK_PLACE_H
#define QLAPSE_TRACK_PLACE_H

#include "track/track.h"

/* What is being done, and to which message. */
struct telling {
	const struct track_config *c;
	const struct track_key *k;
	struct tracked *t;
	struct track_sink *sink;
	int64_t at_ms;               /* pipeline time, or the moment of a timer */
	int64_t time_ms;             /* of the line; TIME_NONE: none is behind it */
	size_t id_n;                 /* 0: not made yet */
	char id[TRACK_KEY_MAX + 24]; /* of the message, as records have it */
};

/* Computes the expiry of each waiting recipient anew. */
void place_renew_expiries(struct telling *w);
/* The same and the places, too, and tells what changed. */
void place_refresh(struct telling *w);
/* A waiting recipient leaves; waited: tell how long it waited (by the line's time). Its state is the caller's to set. */
void place_leave(struct telling *w, struct tracked_recipient *r, enum reason reason, bool waited);
void place_retry(struct telling *w, const struct tracked_recipient *r);
void place_step(struct telling *w, const struct tracked_recipient *r, struct str step);
void place_success(struct telling *w, const struct delivery *d);

#endif
