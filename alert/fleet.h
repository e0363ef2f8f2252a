/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet - what waits in all, kept up to date row by row, for whoever watches the fleet as numbers
 *
 * A row costs time that does not depend on how much waits, but for the logarithm of the number of destination groups; a
 * look costs what is shown, not what there is. Groups are shown one by one up to a limit, the rest as a sum. Those
 * of own and partner connectors come first, then those with most at risk: messages waiting, and recipients overdue or
 * about to expire once more. A group keeps its place until another is a quarter above it, so that curves do
 * not break off at every change.
 *
 * Pure: it knows only what it has been told.
 */
#ifndef QLAPSE_ALERT_FLEET_H
#define QLAPSE_ALERT_FLEET_H

#include "lib/base/arena.h"
#include "lib/mail/records.h"

enum { FLEET_KINDS = KIND_INTERNET + 1, FLEET_FAMILIES = FAMILY_OTHER + 1, FLEET_SIDES = SIDE_NOBODY + 1 };

struct fleet_sum {
	int64_t messages, recipients, held, overdue, mismatched, expiring_1h, expiring_6h, expiring_24h;
};

struct fleet_ends { /* TIME_NONE: none */
	int64_t first_expiry_ms, oldest_ms;
};

struct fleet_shown {
	struct str group;
	struct fleet_sum sum;
	struct fleet_ends ends;
};

struct fleet_incident {
	enum severity severity;
	enum family family;
	enum side side;
};

/* A look at it. Owned by whoever looks; begin with {0}, release when done; looking again reuses it. */
struct fleet_view {
	struct arena arena;
	struct fleet_sum kinds[FLEET_KINDS], classes[CLASS_N];
	struct fleet_ends ends[FLEET_KINDS];
	int64_t groups;            /* with messages waiting */
	struct fleet_shown *shown; /* in no order */
	size_t n_shown;
	struct fleet_sum rest; /* of all other groups */
	int64_t incidents[SEVERITY_CRITICAL + 1][FLEET_FAMILIES][FLEET_SIDES];
};

struct fleet;

struct fleet *fleet_new(size_t most_shown);
void fleet_free(struct fleet *f);

void fleet_row(struct fleet *f, struct str group, enum class class, const struct row *row); /* NULL: it is gone */
void fleet_incident(struct fleet *f, struct str pair, const struct fleet_incident *open);   /* NULL: none is open */

void fleet_look(const struct fleet *f, struct fleet_view *ret);
void fleet_view_release(struct fleet_view *v);

#endif
