/* SPDX-License-Identifier: Apache-2.0 */
/* memo - see memo.h */
#include <stdlib.h>
#include <string.h>

#include "classify/memo.h"
#include "lib/base/check.h"

/* A longer question is not kept; few texts are longer than 300 bytes. */
enum { SETS = 4096, WAYS = 2, QUESTION_MAX = 504 };

/* What is looked at first lies together. */
struct set {
	uint64_t hash[WAYS];
	uint16_t n[WAYS]; /* bytes of the question; 0: free */
	uint16_t last;    /* the way used last */
};

struct memo {
	size_t answer_size;
	struct set sets[SETS];
	char *places; /* question and answer of each way of each set */
};

struct memo *memo_new(size_t answer_size)
{
	struct memo *m = xcalloc(1, sizeof(*m));

	CHECK(answer_size % 8 == 0);
	m->answer_size = answer_size;
	m->places = xcalloc((size_t)SETS * WAYS, QUESTION_MAX + m->answer_size);
	return m;
}

void memo_free(struct memo *m)
{
	if (m == NULL)
		return;
	free(m->places);
	free(m);
}

/* The answer lies in front of its question, aligned. */
static char *place_of(const struct memo *m, size_t set, size_t way)
{
	return m->places + (set * WAYS + way) * (QUESTION_MAX + m->answer_size);
}

const void *memo_get(struct memo *m, struct str question, uint64_t hash)
{
	struct set *s = &m->sets[hash % SETS];

	for (size_t way = 0; way < WAYS; way++) {
		const char *place = place_of(m, hash % SETS, way);
		if (s->n[way] == 0 || s->hash[way] != hash || s->n[way] != question.n ||
		    memcmp(place + m->answer_size, question.p, question.n) != 0)
			continue;
		s->last = (uint16_t)way;
		return place;
	}
	return NULL;
}

void memo_put(struct memo *m, struct str question, uint64_t hash, const void *answer)
{
	struct set *s = &m->sets[hash % SETS];
	uint16_t way = (uint16_t)(1 - s->last);
	char *place = place_of(m, hash % SETS, way);

	if (question.n == 0 || question.n > QUESTION_MAX)
		return;
	s->hash[way] = hash;
	s->n[way] = (uint16_t)question.n;
	s->last = way;
	memcpy(place, answer, m->answer_size);
	memcpy(place + m->answer_size, question.p, question.n);
}
