/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - assertions that are never compiled out, and allocation that cannot fail
 *
 * Writes one line to stderr before it aborts: the only place below main/ that prints, since nobody is left to
 * return an error to.
 */
#include "lib/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "qlapse: broken invariant at %s:%d: %s\n", file, line, expr);
	abort();
}

static void *must(void *p)
{
	if (!p)
		check_failed("memory is there", __FILE__, __LINE__);
	return p;
}

/* malloc(0) may be NULL by the standard, which would look like a failure: one byte is asked for instead. */
void *xmalloc(size_t n)
{
	return must(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1));
}
