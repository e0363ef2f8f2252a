/* SPDX-License-Identifier: Apache-2.0 */
/* counts - named counters of a command: "event.deferred", "noise.connect" … */
#ifndef QLAPSE_MAIN_COUNTS_H
#define QLAPSE_MAIN_COUNTS_H

#include "lib/base/arena.h"
#include "lib/base/table.h"

struct count {
	struct str name;
	int64_t n;
};

struct count_set {
	struct arena arena;
	struct table table;
};

void counts_init(struct count_set *c);
void counts_release(struct count_set *c);
void counts_add(struct count_set *c, struct str name, int64_t n);
int64_t counts_get(const struct count_set *c, struct str name);
/* Those whose name begins with prefix, by name; *ret_n of them, in an array that the set owns. */
const struct count **counts_list(struct count_set *c, struct str prefix, size_t *ret_n);

#endif
