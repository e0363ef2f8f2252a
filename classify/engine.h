/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - finds the rule that decides a text
 *
 * The answer is that of trying all rules in the catalogue's order, but few are tried: every rule that wants words has
 * some without which it cannot fit, every rule that wants a code has that, and one pass over both tells which are
 * there. Belongs to one thread, because its scratch and its compiled patterns do. A pattern that hits its limits does not
 * fit; what stands behind ENGINE_TEXT_MAX bytes is not looked at.
 */
#ifndef QLAPSE_CLASSIFY_ENGINE_H
#define QLAPSE_CLASSIFY_ENGINE_H

#include "classify/catalog.h"

enum { ENGINE_TEXT_MAX = 600 };

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

/* The catalogue must outlive it. jit: where PCRE2 has it; the answers are the same. NULL and err, with file:line, for a
 * pattern that is none. */
struct engine *engine_new(const struct catalog *c, bool jit, struct err *err);
void engine_free(struct engine *e);

/* The first rule that fits, there always is one. *ret_tried (may be NULL): how many were looked at. */
const struct rule *engine_find(const struct engine *e, const struct question *q, size_t *ret_tried);

/* A rule that was looked at. */
struct engine_try {
	const struct rule *rule;
	const char *unmet;  /* the name of the condition that did not hold; NULL: it fits */
	struct str matched; /* of the one that fits: the word of `contains` that was found, or what the regex took */
};

/* The rules that were looked at, up to the one that decides, which is the last; at most `most`, the last ones. */
size_t engine_trail(const struct engine *e, const struct question *q, struct engine_try *ret, size_t most);

/* Does one rule fit, by itself? i counts as in catalog_rule. */
bool engine_fits(const struct engine *e, size_t i, const struct question *q);

/* What it did so far, and what it is made of: for tests and benchmarks. */
struct engine_stats {
	uint64_t questions, bytes, words_found, rules_tried, patterns_run, limits_hit;
	size_t memory; /* of the index, in bytes */
};
struct engine_stats engine_stats(const struct engine *e);

#endif
