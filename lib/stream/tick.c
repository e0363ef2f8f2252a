/* SPDX-License-Identifier: Apache-2.0 */
/* tick - see tick.h */
#include "lib/stream/tick.h"

enum { VERSION = 1, HEAD_BYTES = 1 + 8 + 4, ENTRY_BYTES = 4 + 8 };

void tick_begin(struct buf *out, const struct tick_head *head)
{
	buf_chr(out, VERSION);
	buf_be64(out, head->hash);
	buf_be32(out, head->n_sources);
}

void tick_add(struct buf *out, uint32_t source, int64_t clock_ms)
{
	buf_be32(out, source);
	buf_be64(out, (uint64_t)clock_ms);
}

bool tick_read(struct str *s, struct tick_head *ret)
{
	if (s->n < HEAD_BYTES || s->p[0] != VERSION || (s->n - HEAD_BYTES) % ENTRY_BYTES != 0)
		return false;
	ret->hash = be64_read(s->p + 1);
	ret->n_sources = be32_read(s->p + 9);
	*s = str_skip(*s, HEAD_BYTES);
	return true;
}

bool tick_next(struct str *s, uint32_t *ret_source, int64_t *ret_clock_ms)
{
	if (s->n < ENTRY_BYTES)
		return false;
	*ret_source = be32_read(s->p);
	*ret_clock_ms = (int64_t)be64_read(s->p + 4);
	*s = str_skip(*s, ENTRY_BYTES);
	return true;
}
