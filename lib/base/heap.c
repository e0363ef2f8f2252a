/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap - binary heap of pointers to nodes that lie in the caller's structs
 *
 * Every node knows its place, so removal and a change of key cost O(log n) without a search. Places count from 1:
 * the children of i are 2i and 2i + 1, and 0 is free to say "in no heap". A node given to the wrong heap aborts.
 */
#include "lib/base/heap.h"

#include <stdlib.h>

#include "lib/base/check.h"

void heap_init(struct heap *h, heap_compare *compare)
{
	*h = (struct heap){.compare = compare};
}

void heap_release(struct heap *h)
{
	free(h->nodes);
	*h = (struct heap){.compare = h->compare};
}

struct heap_node *heap_top(const struct heap *h)
{
	return h->n ? h->nodes[1] : NULL;
}

static void place(struct heap *h, size_t at, struct heap_node *node)
{
	h->nodes[at] = node;
	node->at = at;
}

/* Both sifts move a hole and put the node into it once, at the end. */
static void sift_up(struct heap *h, size_t at, struct heap_node *node)
{
	while (at > 1 && h->compare(node, h->nodes[at / 2]) < 0) {
		place(h, at, h->nodes[at / 2]);
		at /= 2;
	}
	place(h, at, node);
}

static void sift_down(struct heap *h, size_t at, struct heap_node *node)
{
	for (size_t child; (child = 2 * at) <= h->n; at = child) {
		if (child < h->n && h->compare(h->nodes[child + 1], h->nodes[child]) < 0)
			child++;
		if (h->compare(node, h->nodes[child]) <= 0)
			break;
		place(h, at, h->nodes[child]);
	}
	place(h, at, node);
}

static void sift(struct heap *h, size_t at, struct heap_node *node)
{
	if (at > 1 && h->compare(node, h->nodes[at / 2]) < 0)
		sift_up(h, at, node);
	else
		sift_down(h, at, node);
}

void heap_insert(struct heap *h, struct heap_node *node)
{
	CHECK(node->at == 0);
	if (h->n + 1 >= h->cap) {
		h->cap = h->cap ? h->cap * 2 : 16;
		h->nodes = xrealloc(h->nodes, h->cap * sizeof(*h->nodes));
	}
	h->n++;
	sift_up(h, h->n, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	size_t at = node->at;
	struct heap_node *last;

	if (!at)
		return;
	CHECK(at <= h->n && h->nodes[at] == node);
	last = h->nodes[h->n--];
	node->at = 0;
	if (last != node)
		sift(h, at, last);
}

void heap_moved(struct heap *h, struct heap_node *node)
{
	CHECK(node->at && node->at <= h->n && h->nodes[node->at] == node);
	sift(h, node->at, node);
}
