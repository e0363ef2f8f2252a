/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - see store.h
 *
 * A slot is what the table points to: the stage's entry, its key, its timer, and
 * while it is changed its image from before the batch. An entry removed within the
 * batch keeps its slot, empty, until commit or abort.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/heap.h"
#include "lib/base/table.h"
#include "lib/base/timefmt.h"
#include "lib/stream/store.h"

struct slot {
	struct heap_node timer;
	int64_t due_ms;
	void *entry; /* NULL: removed in this batch */
	struct buf before;
	bool existed;   /* before this batch */
	bool changed;   /* in this batch: it is in s->changed */
	bool unsettled; /* it is in s->unsettled: due() must be asked again */
	struct str key;
	char key_bytes[];
};

struct slots {
	struct slot **items;
	size_t n, cap;
};

struct store {
	const struct stage_ops *ops;
	void *config;
	struct table table;
	struct heap timers;
	struct slots changed, unsettled;
	size_t n_entries;
	struct buf scratch;
};

static struct slot *slot_of(const struct heap_node *node)
{
	return (struct slot *)((char *)(uintptr_t)node - offsetof(struct slot, timer));
}

static int compare(const struct heap_node *a, const struct heap_node *b)
{
	const struct slot *x = slot_of(a), *y = slot_of(b);
	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	return str_cmp(x->key, y->key);
}

static void slots_add(struct slots *l, struct slot *slot)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : 2 * l->cap;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = slot;
}

struct store *store_new(const struct stage_ops *ops, void *config, uint64_t seed)
{
	struct store *s = xcalloc(1, sizeof(*s));
	s->ops = ops;
	s->config = config;
	table_init(&s->table, seed);
	heap_init(&s->timers, compare);
	return s;
}

static void tell_settled(struct store *s, struct str key, const void *entry)
{
	if (s->ops->settled != NULL)
		s->ops->settled(s->config, key, entry);
}

static void slot_free(struct store *s, struct slot *slot)
{
	heap_remove(&s->timers, &slot->timer);
	if (slot->entry != NULL)
		s->ops->destroy(slot->entry);
	buf_release(&slot->before);
	free(slot);
}

void store_free(struct store *s)
{
	size_t at = 0;
	void *value;

	if (s == NULL)
		return;
	while (table_next(&s->table, &at, &value)) {
		tell_settled(s, ((struct slot *)value)->key, NULL);
		slot_free(s, value);
	}
	table_release(&s->table);
	heap_release(&s->timers);
	free(s->changed.items);
	free(s->unsettled.items);
	buf_release(&s->scratch);
	free(s);
}

static struct slot *slot_new(struct store *s, struct str key)
{
	struct slot *slot = xcalloc(1, sizeof(*slot) + key.n + 1);
	memcpy(slot->key_bytes, key.p, key.n);
	slot->key = str_of(slot->key_bytes, key.n);
	slot->due_ms = TIME_NEVER;
	table_put(&s->table, slot->key, slot);
	return slot;
}

/* Once per batch and slot: remembers what it was. */
static void touch(struct store *s, struct slot *slot)
{
	if (!slot->unsettled) {
		slot->unsettled = true;
		slots_add(&s->unsettled, slot);
	}
	if (slot->changed)
		return;
	slot->changed = true;
	slot->existed = slot->entry != NULL;
	buf_clear(&slot->before);
	if (slot->existed)
		s->ops->encode(s->config, slot->key, slot->entry, &slot->before);
	slots_add(&s->changed, slot);
}

const void *store_get(const struct store *s, struct str key)
{
	const struct slot *slot = table_get(&s->table, key);
	return slot == NULL ? NULL : slot->entry;
}

void *store_edit(struct store *s, struct str key)
{
	struct slot *slot = table_get(&s->table, key);
	if (slot == NULL || slot->entry == NULL)
		return NULL;
	touch(s, slot);
	return slot->entry;
}

void store_add(struct store *s, struct str key, void *entry)
{
	struct slot *slot = table_get(&s->table, key);
	if (slot == NULL)
		slot = slot_new(s, key);
	CHECK(slot->entry == NULL);
	touch(s, slot);
	slot->entry = entry;
	s->n_entries++;
}

void store_remove(struct store *s, struct str key)
{
	struct slot *slot = table_get(&s->table, key);
	if (slot == NULL || slot->entry == NULL)
		return;
	touch(s, slot);
	s->ops->destroy(slot->entry);
	slot->entry = NULL;
	s->n_entries--;
}

size_t store_size(const struct store *s)
{
	return s->n_entries;
}

static void set_timer(struct store *s, struct slot *slot)
{
	int64_t due_ms = slot->entry == NULL ? TIME_NEVER : s->ops->due(s->config, slot->entry);

	if (due_ms == TIME_NEVER) {
		heap_remove(&s->timers, &slot->timer);
		slot->due_ms = TIME_NEVER;
		return;
	}
	bool moved = slot->timer.at != 0;
	slot->due_ms = due_ms;
	if (moved)
		heap_moved(&s->timers, &slot->timer);
	else
		heap_insert(&s->timers, &slot->timer);
}

void store_settle(struct store *s)
{
	for (size_t i = 0; i < s->unsettled.n; i++) {
		struct slot *slot = s->unsettled.items[i];
		slot->unsettled = false;
		set_timer(s, slot);
	}
	s->unsettled.n = 0;
}

int64_t store_next_due(const struct store *s)
{
	struct heap_node *top = heap_top(&s->timers);
	return top == NULL ? TIME_NEVER : slot_of(top)->due_ms;
}

int store_fire(struct store *s, struct stage_out *out, struct err *err)
{
	struct slot *slot = slot_of(heap_top(&s->timers));
	int64_t due_ms = slot->due_ms;

	if (s->ops->fire(s->config, s, slot->key, due_ms, out, err) < 0)
		return -1;
	store_settle(s);
	CHECK(slot->due_ms > due_ms || slot->entry == NULL); /* a timer that does not move on would fire for ever */
	return 0;
}

int store_restore(struct store *s, struct str key, struct str value, struct err *err)
{
	struct slot *slot = table_get(&s->table, key);

	if (value.p == NULL) {
		if (slot != NULL) {
			tell_settled(s, key, NULL);
			table_remove(&s->table, key);
			slot_free(s, slot);
			s->n_entries--;
		}
		return 0;
	}
	void *entry = s->ops->decode(s->config, key, value, err);
	if (entry == NULL)
		return -1;
	if (slot == NULL) {
		slot = slot_new(s, key);
		s->n_entries++;
	} else {
		s->ops->destroy(slot->entry);
	}
	slot->entry = entry;
	set_timer(s, slot);
	tell_settled(s, key, entry);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct slot *const *x = a, *const *y = b;
	return str_cmp((*x)->key, (*y)->key);
}

int store_changes(struct store *s, store_changed_fn *each, void *arg)
{
	if (s->changed.n > 1)
		qsort(s->changed.items, s->changed.n, sizeof(*s->changed.items), by_key);
	for (size_t i = 0; i < s->changed.n; i++) {
		struct slot *slot = s->changed.items[i];
		struct str value = {NULL, 0};

		if (slot->entry == NULL && !slot->existed)
			continue;
		if (slot->entry != NULL) {
			buf_clear(&s->scratch);
			s->ops->encode(s->config, slot->key, slot->entry, &s->scratch);
			value = buf_view(&s->scratch);
		}
		if (each(arg, slot->key, slot->entry, value) < 0)
			return -1;
	}
	return 0;
}

bool store_has_changes(const struct store *s)
{
	return s->changed.n > 0;
}

/* Ends the batch for one slot: an empty one is not needed any more. */
static void finish(struct store *s, struct slot *slot)
{
	slot->changed = false;
	buf_release(&slot->before);
	if (slot->entry != NULL)
		return;
	table_remove(&s->table, slot->key);
	slot_free(s, slot);
}

void store_commit(struct store *s)
{
	store_settle(s);
	for (size_t i = 0; i < s->changed.n; i++) {
		tell_settled(s, s->changed.items[i]->key, s->changed.items[i]->entry);
		finish(s, s->changed.items[i]);
	}
	s->changed.n = 0;
}

void store_abort(struct store *s)
{
	struct err err;

	for (size_t i = 0; i < s->changed.n; i++) {
		struct slot *slot = s->changed.items[i];
		if (slot->entry != NULL) {
			s->ops->destroy(slot->entry);
			slot->entry = NULL;
			s->n_entries--;
		}
		if (slot->existed) {
			slot->entry = s->ops->decode(s->config, slot->key, buf_view(&slot->before), &err);
			CHECK(slot->entry != NULL); /* our own encoding of a moment ago */
			s->n_entries++;
		}
		slot->unsettled = false;
		set_timer(s, slot);
		finish(s, slot);
	}
	s->unsettled.n = 0;
	s->changed.n = 0;
}

bool store_next(const struct store *s, size_t *at, struct str *ret_key, const void **ret_entry)
{
	void *value;
	while (table_next(&s->table, at, &value)) {
		const struct slot *slot = value;
		if (slot->entry == NULL)
			continue;
		*ret_key = slot->key;
		*ret_entry = slot->entry;
		return true;
	}
	return false;
}
