/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify - the cause of a deferral, whose it is, and where the message was to go
 *
 * One struct per thread: it keeps scratch and a bounded memory of texts that were
 * classified before (their variable parts taken out), which decides nothing: the answer is that of
 * trying the rules in order.
 */
#ifndef QLAPSE_CLASSIFY_CLASSIFY_H
#define QLAPSE_CLASSIFY_CLASSIFY_H

#include "classify/catalog.h"
#include "classify/destination.h"
#include "classify/engine.h"
#include "classify/remedies.h"
#include "lib/mail/hooks.h"

struct classify;

/* The catalogue must outlive it. */
struct classify *classify_new(const struct catalog *catalog, const struct destination_config *c, struct err *err);
void classify_free(struct classify *c);

/* Goes on with other rules. Nothing that it set before may be in use any more. -1: it goes on with the old ones. */
int classify_change(struct classify *c, const struct catalog *catalog, struct err *err);

struct classifier classify_hook(struct classify *c);
struct remedy_source classify_remedies(struct classify *c);
/* What to do about this one delivery; whether mail to there ever worked is not known. */
void classify_remedy(const struct classify *c, const struct delivery *d, struct arena *a, struct remedy *ret);

/* What led to the verdict of a delivery, for people. */
enum { TRAIL_MAX = 10 };

struct verdict_trail {
	struct str words, normalised;
	const char *scope;
	const struct rule *rule;            /* NULL: no verdict was due */
	size_t tried;                       /* rules that were looked at, this one among them */
	struct engine_try tries[TRAIL_MAX]; /* the last of them, in order; rule is the last */
	size_t n_tries;
};

void classify_explain(struct classify *c, const struct delivery *d, struct arena *a, struct verdict_trail *ret);

#endif
