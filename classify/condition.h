/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition - what a rule may ask of where a text comes from, as one table
 *
 * Words are the engine's. Another condition is a field of struct rule, a key in catalog.c, a row of the table in
 * condition.c and, unless it looks at what is there already, a fact in condition_facts.
 */
#ifndef QLAPSE_CLASSIFY_CONDITION_H
#define QLAPSE_CLASSIFY_CONDITION_H

#include "classify/engine.h"

/* A bit for each condition that a rule has; the scope is one unless it is any. */
unsigned condition_bits(const struct rule *r);

/* The name of the first of them that does not hold; NULL: all do. */
const char *condition_unmet(const struct rule *r, unsigned bits, const struct question *q);

/* Does every question that fits b's conditions fit a's? */
bool condition_covers(const struct rule *a, const struct rule *b);

/* Appends all that conditions look at, so that questions with the same facts meet the same conditions. */
void condition_facts(const struct question *q, struct buf *out);

/* "provider google, enhanced 4.7.28": what a rule asks, for people. */
void condition_words(const struct rule *r, struct buf *out);

#endif
