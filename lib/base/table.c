/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - hash table with linear probing
 *
 * Invariant: between the home slot of a key and the slot it lies in no slot is free. Removal keeps it by moving
 * later entries back into the gap, so there are no tombstones and a table that is filled and emptied for years
 * stays as fast as a new one. At most three quarters of the slots are taken.
 */
#include "lib/base/table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/hash.h"

void table_init(struct table *t, uint64_t seed)
{
	*t = (struct table){.seed = seed};
}

void table_release(struct table *t)
{
	free(t->slots);
	*t = (struct table){.seed = t->seed};
}

/* The slot of the key, or the free one where it belongs. There always is a free one. */
static struct table_slot *probe(const struct table *t, struct str key, uint64_t hash)
{
	size_t i = hash & (t->cap - 1);

	while (t->slots[i].value && !(t->slots[i].hash == hash && str_eq(t->slots[i].key, key)))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

void *table_get(const struct table *t, struct str key)
{
	return t->n ? probe(t, key, hash64(key, t->seed))->value : NULL;
}

static void grow(struct table *t)
{
	struct table old = *t;

	t->cap = old.cap ? old.cap * 2 : 16;
	t->slots = xcalloc(t->cap, sizeof(*t->slots));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].value)
			*probe(t, old.slots[i].key, old.slots[i].hash) = old.slots[i];
	}
	free(old.slots);
}

void table_put(struct table *t, struct str key, void *value)
{
	uint64_t hash = hash64(key, t->seed);
	struct table_slot *slot;

	CHECK(value);
	if (t->n + 1 > t->cap / 4 * 3)
		grow(t);
	slot = probe(t, key, hash);
	if (!slot->value)
		t->n++;
	*slot = (struct table_slot){key, hash, value};
}

/* An entry may go back into the gap if the gap lies on its way from home, counted around the end of the array. */
static void close_gap(struct table *t, size_t gap)
{
	size_t mask = t->cap - 1;

	for (size_t i = (gap + 1) & mask; t->slots[i].value; i = (i + 1) & mask) {
		size_t from_home = (i - t->slots[i].hash) & mask;

		if (from_home >= ((i - gap) & mask)) {
			t->slots[gap] = t->slots[i];
			gap = i;
		}
	}
	t->slots[gap] = (struct table_slot){STR_NONE, 0, NULL};
}

void *table_remove(struct table *t, struct str key)
{
	struct table_slot *slot;
	void *value;

	if (!t->n)
		return NULL;
	slot = probe(t, key, hash64(key, t->seed));
	value = slot->value;
	if (!value)
		return NULL;
	close_gap(t, (size_t)(slot - t->slots));
	t->n--;
	return value;
}

void table_clear(struct table *t)
{
	if (t->n)
		memset(t->slots, 0, t->cap * sizeof(*t->slots));
	t->n = 0;
}

bool table_next(const struct table *t, size_t *at, void **ret_value)
{
	while (*at < t->cap) {
		void *value = t->slots[(*at)++].value;

		if (value) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}
