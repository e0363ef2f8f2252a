/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automaton - see automaton.h
 *
 * Words are sorted and laid out level by level, so that the children of a node are neighbours and a node needs no more
 * than the number of the first: its last is where the next node's begin. The few nodes with many children have a row
 * that says for each kind of byte where to go, failing included.
 */
#include <stdlib.h>
#include <string.h>

#include "classify/automaton.h"
#include "lib/base/check.h"

struct node {
	uint32_t children; /* the first; those of the next node begin where these end */
	uint32_t fail;     /* the longest other word's beginning that ends here */
	uint32_t hit;      /* the nearest node, this one or by failing on, where a word ends; 0: none */
	uint32_t word;     /* number + 1 of the word that ends here; 0: none */
	uint32_t row;      /* of a node with many children: where its row in `rows` ends; 0: none */
};

struct automaton {
	struct node *nodes; /* 0 is the root; one more marks the end */
	unsigned char *labels;
	uint32_t n;
	uint32_t *rows; /* n_kinds each */
	uint32_t n_rows, n_kinds;
	unsigned char kinds[256]; /* of bytes: 0 are those that are in no word */
};

enum { MANY = 2 };

/* A word on its way into the tree: those with the same beginning are neighbours. */
struct entry {
	struct str word;
	uint32_t number, node;
};

static int by_word(const void *a, const void *b)
{
	return str_cmp(((const struct entry *)a)->word, ((const struct entry *)b)->word);
}

static uint32_t add_node(struct automaton *a, unsigned char label)
{
	CHECK(a->n < UINT32_MAX);
	a->nodes[a->n] = (struct node){0};
	a->labels[a->n] = label;
	return a->n++;
}

/* One level: each entry goes on from its node by one byte; siblings are neighbours because the entries are sorted. */
static bool add_level(struct automaton *a, struct entry *entries, size_t n, size_t depth)
{
	uint32_t parent = UINT32_MAX, child = 0;
	bool more = false;

	for (size_t i = 0; i < n; i++) {
		struct entry *e = &entries[i];
		if (e->word.n <= depth)
			continue;
		unsigned char c = (unsigned char)e->word.p[depth];
		if (e->node != parent || a->labels[child] != c) {
			child = add_node(a, c);
			if (e->node != parent)
				a->nodes[e->node].children = child;
			parent = e->node;
		}
		e->node = child;
		if (e->word.n == depth + 1)
			a->nodes[child].word = e->number + 1;
		more = true;
	}
	return more;
}

/* Nodes without children get an empty piece of them: it begins where that of the next one does. */
static void close_families(struct automaton *a)
{
	a->nodes[a->n] = (struct node){.children = a->n};
	for (uint32_t i = a->n; i-- > 0;)
		if (a->nodes[i].children == 0)
			a->nodes[i].children = a->nodes[i + 1].children;
}

static uint32_t child_of(const struct automaton *a, uint32_t node, unsigned char c)
{
	uint32_t from = a->nodes[node].children, end = a->nodes[node + 1].children;

	for (uint32_t i = from; i < end; i++)
		if (a->labels[i] == c)
			return i;
	return 0;
}

/* The root always has a row. */
static inline uint32_t step(const struct automaton *a, uint32_t node, unsigned char c)
{
	for (;;) {
		const struct node *n = &a->nodes[node];
		if (n->row != 0)
			return a->rows[n->row - a->n_kinds + a->kinds[c]];
		uint32_t next = child_of(a, node, c);
		if (next != 0)
			return next;
		node = n->fail;
	}
}

/* What a node's failing leads to has its row already: it lies nearer to the root. */
static void add_row(struct automaton *a, uint32_t node)
{
	uint32_t from = a->n_rows++ * a->n_kinds, fail = a->nodes[node].fail;

	a->rows = xrealloc(a->rows, a->n_rows * a->n_kinds * sizeof(*a->rows));
	for (unsigned c = 0; c < 256; c++) {
		uint32_t child = child_of(a, node, (unsigned char)c);
		a->rows[from + a->kinds[c]] = child != 0 || node == 0 ? child : step(a, fail, (unsigned char)c);
	}
	a->nodes[node].row = from + a->n_kinds;
}

/* Parents come before their children, and what is failed back to lies nearer to the root. */
static void link_nodes(struct automaton *a)
{
	for (uint32_t p = 0; p < a->n; p++) {
		uint32_t from = a->nodes[p].children, end = a->nodes[p + 1].children;
		for (uint32_t i = from; i < end; i++)
			a->nodes[i].fail = p == 0 ? 0 : step(a, a->nodes[p].fail, a->labels[i]);
		a->nodes[p].hit = a->nodes[p].word != 0 ? p : a->nodes[a->nodes[p].fail].hit;
		if (p == 0 || end - from > MANY)
			add_row(a, p);
	}
}

static void find_kinds(struct automaton *a)
{
	a->n_kinds = 1;
	for (uint32_t i = 1; i < a->n; i++)
		if (a->kinds[a->labels[i]] == 0)
			a->kinds[a->labels[i]] = (unsigned char)a->n_kinds++;
	CHECK(a->n_kinds <= 256);
}

struct automaton *automaton_new(const struct str *words, size_t n)
{
	struct automaton *a = xcalloc(1, sizeof(*a));
	struct entry *entries = xcalloc(n + 1, sizeof(*entries));
	size_t bytes = 0, depth = 0;

	for (size_t i = 0; i < n; i++) {
		CHECK(words[i].n > 0);
		entries[i] = (struct entry){words[i], (uint32_t)i, 0};
		bytes += words[i].n;
	}
	if (n > 1)
		qsort(entries, n, sizeof(*entries), by_word);
	a->nodes = xcalloc(bytes + 2, sizeof(*a->nodes));
	a->labels = xcalloc(bytes + 2, 1);
	add_node(a, 0);
	while (add_level(a, entries, n, depth))
		depth++;
	close_families(a);
	find_kinds(a);
	link_nodes(a);
	a->nodes = xrealloc(a->nodes, (a->n + 1) * sizeof(*a->nodes));
	a->labels = xrealloc(a->labels, a->n + 1);
	free(entries);
	return a;
}

void automaton_free(struct automaton *a)
{
	if (a == NULL)
		return;
	free(a->nodes);
	free(a->labels);
	free(a->rows);
	free(a);
}

size_t automaton_bytes(const struct automaton *a)
{
	return sizeof(*a) + (a->n + 1) * (sizeof(*a->nodes) + 1) + a->n_rows * a->n_kinds * sizeof(*a->rows);
}

void automaton_scan(const struct automaton *a, struct str text, void (*found)(void *arg, size_t word, size_t end),
                    void *arg)
{
	uint32_t node = 0;

	for (size_t i = 0; i < text.n; i++) {
		node = step(a, node, (unsigned char)text.p[i]);
		for (uint32_t hit = a->nodes[node].hit; hit != 0; hit = a->nodes[a->nodes[hit].fail].hit)
			found(arg, a->nodes[hit].word - 1, i + 1);
	}
}
