/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automaton - finds many words in a text in one pass (Aho and Corasick's)
 *
 * Never changed once built. A step costs one look at the byte, and failing back is paid for by the steps before it:
 * time is linear in the text, whatever the text.
 */
#ifndef QLAPSE_CLASSIFY_AUTOMATON_H
#define QLAPSE_CLASSIFY_AUTOMATON_H

#include "lib/base/str.h"

struct automaton;

/* Words are found by their number. None may be empty, no two be equal. */
struct automaton *automaton_new(const struct str *words, size_t n);
void automaton_free(struct automaton *a);
size_t automaton_bytes(const struct automaton *a); /* of memory */

/* Calls found for every occurrence of every word, by its end, those that end together from the longest on. */
void automaton_scan(const struct automaton *a, struct str text, void (*found)(void *arg, size_t word, size_t end),
                    void *arg);

#endif
