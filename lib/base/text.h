/* SPDX-License-Identifier: Apache-2.0 */
/* text - makes bytes chosen by a stranger fit to print, store and send; and two plain encodings */
#ifndef QLAPSE_BASE_TEXT_H
#define QLAPSE_BASE_TEXT_H

#include "lib/base/buf.h"
#include "lib/base/str.h"

/* Appends s as valid UTF-8 without control (C0, DEL, C1) and bidi control characters, at most max bytes,
 * cut between characters. Each bad byte becomes U+FFFD; each control character one space. */
void text_clean(struct buf *out, struct str s, size_t max);
bool text_is_clean(struct str s, size_t max); /* text_clean would change nothing */
bool text_is_utf8(struct str s);              /* well-formed (RFC 3629), control characters allowed */

void text_lower(char *p, size_t n); /* ASCII */
void text_hex(struct buf *out, struct str s);
bool text_unhex(struct buf *out, struct str hex);
void text_base64(struct buf *out, struct str s);
bool text_unbase64(struct buf *out, struct str b64);

#endif
