/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo - questions asked before and their rules, in bounded memory
 *
 * Two places per question; the one that was used less lately makes room. It decides nothing: a question is only
 * found whole, byte by byte.
 */
#ifndef QLAPSE_CLASSIFY_MEMO_H
#define QLAPSE_CLASSIFY_MEMO_H

#include "classify/catalog.h"

struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *m);

/* What was put for that question, or NULL. */
const struct rule *memo_get(struct memo *m, struct str question, uint64_t hash);
void memo_put(struct memo *m, struct str question, uint64_t hash, const struct rule *rule);

#endif
