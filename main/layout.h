/* SPDX-License-Identifier: Apache-2.0 */
/* layout - output for people: entries with a name at the left and wrapped text beside it */
#ifndef QLAPSE_MAIN_LAYOUT_H
#define QLAPSE_MAIN_LAYOUT_H

#include "lib/base/buf.h"
#include "lib/mail/records.h"

enum { LAYOUT_WIDTH = 79, LAYOUT_INDENT = 12 };

/* Appends text, its words wrapped: lines end before column width and go on at column indent. The cursor is at
 * column at. Chinese characters are two columns wide, and a line may end at any of them that no mark belongs to. */
void layout_wrap(struct buf *out, struct str text, size_t at, size_t indent, size_t width);

/* "name        text", wrapped. */
void layout_entry(struct buf *out, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Commands (struct fix), each on a line of its own, unbroken, under what it does and over what to mind. */
void layout_fixes(struct buf *out, struct record_list fixes, bool zh_tw, size_t indent);

#endif
