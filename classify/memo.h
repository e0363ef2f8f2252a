/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo - answers given before, by what was asked, in bounded memory
 *
 * Two places for each question; the one that was used less lately makes room. It decides nothing: a question is only
 * found whole, byte by byte.
 */
#ifndef QLAPSE_CLASSIFY_MEMO_H
#define QLAPSE_CLASSIFY_MEMO_H

#include "lib/base/str.h"

struct memo;

struct memo *memo_new(size_t answer_size); /* takes memory only as it fills */
void memo_free(struct memo *m);

/* The answer that was put for that question, until the next put; or NULL. */
const void *memo_get(struct memo *m, struct str question, uint64_t hash);
void memo_put(struct memo *m, struct str question, uint64_t hash, const void *answer); /* copies both */

#endif
