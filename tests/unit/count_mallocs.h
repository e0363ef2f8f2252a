/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count_mallocs - how often memory was asked for, in any library, for tests of what must not ask
 *
 * Sanitizers bring an allocator of their own, with a hook; without one the calls are taken here and passed on to
 * glibc's. To be included by one file of a program.
 */
#ifndef QLAPSE_TESTS_COUNT_MALLOCS_H
#define QLAPSE_TESTS_COUNT_MALLOCS_H

#include <stdlib.h>

static size_t n_mallocs;

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAVE_MALLOC_HOOK
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAVE_MALLOC_HOOK
#endif

#ifdef HAVE_MALLOC_HOOK
/* As in sanitizer/allocator_interface.h, whose const-ness differs between compilers. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
	(void)p, (void)n;
	n_mallocs++;
}

static void on_free(const volatile void *p)
{
	(void)p;
}

static void count_mallocs(void)
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#else
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	n_mallocs++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	n_mallocs++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	n_mallocs++;
	return __libc_realloc(p, n);
}

static void count_mallocs(void)
{
	n_mallocs = 0;
}
#endif

#endif
