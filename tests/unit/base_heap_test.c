/* SPDX-License-Identifier: Apache-2.0 */
/* base_heap - the heap against a sorted array, under random inserts, removals and moves */
#include "lib/base/heap.h"

#include "tests/unit/support.h"

struct timer {
	struct heap_node node;
	int64_t due;
	int seq; /* breaks ties, so the order is total */
};

static const struct timer *timer_of(const struct heap_node *node)
{
	return (const struct timer *)((const char *)node - offsetof(struct timer, node));
}

static int by_due(const struct heap_node *x, const struct heap_node *y)
{
	const struct timer *a = timer_of(x), *b = timer_of(y);

	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

enum { N_TIMERS = 200 };

struct model {
	struct heap heap;
	struct timer timers[N_TIMERS];
	struct timer *sorted[N_TIMERS]; /* those in the heap */
	size_t n;
};

static void model_add(struct model *m, struct timer *t)
{
	size_t at = m->n++;

	for (; at > 0 && by_due(&t->node, &m->sorted[at - 1]->node) < 0; at--)
		m->sorted[at] = m->sorted[at - 1];
	m->sorted[at] = t;
}

static void model_drop(struct model *m, const struct timer *t)
{
	size_t at = 0;

	while (m->sorted[at] != t)
		at++;
	for (m->n--; at < m->n; at++)
		m->sorted[at] = m->sorted[at + 1];
}

/* Top and size as the model says, and every node no later than its children, at the place it believes to be. */
static void expect_same(const struct model *m)
{
	const struct heap *h = &m->heap;

	assert_int_equal(h->n, m->n);
	assert_ptr_equal(heap_top(h), m->n ? &m->sorted[0]->node : NULL);
	for (size_t i = 1; i <= h->n; i++) {
		assert_int_equal(h->nodes[i]->at, i);
		assert_true(i == 1 || by_due(h->nodes[i / 2], h->nodes[i]) < 0);
	}
}

static void step(struct model *m, uint64_t *seed)
{
	struct timer *t = &m->timers[random_below(seed, N_TIMERS)];

	if (!t->node.at) {
		t->due = (int64_t)random_below(seed, 50);
		heap_insert(&m->heap, &t->node);
		model_add(m, t);
	} else if (random_below(seed, 2)) {
		heap_remove(&m->heap, &t->node);
		assert_int_equal(t->node.at, 0);
		heap_remove(&m->heap, &t->node); /* twice is fine */
		model_drop(m, t);
	} else {
		model_drop(m, t);
		t->due = (int64_t)random_below(seed, 50);
		heap_moved(&m->heap, &t->node);
		model_add(m, t);
	}
}

static void follows_a_sorted_array(void **state)
{
	(void)state;
	static struct model m;

	for (uint64_t run = 1; run <= 20; run++) {
		uint64_t seed = run;

		m = (struct model){0};
		heap_init(&m.heap, by_due);
		for (int i = 0; i < N_TIMERS; i++)
			m.timers[i].seq = i;
		for (int i = 0; i < 2000; i++) {
			step(&m, &seed);
			expect_same(&m);
		}
		/* what is left comes out in order */
		for (size_t i = 0; i < m.n; i++) {
			assert_ptr_equal(heap_top(&m.heap), &m.sorted[i]->node);
			heap_remove(&m.heap, &m.sorted[i]->node);
		}
		assert_null(heap_top(&m.heap));
		heap_release(&m.heap);
	}
}

static void is_reusable_after_release(void **state)
{
	(void)state;
	struct heap h;
	struct timer t = {.due = 1};

	heap_init(&h, by_due);
	assert_null(heap_top(&h));
	heap_release(&h);
	heap_insert(&h, &t.node);
	assert_ptr_equal(heap_top(&h), &t.node);
	heap_moved(&h, &t.node);
	heap_remove(&h, &t.node);
	assert_null(heap_top(&h));
	heap_release(&h);
}

static void insert_twice(void)
{
	struct heap h;
	struct timer t = {.due = 1};

	heap_init(&h, by_due);
	heap_insert(&h, &t.node);
	heap_insert(&h, &t.node);
}

static void remove_from_another(void)
{
	struct heap h, other;
	struct timer t = {.due = 1}, u = {.due = 2};

	heap_init(&h, by_due);
	heap_init(&other, by_due);
	heap_insert(&h, &t.node);
	heap_insert(&other, &u.node);
	heap_remove(&other, &t.node);
}

static void move_what_is_in_none(void)
{
	struct heap h;
	struct timer t = {.due = 1};

	heap_init(&h, by_due);
	heap_moved(&h, &t.node);
}

static void aborts_on_misuse(void **state)
{
	(void)state;
	assert_true(aborts(insert_twice));
	assert_true(aborts(remove_from_another));
	assert_true(aborts(move_what_is_in_none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_a_sorted_array),
	    cmocka_unit_test(is_reusable_after_release),
	    cmocka_unit_test(aborts_on_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
