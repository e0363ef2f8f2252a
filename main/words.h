/* SPDX-License-Identifier: Apache-2.0 */
/* words - output for people: entries with a name at the left and wrapped text beside it */
#ifndef QLAPSE_MAIN_WORDS_H
#define QLAPSE_MAIN_WORDS_H

#include "lib/base/buf.h"

enum { WORDS_WIDTH = 79, WORDS_INDENT = 12 };

/* Appends text, its words wrapped: lines end before column width and go on at column indent. The cursor is at column at. */
void words_wrap(struct buf *out, struct str text, size_t at, size_t indent, size_t width);

/* "name        text", wrapped. */
void words_entry(struct buf *out, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What a kind of noise or a reason of a dead letter means (ingest/words.def). */
const char *words_of_line(const char *word);

#endif
