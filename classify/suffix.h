/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suffix - which of many names does a host or domain belong to?
 *
 * Names are numbered, and the least number among those that fit is the answer: that of trying them in order, in a
 * time that does not depend on how many there are. Names fit by whole labels: "notexample.org" is not below
 * "example.org". All names are lower case.
 */
#ifndef QLAPSE_CLASSIFY_SUFFIX_H
#define QLAPSE_CLASSIFY_SUFFIX_H

#include "lib/base/arena.h"
#include "lib/base/table.h"

enum { SUFFIX_ITSELF = 1, SUFFIX_BELOW = 2 };

struct suffixes {
	struct table names;
	struct arena arena;
	size_t least_labels, most_labels; /* of names that cover what is below them */
	bool any_itself;
};

void suffixes_init(struct suffixes *s);
void suffixes_release(struct suffixes *s);
/* covers: SUFFIX_ITSELF, SUFFIX_BELOW or both. name, without a leading dot, is copied. */
void suffixes_add(struct suffixes *s, struct str name, unsigned covers, size_t number);
/* -1: none fits. */
ssize_t suffixes_find(const struct suffixes *s, struct str name);

#endif
