/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - searching and cutting views; nothing here allocates, and no view returned is longer than what came in
 *
 * An empty view may hold a null pointer (those of a cleared struct do), which the mem* functions and pointer
 * arithmetic may not be given even for no bytes at all.
 */
#include "lib/base/str.h"

#include <string.h>

struct str str_from(const char *z)
{
	return z ? (struct str){z, strlen(z)} : STR_NONE;
}

struct str str_of(const void *p, size_t n)
{
	return n ? (struct str){p, n} : STR_NONE;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

/* Not tolower(3): that one asks the locale. */
static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (!prefix.n || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq_nocase(str_head(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix);
}

bool str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq_nocase(str_skip(s, s.n - suffix.n), suffix);
}

ssize_t str_chr(struct str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

	return hit ? hit - s.p : -1;
}

ssize_t str_rchr(struct str s, char c)
{
	const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;

	return hit ? hit - s.p : -1;
}

ssize_t str_find(struct str s, struct str needle)
{
	const char *hit;

	if (!needle.n)
		return 0;
	hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return hit ? hit - s.p : -1;
}

struct str str_skip(struct str s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return n ? (struct str){s.p + n, s.n - n} : s;
}

struct str str_head(struct str s, size_t n)
{
	return (struct str){s.p, n < s.n ? n : s.n};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_skip(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_eat(struct str *s, struct str prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_skip(*s, prefix.n);
	return true;
}

bool str_cut(struct str *s, char sep, struct str *ret_head)
{
	ssize_t at = str_chr(*s, sep);

	if (at < 0)
		return false;
	*ret_head = str_head(*s, (size_t)at);
	*s = str_skip(*s, (size_t)at + 1);
	return true;
}

/* Counts below zero for negative numbers, since the least one has no positive counterpart. */
bool str_i64(struct str s, int64_t *ret_value)
{
	bool negative = str_eat(&s, STR("-"));
	int64_t value = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}
