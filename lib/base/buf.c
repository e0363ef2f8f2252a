/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - growing bytes
 *
 * The room doubles, so that n appended bytes cost O(n) copies. What is appended must not lie in the same buffer:
 * growing would move it away.
 */
#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"

void buf_release(struct buf *b)
{
	free(b->p);
	*b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
}

void buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;

	if (more <= b->cap - b->n)
		return;
	CHECK(more < SIZE_MAX / 4 && b->n < SIZE_MAX / 4);
	while (cap - b->n < more)
		cap *= 2;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!n)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_chr(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
}

/* Tries with the room that is there first: one pass once the buffer has grown. */
void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	buf_reserve(b, 1);
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	CHECK(n >= 0);
	if ((size_t)n >= b->cap - b->n) {
		buf_reserve(b, (size_t)n + 1);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	va_end(ap);
	b->n += (size_t)n;
}

static void put_be(struct buf *b, uint64_t v, size_t n_bytes)
{
	buf_reserve(b, n_bytes);
	for (size_t i = n_bytes; i-- > 0;)
		b->p[b->n++] = (char)(v >> (8 * i));
}

void buf_be64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void buf_be32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

struct str buf_view(const struct buf *b)
{
	return str_of(b->p, b->n);
}

const char *buf_z(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return b->p;
}

static uint64_t read_be(const unsigned char *p, size_t n_bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n_bytes; i++)
		v = v << 8 | p[i];
	return v;
}

uint64_t be64_read(const void *p)
{
	return read_be(p, 8);
}

uint32_t be32_read(const void *p)
{
	return (uint32_t)read_be(p, 4);
}
