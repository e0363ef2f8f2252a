/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - the structure of a rule's regular expression: what it needs, and whether it could run away
 *
 * Rules may use a part of PCRE2's language: characters, escapes of characters and of the classes d w s h (and their
 * opposites), \b \B ^ $, classes, groups with or without capture, alternatives, quantifiers, looking ahead. What
 * is left out either costs more than it is worth or can run away.
 */
#ifndef QLAPSE_CLASSIFY_PATTERN_H
#define QLAPSE_CLASSIFY_PATTERN_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

struct pattern; /* lives in the arena it was read into */

/* NULL and err for what rules may not use. The pattern must be one that PCRE2 takes. */
const struct pattern *pattern_read(struct str text, struct arena *a, struct err *err);

/* Why matching could take much longer than the text is long, or NULL. */
const char *pattern_runs_away(const struct pattern *p);

/* Texts, in lower case, one of which is in whatever matches; n 0: no such texts are known. */
struct pattern_needs {
	struct str *items;
	size_t n;
};
struct pattern_needs pattern_needs(const struct pattern *p, struct arena *a);

/* Are those texts all that it says, so that they could stand in `contains`? */
bool pattern_is_words(const struct pattern *p, struct arena *a);

/* All runs of characters in it, for texts that are hard on it. */
struct pattern_needs pattern_literals(const struct pattern *p, struct arena *a);

#endif
