/* SPDX-License-Identifier: Apache-2.0 */
/* support - what several unit tests need: a seeded generator, expectations with a label, aborts that are wanted */
#ifndef QLAPSE_TESTS_SUPPORT_H
#define QLAPSE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/str.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Splitmix64: the same numbers on every machine, so that a failure found once is found again. */
static inline uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *seed, size_t n)
{
	return (size_t)(random_next(seed) % n);
}

static inline void random_bytes(uint64_t *seed, char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)random_next(seed);
}

static inline void expect(bool ok, const char *label)
{
	if (!ok)
		fail_msg("%s", label);
}

static inline void expect_str(struct str got, struct str want, const char *label)
{
	if (!str_eq(got, want))
		fail_msg("%s: got \"%.*s\", want \"%.*s\"", label, STR_FMT(got), STR_FMT(want));
}

static inline void expect_i64(int64_t got, int64_t want, const char *label)
{
	if (got != want)
		fail_msg("%s: got %lld, want %lld", label, (long long)got, (long long)want);
}

/* True if act aborts; its last words are swallowed. */
static inline bool aborts(void (*act)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		assert_non_null(freopen("/dev/null", "w", stderr));
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
