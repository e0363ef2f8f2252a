/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedies - what to do about a class: texts from classify/remedies/<language>.yaml
 *
 * For each class: summary, causes, and what to do where the failing server is our own (own) or anybody's
 * (internet), look_again (how long a fix takes to show), and never and worked: advice that hangs on whether
 * mail to that server is known to have worked before. For a partner, whom one can call,
 * there is a line per owner of the class (phrases) beside what our side can do.
 * No text may lose mail silently: what is given up goes back to its sender.
 */
#ifndef QLAPSE_CLASSIFY_REMEDIES_H
#define QLAPSE_CLASSIFY_REMEDIES_H

#include "classify/catalog.h"
#include "lib/mail/records.h"

struct remedies;

/* Built-in texts of a language ("en"). NULL and err, with file and class, unless every class but none is whole. */
struct remedies *remedies_load(const char *language, struct err *err);
void remedies_free(struct remedies *r);

/* Whether mail to that server is known to have worked before. */
enum worked { WORKED_UNKNOWN, WORKED_NEVER, WORKED_BEFORE };

/* Summary, causes, and what to do. kind KIND_UNKNOWN is taken for internet. Empty for CLASS_none. */
struct str remedies_text(const struct remedies *r, enum class c, enum kind kind, enum worked worked, struct arena *a);
int64_t remedies_look_again(const struct remedies *r, enum class c); /* a span; -1: none */

#endif
