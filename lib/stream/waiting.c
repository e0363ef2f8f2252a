/* SPDX-License-Identifier: Apache-2.0 */
/* waiting - see waiting.h */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/stream/waiting.h"

static const struct waiting_record *record_of(const struct heap_node *node)
{
	return (const struct waiting_record *)((const char *)node - offsetof(struct waiting_record, node));
}

/* Equal stamps cannot come from one stage; should they, the offset decides. */
static int compare(const struct heap_node *a, const struct heap_node *b)
{
	const struct waiting_record *x = record_of(a), *y = record_of(b);
	int order = str_cmp(x->order, y->order);
	if (order != 0)
		return order;
	return x->rec.offset < y->rec.offset ? -1 : x->rec.offset > y->rec.offset;
}

void waiting_init(struct waiting *w)
{
	*w = (struct waiting){0};
	heap_init(&w->heap, compare);
}

void waiting_release(struct waiting *w)
{
	waiting_clear(w);
	heap_release(&w->heap);
}

static struct str place(char **at, struct str s)
{
	if (s.p == NULL)
		return s;
	memcpy(*at, s.p, s.n);
	struct str copy = {*at, s.n};
	*at += s.n;
	return copy;
}

void waiting_add(struct waiting *w, const struct log_record *rec, int64_t p_ms)
{
	size_t n_headers = rec->order.n > 0 ? 0 : rec->n_headers, n = rec->key.n + rec->value.n + rec->order.n + 1;

	for (size_t i = 0; i < n_headers; i++)
		n += rec->headers[i].value.n;
	struct waiting_record *r = xmalloc(sizeof(*r) + n);
	char *at = (char *)(r + 1);

	*r = (struct waiting_record){.p_ms = p_ms, .rec = *rec};
	r->rec.key = place(&at, rec->key);
	r->rec.value = place(&at, rec->value);
	r->rec.order = r->order = place(&at, rec->order);
	r->rec.n_headers = n_headers;
	for (size_t i = 0; i < n_headers; i++)
		r->rec.headers[i].value = place(&at, rec->headers[i].value);
	r->rec.tick = STR_NONE;
	r->older = w->newest;
	if (w->newest != NULL)
		w->newest->newer = r;
	else
		w->oldest = r;
	w->newest = r;
	heap_insert(&w->heap, &r->node);
	w->n++;
}

struct waiting_record *waiting_first(const struct waiting *w)
{
	struct heap_node *top = heap_top(&w->heap);
	return top == NULL ? NULL : (struct waiting_record *)((char *)top - offsetof(struct waiting_record, node));
}

int64_t waiting_oldest_offset(const struct waiting *w)
{
	return w->oldest == NULL ? -1 : w->oldest->rec.offset;
}

void waiting_drop(struct waiting *w, struct waiting_record *r)
{
	heap_remove(&w->heap, &r->node);
	if (r->older != NULL)
		r->older->newer = r->newer;
	else
		w->oldest = r->newer;
	if (r->newer != NULL)
		r->newer->older = r->older;
	else
		w->newest = r->older;
	w->n--;
	free(r);
}

void waiting_clear(struct waiting *w)
{
	while (w->oldest != NULL)
		waiting_drop(w, w->oldest);
}
