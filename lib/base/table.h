/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - byte keys to pointers: open addressing, linear probing, power-of-two sizes
 *
 * Owns neither keys nor values: the key view must live as long as its slot
 * (usually it points into the value). The seed guards against keys chosen by a
 * stranger; the order of iteration depends on it, so no output may.
 */
#ifndef QLAPSE_BASE_TABLE_H
#define QLAPSE_BASE_TABLE_H

#include "lib/base/str.h"

struct table_slot {
	struct str key;
	uint64_t hash;
	void *value; /* NULL: free slot */
};

struct table {
	struct table_slot *slots;
	size_t cap, n;
	uint64_t seed;
};

void table_init(struct table *t, uint64_t seed);
void table_release(struct table *t);
void *table_get(const struct table *t, struct str key);       /* NULL if absent */
void table_put(struct table *t, struct str key, void *value); /* value is not NULL; replaces, key view included */
void *table_remove(struct table *t, struct str key);          /* what was there, or NULL */
void table_clear(struct table *t);                            /* empties it, memory kept */
bool table_next(const struct table *t, size_t *at, void **ret_value); /* *at starts at 0; no changes meanwhile */

#endif
