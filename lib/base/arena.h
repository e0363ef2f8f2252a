/* SPDX-License-Identifier: Apache-2.0 */
/* arena - memory that is given back all at once: one per batch, reset at its end; blocks are kept for reuse */
#ifndef QLAPSE_BASE_ARENA_H
#define QLAPSE_BASE_ARENA_H

#include "lib/base/str.h"

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used, cap;           /* of the newest block */
};

#define ARENA_INIT ((struct arena){NULL, 0, 0})

void arena_release(struct arena *a);
void arena_reset(struct arena *a);                   /* keeps one block */
void *arena_alloc(struct arena *a, size_t n);        /* aligned for any type, not cleared */
void *arena_zalloc(struct arena *a, size_t n);       /* cleared */
struct str arena_dup(struct arena *a, struct str s); /* a copy, with a NUL behind it that is not counted */
struct str arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
