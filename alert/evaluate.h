/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate - is it trouble? a pair's rows as of a moment, and what becomes of its incident
 *
 * Pure: a function of (settings, pair, rows, moment); docs/SEMANTICS.md, section 3.
 */
#ifndef QLAPSE_ALERT_EVALUATE_H
#define QLAPSE_ALERT_EVALUATE_H

#include "alert/alert_stage.h"
#include "alert/pair.h"

struct evaluation {
	struct str group;
	enum family family;
	const struct row *rows; /* kept ones of the pair, one per class, in any order */
	size_t n_rows;
	int64_t at_ms; /* as of */
};

struct verdict {
	bool write;             /* the incident's record is to be written */
	enum alert_event alert; /* ALERT_UNKNOWN: none */
	struct incident incident;
};

/* Changes p; the verdict's views point into p, the rows and a. */
void evaluate(const struct alert_config *c, struct pair *p, const struct evaluation *e, struct arena *a,
              struct verdict *ret);

#endif
