/* SPDX-License-Identifier: Apache-2.0 */
/* counts - see counts.h */
#include <stdlib.h>

#include "main/counts.h"

void counts_init(struct count_set *c)
{
	*c = (struct count_set){.arena = ARENA_INIT};
	table_init(&c->table, 0);
}

void counts_release(struct count_set *c)
{
	table_release(&c->table);
	arena_release(&c->arena);
}

void counts_add(struct count_set *c, struct str name, int64_t n)
{
	struct count *count = table_get(&c->table, name);

	if (count == NULL) {
		count = arena_alloc(&c->arena, sizeof(*count));
		*count = (struct count){arena_dup(&c->arena, name), 0};
		table_put(&c->table, count->name, count);
	}
	count->n += n;
}

int64_t counts_get(const struct count_set *c, struct str name)
{
	const struct count *count = table_get(&c->table, name);
	return count == NULL ? 0 : count->n;
}

static int by_name(const void *a, const void *b)
{
	const struct count *const *x = a, *const *y = b;
	return str_cmp((*x)->name, (*y)->name);
}

const struct count **counts_list(struct count_set *c, struct str prefix, size_t *ret_n)
{
	const struct count **list = arena_alloc(&c->arena, (c->table.n + 1) * sizeof(*list));
	size_t at = 0, n = 0;
	void *value;

	while (table_next(&c->table, &at, &value))
		if (str_starts(((struct count *)value)->name, prefix))
			list[n++] = value;
	if (n > 1)
		qsort(list, n, sizeof(*list), by_name);
	*ret_n = n;
	return list;
}
