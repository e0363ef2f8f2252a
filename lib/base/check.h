/* SPDX-License-Identifier: Apache-2.0 */
/* check - assertions that stay on in every build: a broken invariant ends the process, it does not limp on */
#ifndef QLAPSE_BASE_CHECK_H
#define QLAPSE_BASE_CHECK_H

#include <stddef.h>

_Noreturn void check_failed(const char *expr, const char *file, int line);

#define CHECK(expr) ((expr) ? (void)0 : check_failed(#expr, __FILE__, __LINE__))

/* malloc family that ends the process when memory is out: there is no sensible way on */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);

#endif
