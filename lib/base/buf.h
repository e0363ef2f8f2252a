/* SPDX-License-Identifier: Apache-2.0 */
/* buf - bytes that grow; cleared and reused rather than freed on hot paths */
#ifndef QLAPSE_BASE_BUF_H
#define QLAPSE_BASE_BUF_H

#include "lib/base/str.h"

struct buf {
	char *p;
	size_t n, cap;
};

#define BUF_INIT ((struct buf){NULL, 0, 0})

void buf_release(struct buf *b); /* frees the memory; b is as BUF_INIT afterwards */
void buf_clear(struct buf *b);   /* empty, memory kept */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_chr(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_be64(struct buf *b, uint64_t v); /* eight bytes, big-endian: sorts as the number does */
void buf_be32(struct buf *b, uint32_t v);
struct str buf_view(const struct buf *b);
const char *buf_z(struct buf *b); /* as a C string; valid until b changes */

uint64_t be64_read(const void *p);
uint32_t be32_read(const void *p);

#endif
