/* SPDX-License-Identifier: Apache-2.0 */
/* memo - see memo.h */
#include <stdlib.h>
#include <string.h>

#include "classify/memo.h"
#include "lib/base/check.h"

/* A longer question is not kept; texts are of 600 bytes at most, and few are longer than 300. */
enum { SETS = 4096, WAYS = 2, QUESTION_MAX = 504 };

/* What is looked at first lies together. */
struct set {
	uint64_t hash[WAYS];
	const struct rule *rule[WAYS]; /* NULL: free */
	uint16_t n[WAYS];
	uint16_t last; /* the way used last */
};

struct memo {
	struct set sets[SETS];
	char questions[SETS][WAYS][QUESTION_MAX]; /* not touched before it is needed */
};

struct memo *memo_new(void)
{
	return xcalloc(1, sizeof(struct memo));
}

void memo_free(struct memo *m)
{
	free(m);
}

const struct rule *memo_get(struct memo *m, struct str question, uint64_t hash)
{
	struct set *s = &m->sets[hash % SETS];

	for (uint16_t way = 0; way < WAYS; way++) {
		if (s->rule[way] == NULL || s->hash[way] != hash || s->n[way] != question.n ||
		    memcmp(m->questions[hash % SETS][way], question.p, question.n) != 0)
			continue;
		s->last = way;
		return s->rule[way];
	}
	return NULL;
}

void memo_put(struct memo *m, struct str question, uint64_t hash, const struct rule *rule)
{
	struct set *s = &m->sets[hash % SETS];
	uint16_t way = (uint16_t)(1 - s->last);

	if (question.n > QUESTION_MAX)
		return;
	s->hash[way] = hash;
	s->rule[way] = rule;
	s->n[way] = (uint16_t)question.n;
	s->last = way;
	memcpy(m->questions[hash % SETS][way], question.p, question.n);
}
