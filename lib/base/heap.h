/* SPDX-License-Identifier: Apache-2.0 */
/* heap - intrusive binary min-heap; the order, ties included, is the caller's compare function */
#ifndef QLAPSE_BASE_HEAP_H
#define QLAPSE_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap_node {
	size_t at; /* 1-based place in the heap; 0: in none */
};

typedef int heap_compare(const struct heap_node *a, const struct heap_node *b); /* < 0: a comes first */

struct heap {
	struct heap_node **nodes; /* nodes[0] unused */
	size_t n, cap;
	heap_compare *compare;
};

void heap_init(struct heap *h, heap_compare *compare);
void heap_release(struct heap *h);
struct heap_node *heap_top(const struct heap *h); /* NULL if empty */
void heap_insert(struct heap *h, struct heap_node *node);
void heap_remove(struct heap *h, struct heap_node *node); /* no-op if the node is in no heap */
void heap_moved(struct heap *h, struct heap_node *node);  /* the node's sort key changed while in the heap */

#endif
