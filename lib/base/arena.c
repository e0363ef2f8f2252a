/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - a list of blocks, filled one after the other
 *
 * Invariant: the first block of the list is a regular one, and the only one with room left. Regular blocks double
 * from 16 KiB to 1 MiB; what does not fit into the next of them gets a block of its own behind the first, so that
 * one large record neither wastes the room that is left nor stays in memory after the reset.
 *
 * Under AddressSanitizer free room is poisoned: a view kept over a reset is reported, which plain reuse would hide.
 */
#include "lib/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISON
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_POISON)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { BLOCK_MIN = 16 << 10, BLOCK_MAX = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t cap;
	_Alignas(max_align_t) char room[];
};

static struct arena_block *block_new(size_t cap, struct arena_block *next)
{
	struct arena_block *block = xmalloc(sizeof(*block) + cap);

	block->next = next;
	block->cap = cap;
	ASAN_POISON_MEMORY_REGION(block->room, cap);
	return block;
}

static void blocks_free(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		ASAN_UNPOISON_MEMORY_REGION(block->room, block->cap);
		free(block);
		block = next;
	}
}

void arena_release(struct arena *a)
{
	blocks_free(a->blocks);
	*a = ARENA_INIT;
}

void arena_reset(struct arena *a)
{
	if (!a->blocks)
		return;
	blocks_free(a->blocks->next);
	a->blocks->next = NULL;
	a->used = 0;
	ASAN_POISON_MEMORY_REGION(a->blocks->room, a->cap);
}

static size_t next_cap(const struct arena *a)
{
	if (!a->cap)
		return BLOCK_MIN;
	return a->cap < BLOCK_MAX ? a->cap * 2 : BLOCK_MAX;
}

static void add_regular(struct arena *a)
{
	size_t cap = next_cap(a);

	a->blocks = block_new(cap, a->blocks);
	a->cap = cap;
	a->used = 0;
}

static void *alloc_slow(struct arena *a, size_t n)
{
	if (n > next_cap(a)) {
		if (!a->blocks)
			add_regular(a);
		a->blocks->next = block_new(n, a->blocks->next);
		return a->blocks->next->room;
	}
	add_regular(a);
	a->used = n;
	return a->blocks->room;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	size_t rounded = (n + align - 1) & ~(align - 1);
	void *p;

	CHECK(rounded >= n && rounded < SIZE_MAX / 2);
	if (rounded <= a->cap - a->used && a->blocks) {
		p = a->blocks->room + a->used;
		a->used += rounded;
	} else {
		p = alloc_slow(a, rounded);
	}
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

struct str arena_dup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){p, s.n};
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	CHECK(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return (struct str){p, (size_t)n};
}
