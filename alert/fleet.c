/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet - see fleet.h
 *
 * Sums are kept by adding what a row says now and taking away what it said before. The ends (first expiry, oldest) are
 * minima, so groups stand in a heap by each of them, one pair of heaps per kind. Two more heaps hold the places: of
 * those that are shown the weakest is on top, of the others the strongest, and after each row the two are compared.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/fleet.h"
#include "lib/base/check.h"
#include "lib/base/heap.h"
#include "lib/base/own.h"
#include "lib/base/table.h"
#include "lib/base/timefmt.h"

#define OWNER(node, member) ((struct group *)((char *)(uintptr_t)(node)-offsetof(struct group, member)))

struct kept { /* a row */
	enum class class;
	struct fleet_sum sum;
	struct fleet_ends ends;
	struct kept *next;
};

struct group {
	struct str name;
	struct kept *rows; /* one per class */
	struct fleet_sum sum;
	struct fleet_ends ends;
	enum kind kind;
	bool shown;
	struct heap_node place, expiry, age;
};

struct fleet {
	size_t most_shown;
	struct table groups, incidents;
	struct fleet_sum all, kinds[FLEET_KINDS], classes[CLASS_N];
	struct heap shown, others;
	struct heap expiries[FLEET_KINDS], ages[FLEET_KINDS];
	int64_t n_waiting;
	int64_t open[SEVERITY_CRITICAL + 1][FLEET_FAMILIES][FLEET_SIDES];
};

struct open_incident {
	struct str pair;
	struct fleet_incident is;
};

static void add(struct fleet_sum *to, const struct fleet_sum *s, int64_t sign)
{
	to->messages += sign * s->messages;
	to->recipients += sign * s->recipients;
	to->held += sign * s->held;
	to->overdue += sign * s->overdue;
	to->mismatched += sign * s->mismatched;
	to->expiring_1h += sign * s->expiring_1h;
	to->expiring_6h += sign * s->expiring_6h;
	to->expiring_24h += sign * s->expiring_24h;
}

static bool is_ours(const struct group *g)
{
	return g->kind == KIND_OWN || g->kind == KIND_PARTNER;
}

static int64_t at_risk(const struct group *g)
{
	return g->sum.messages + g->sum.expiring_24h + g->sum.overdue;
}

/* The weaker first; names make it a total order, so that history does not decide. */
static int by_weakness(const struct group *a, const struct group *b)
{
	int64_t x = at_risk(a), y = at_risk(b);

	if (is_ours(a) != is_ours(b))
		return is_ours(a) ? 1 : -1;
	return x != y ? (x < y ? -1 : 1) : str_cmp(b->name, a->name);
}

static int weakest_first(const struct heap_node *a, const struct heap_node *b)
{
	return by_weakness(OWNER(a, place), OWNER(b, place));
}

static int strongest_first(const struct heap_node *a, const struct heap_node *b)
{
	return by_weakness(OWNER(b, place), OWNER(a, place));
}

static int by_time(int64_t a_ms, int64_t b_ms, const struct group *a, const struct group *b)
{
	return a_ms != b_ms ? (a_ms < b_ms ? -1 : 1) : str_cmp(a->name, b->name);
}

static int by_expiry(const struct heap_node *a, const struct heap_node *b)
{
	const struct group *x = OWNER(a, expiry), *y = OWNER(b, expiry);
	return by_time(x->ends.first_expiry_ms, y->ends.first_expiry_ms, x, y);
}

static int by_age(const struct heap_node *a, const struct heap_node *b)
{
	const struct group *x = OWNER(a, age), *y = OWNER(b, age);
	return by_time(x->ends.oldest_ms, y->ends.oldest_ms, x, y);
}

struct fleet *fleet_new(size_t most_shown)
{
	struct fleet *f = xcalloc(1, sizeof(*f));

	f->most_shown = most_shown;
	table_init(&f->groups, 0);
	table_init(&f->incidents, 0);
	heap_init(&f->shown, weakest_first);
	heap_init(&f->others, strongest_first);
	for (int k = 0; k < FLEET_KINDS; k++) {
		heap_init(&f->expiries[k], by_expiry);
		heap_init(&f->ages[k], by_age);
	}
	return f;
}

static void free_group(struct group *g)
{
	while (g->rows != NULL) {
		struct kept *next = g->rows->next;
		free(g->rows);
		g->rows = next;
	}
	own_drop(&g->name);
	free(g);
}

static void free_incident(struct open_incident *i)
{
	own_drop(&i->pair);
	free(i);
}

void fleet_free(struct fleet *f)
{
	size_t at = 0;
	void *value;

	if (f == NULL)
		return;
	while (table_next(&f->groups, &at, &value))
		free_group(value);
	for (at = 0; table_next(&f->incidents, &at, &value);)
		free_incident(value);
	table_release(&f->groups);
	table_release(&f->incidents);
	heap_release(&f->shown);
	heap_release(&f->others);
	for (int k = 0; k < FLEET_KINDS; k++) {
		heap_release(&f->expiries[k]);
		heap_release(&f->ages[k]);
	}
	free(f);
}

/* Out of all heaps and sums, to be changed. */
static void take_out(struct fleet *f, struct group *g)
{
	heap_remove(g->shown ? &f->shown : &f->others, &g->place);
	heap_remove(&f->expiries[g->kind], &g->expiry);
	heap_remove(&f->ages[g->kind], &g->age);
	f->n_waiting -= g->sum.messages > 0;
	add(&f->all, &g->sum, -1);
	add(&f->kinds[g->kind], &g->sum, -1);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms == TIME_NONE || (b_ms != TIME_NONE && b_ms < a_ms) ? b_ms : a_ms;
}

/* Its rows, of which there are as many as classes at most, become its numbers. */
static void sum_up(struct group *g)
{
	g->sum = (struct fleet_sum){0};
	g->ends = (struct fleet_ends){TIME_NONE, TIME_NONE};
	for (const struct kept *k = g->rows; k != NULL; k = k->next) {
		add(&g->sum, &k->sum, 1);
		g->ends.first_expiry_ms = earlier(g->ends.first_expiry_ms, k->ends.first_expiry_ms);
		g->ends.oldest_ms = earlier(g->ends.oldest_ms, k->ends.oldest_ms);
	}
}

static void put_back(struct fleet *f, struct group *g)
{
	add(&f->all, &g->sum, 1);
	add(&f->kinds[g->kind], &g->sum, 1);
	f->n_waiting += g->sum.messages > 0;
	if (g->ends.first_expiry_ms != TIME_NONE)
		heap_insert(&f->expiries[g->kind], &g->expiry);
	if (g->ends.oldest_ms != TIME_NONE)
		heap_insert(&f->ages[g->kind], &g->age);
	if (g->shown || at_risk(g) > 0)
		heap_insert(g->shown ? &f->shown : &f->others, &g->place);
}

static void move(struct fleet *f, struct group *g, bool shown)
{
	heap_remove(g->shown ? &f->shown : &f->others, &g->place);
	g->shown = shown;
	if (shown || at_risk(g) > 0)
		heap_insert(shown ? &f->shown : &f->others, &g->place);
}

static bool displaces(const struct group *other, const struct group *shown)
{
	if (is_ours(other) != is_ours(shown))
		return is_ours(other);
	return 4 * at_risk(other) > 5 * at_risk(shown);
}

static void settle_places(struct fleet *f)
{
	struct heap_node *best;

	while ((best = heap_top(&f->others)) != NULL) {
		struct heap_node *worst = heap_top(&f->shown);
		bool full = f->shown.n >= f->most_shown;

		if (full && (worst == NULL || !displaces(OWNER(best, place), OWNER(worst, place))))
			return;
		if (full)
			move(f, OWNER(worst, place), false);
		move(f, OWNER(best, place), true);
	}
}

static struct group *find_or_add(struct fleet *f, struct str name)
{
	struct group *g = table_get(&f->groups, name);

	if (g != NULL)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->name = STR_NONE;
	own_set(&g->name, name);
	g->ends = (struct fleet_ends){TIME_NONE, TIME_NONE};
	table_put(&f->groups, g->name, g);
	return g;
}

static struct kept **find_row(struct group *g, enum class class)
{
	struct kept **at = &g->rows;

	while (*at != NULL && (*at)->class != class)
		at = &(*at)->next;
	return at;
}

/* *at: where the row is, or where it is to be. */
static void set_row(struct fleet *f, struct kept **at, enum class class, const struct row *row)
{
	struct kept *k = *at;

	if (k != NULL)
		add(&f->classes[class], &k->sum, -1);
	if (row == NULL) {
		if (k != NULL)
			*at = k->next;
		free(k);
		return;
	}
	if (k == NULL)
		k = *at = xcalloc(1, sizeof(*k));
	*k = (struct kept){
	    .class = class,
	    .sum = {row->messages, row->recipients, row->held, row->overdue, row->mismatched, row->expiring_1h,
	            row->expiring_6h, row->expiring_24h},
	    .ends = {row->first_expiry_ms, row->oldest_ms},
	    .next = k->next,
	};
	add(&f->classes[class], &k->sum, 1);
}

void fleet_row(struct fleet *f, struct str group, enum class class, const struct row *row)
{
	struct group *g = row == NULL ? table_get(&f->groups, group) : find_or_add(f, group);
	struct kept **at = g == NULL ? NULL : find_row(g, class);

	if (at == NULL || (row == NULL && *at == NULL))
		return;
	take_out(f, g);
	set_row(f, at, class, row);
	if (g->rows == NULL) {
		table_remove(&f->groups, g->name);
		free_group(g);
	} else {
		g->kind = row == NULL ? g->kind : (enum kind)row->kind;
		sum_up(g);
		put_back(f, g);
	}
	settle_places(f);
}

static int64_t *open_count(struct fleet *f, const struct fleet_incident *i)
{
	return &f->open[i->severity][i->family][i->side];
}

void fleet_incident(struct fleet *f, struct str pair, const struct fleet_incident *open)
{
	struct open_incident *i = table_get(&f->incidents, pair);

	if (i != NULL)
		--*open_count(f, &i->is);
	if (open == NULL) {
		table_remove(&f->incidents, pair);
		if (i != NULL)
			free_incident(i);
		return;
	}
	if (i == NULL) {
		i = xcalloc(1, sizeof(*i));
		i->pair = STR_NONE;
		own_set(&i->pair, pair);
		table_put(&f->incidents, i->pair, i);
	}
	i->is = *open;
	++*open_count(f, &i->is);
}

void fleet_look(const struct fleet *f, struct fleet_view *ret)
{
	arena_reset(&ret->arena);
	memcpy(ret->kinds, f->kinds, sizeof(ret->kinds));
	memcpy(ret->classes, f->classes, sizeof(ret->classes));
	memcpy(ret->incidents, f->open, sizeof(ret->incidents));
	for (int k = 0; k < FLEET_KINDS; k++) {
		const struct heap_node *expiry = heap_top(&f->expiries[k]), *age = heap_top(&f->ages[k]);
		ret->ends[k] = (struct fleet_ends){
		    expiry == NULL ? TIME_NONE : OWNER(expiry, expiry)->ends.first_expiry_ms,
		    age == NULL ? TIME_NONE : OWNER(age, age)->ends.oldest_ms,
		};
	}
	ret->groups = f->n_waiting;
	ret->rest = f->all;
	ret->n_shown = f->shown.n;
	ret->shown = arena_alloc(&ret->arena, (f->shown.n + 1) * sizeof(*ret->shown));
	for (size_t i = 0; i < f->shown.n; i++) {
		const struct group *g = OWNER(f->shown.nodes[i + 1], place);
		ret->shown[i] = (struct fleet_shown){arena_dup(&ret->arena, g->name), g->sum, g->ends};
		add(&ret->rest, &g->sum, -1);
	}
}

void fleet_view_release(struct fleet_view *v)
{
	arena_release(&v->arena);
}
