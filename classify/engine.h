/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - finds the rule that decides a text
 *
 * The answer is that of trying all rules in the catalogue's order; rules that could not
 * fit whoever speaks are left out beforehand. Belongs to one thread, because compiled patterns
 * do. A pattern that hits its limits does not fit.
 */
#ifndef QLAPSE_CLASSIFY_ENGINE_H
#define QLAPSE_CLASSIFY_ENGINE_H

#include "classify/catalog.h"

/* All that a rule may look at. */
struct question {
	const struct reply *reply;
	struct str normalised;           /* by reply_normalise */
	const char *code;                /* by reply_rule_code */
	const struct provider *provider; /* of the next hop; NULL: none */
	enum mta mta;
	struct str service; /* the last part of its name; empty where it repeats an earlier reason */
};

struct engine;

/* The catalogue must outlive it. NULL and err, with file:line, for a pattern that is none. */
struct engine *engine_new(const struct catalog *c, struct err *err);
void engine_free(struct engine *e);

/* The first rule that fits, there always is one. *ret_tried (may be NULL): how many were looked at. */
const struct rule *engine_find(const struct engine *e, const struct question *q, size_t *ret_tried);

/* Does one rule fit, by itself? i counts as in catalog_rule. */
bool engine_fits(const struct engine *e, size_t i, const struct question *q);

#endif
