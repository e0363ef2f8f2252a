/* SPDX-License-Identifier: Apache-2.0 */
/* remedies - what to do about a class: texts from classify/remedies/<language>.yaml */
#ifndef QLAPSE_CLASSIFY_REMEDIES_H
#define QLAPSE_CLASSIFY_REMEDIES_H

#include "classify/catalog.h"
#include "lib/mail/records.h"

struct remedies;

/* Built-in texts of a language ("en"). Every class but none must be there. */
struct remedies *remedies_load(const char *language, struct err *err);
void remedies_free(struct remedies *r);

/* Summary, causes, and what to do; a partner is contacted. worked: -1 not known, 0 never, 1 worked before. */
struct str remedies_text(const struct remedies *r, enum class c, enum kind kind, int worked, struct arena *a);
int64_t remedies_look_again(const struct remedies *r, enum class c); /* a span; -1: none */

#endif
