/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tick - time as a record: "from these sources nothing earlier than these clocks will come"
 *
 * The value of the header qlapse_tick: version byte 1, hash of the list of sources
 * (8 bytes), their number (4), then for each source named its index (4) and clock (8),
 * all big-endian. A tick record has no value and, on compacted topics only, a key.
 */
#ifndef QLAPSE_STREAM_TICK_H
#define QLAPSE_STREAM_TICK_H

#include "lib/base/buf.h"

struct tick_head {
	uint64_t hash;
	uint32_t n_sources;
};

void tick_begin(struct buf *out, const struct tick_head *head);
void tick_add(struct buf *out, uint32_t source, int64_t clock_ms);

/* Reads the head and moves *s to the entries; false if s is no tick of ours. */
bool tick_read(struct str *s, struct tick_head *ret);
/* The next entry; false at the end. */
bool tick_next(struct str *s, uint32_t *ret_source, int64_t *ret_clock_ms);

#endif
