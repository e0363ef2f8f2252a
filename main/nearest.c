/* SPDX-License-Identifier: Apache-2.0 */
/* nearest - Levenshtein's distance over one row of its matrix; near is up to a third of the word, and one more */
#include "main/nearest.h"

enum { KNOWN_MAX = 127 };

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(struct str a, struct str b)
{
	size_t row[KNOWN_MAX + 1];

	b = str_head(b, KNOWN_MAX);
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b.n; j++) {
			size_t change = corner + (a.p[i] != b.p[j]);

			corner = row[j + 1];
			row[j + 1] = least_of(change, least_of(row[j], row[j + 1]) + 1);
		}
	}
	return row[b.n];
}

struct nearest nearest_to(struct str word)
{
	return (struct nearest){word, NULL, word.n / 3 + 2};
}

void nearest_try(struct nearest *n, const char *known)
{
	size_t d = distance(n->word, str_from(known));

	if (d >= n->distance)
		return;
	n->distance = d;
	n->best = known;
}
