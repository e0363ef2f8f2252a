/* SPDX-License-Identifier: Apache-2.0 */
/* regex - PCRE2 patterns with limits, so that no text can make a match run away */
#ifndef QLAPSE_CODEC_REGEX_H
#define QLAPSE_CODEC_REGEX_H

#include "lib/base/err.h"
#include "lib/base/str.h"

struct regex;

/* Caseless, UTF off (bytes). JIT where it is there and jit is true. NULL and err on a bad pattern. */
struct regex *regex_new(struct str pattern, bool jit, struct err *err);
void regex_free(struct regex *re);

/* How many steps of the pattern it takes to match the text, or to find that it does not; at most `most`, which ends it.
 * No short cut is taken that another text would not allow. Compiled for each call, and slow: for checks of patterns. */
int64_t regex_steps(struct str pattern, struct str text, int64_t most);

/* 1 match, 0 none, -1 a limit was hit. group 0 is the whole match; ret_groups may be NULL; at most n_groups are set,
 * unset ones are empty views. */
int regex_match(const struct regex *re, struct str text, struct str *ret_groups, size_t n_groups);

#endif
