/* SPDX-License-Identifier: Apache-2.0 */
/* word - where a word in a text ends */
#ifndef QLAPSE_CLASSIFY_WORD_H
#define QLAPSE_CLASSIFY_WORD_H

#include "lib/base/str.h"

/* Words that may stand alone only (0), or run on to the left, to the right. */
enum { LITERAL_LEFT = 1, LITERAL_RIGHT = 2, LITERAL_BOTH = 3 };

/* May the byte be in a word? Bytes beyond ASCII are in none: languages without spaces would have no word to find. */
static inline bool word_has(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* At which sides do the n bytes at `at` stand alone? As the marks that lift the need to. */
static inline unsigned word_stands_alone(struct str text, size_t at, size_t n)
{
	size_t end = at + n;
	unsigned sides = 0;

	if (at == 0 || !word_has(text.p[at]) || !word_has(text.p[at - 1]))
		sides |= LITERAL_LEFT;
	if (end == text.n || !word_has(text.p[end - 1]) || !word_has(text.p[end]))
		sides |= LITERAL_RIGHT;
	return sides;
}

#endif
