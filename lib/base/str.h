/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - a view of bytes: pointer and length, never owned, never NUL-terminated by promise
 *
 * "Absent" is the empty view. A view is valid as long as what it points into;
 * nothing borrowed from a record crosses the end of the call that handed it in.
 */
#ifndef QLAPSE_BASE_STR_H
#define QLAPSE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit)   ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NONE   ((struct str){"", 0})
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

struct str str_from(const char *z); /* NULL gives the empty view */
struct str str_of(const void *p, size_t n);
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_cmp(struct str a, struct str b);        /* memcmp order, the shorter first on a tie */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_ends_nocase(struct str s, struct str suffix);
ssize_t str_chr(struct str s, char c);             /* index of the first c, or -1 */
ssize_t str_rchr(struct str s, char c);            /* index of the last c, or -1 */
ssize_t str_find(struct str s, struct str needle); /* index of the first occurrence, or -1 */
struct str str_skip(struct str s, size_t n);       /* without its first n bytes; empty if shorter */
struct str str_head(struct str s, size_t n);       /* its first n bytes at most */
struct str str_trim(struct str s);                 /* without ASCII white space at both ends */

/* Moves *s behind prefix if it starts with it, else leaves it and returns false. */
bool str_eat(struct str *s, struct str prefix);

/* Cuts *s at the first sep: head to *ret_head, the rest behind sep to *s. False, both untouched, without a sep. */
bool str_cut(struct str *s, char sep, struct str *ret_head);

/* The whole of s as a decimal number; false on an empty view, other characters or overflow. */
bool str_i64(struct str s, int64_t *ret_value);

#endif
