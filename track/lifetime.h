/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifetime - since when a message waits and when it expires (docs/SEMANTICS.md 1.2, 1.3, and the moments of 1.6)
 *
 * Two beginnings are kept apart: the age counts from the first arrival that is known,
 * the expiry from the moment at which the MTA began to count, which a requeue moves.
 */
#ifndef QLAPSE_TRACK_LIFETIME_H
#define QLAPSE_TRACK_LIFETIME_H

#include "track/track.h"

struct since {
	int64_t at_ms, error_ms; /* error -1: not known */
	enum since_source source;
	int64_t base_ms; /* from here expiry counts */
};

/* What the line says of the beginning. */
void lifetime_take_line(struct tracked *t, const struct delivery *d);
struct since lifetime_since(const struct tracked *t);

/* How far off the arrival of a line may be: 0 where it does not say. */
int64_t lifetime_arrival_error_ms(const struct delivery *d);
bool lifetime_has_arrival(const struct delivery *d);

/* Expiry of a recipient as settings and entry stand now, and its basis. */
int64_t lifetime_expires_ms(const struct track_config *c, struct str host, const struct tracked *t,
                            const struct tracked_wait *w, enum basis *ret_basis);

/* By how much an expiry may be passed before something is taken for wrong. */
int64_t lifetime_grace_ms(const struct track_config *c, const struct tracked *t);
/* The lifetime that would explain a retry at that age. */
int64_t lifetime_likely_ms(int64_t age_ms);
/* When a step of a waiting recipient is crossed. */
int64_t lifetime_step_ms(const struct since *since, const struct tracked_wait *w, const struct track_step *step);

#endif
