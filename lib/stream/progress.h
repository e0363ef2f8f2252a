/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress - how far an input partition has come; travels in the metadata of its committed offset
 *
 * The committed offset is that of the first record still waiting, so records behind it
 * are read again after a restart. Those with an offset below read_upto and a stamp not
 * above applied were applied before and are skipped.
 */
#ifndef QLAPSE_STREAM_PROGRESS_H
#define QLAPSE_STREAM_PROGRESS_H

#include "lib/base/buf.h"
#include "lib/base/timefmt.h"

struct progress {
	int64_t clock_ms;   /* everything before it has been done; what our ticks may tell. TIME_NONE: none yet */
	int64_t read_upto;  /* every record below this offset has been read */
	struct buf applied; /* order stamp of the last record applied in order; empty: none */
};

enum { PROGRESS_META_MAX = 2048 }; /* bytes that progress_write adds at most */

#define PROGRESS_INIT ((struct progress){TIME_NONE, 0, BUF_INIT})

void progress_release(struct progress *p);
void progress_copy(struct progress *to, const struct progress *from);
void progress_write(const struct progress *p, struct buf *out); /* "1 CLOCK READ_UPTO APPLIED_HEX" */
/* An empty meta gives PROGRESS_INIT; false on one that we did not write, or a newer version of us. */
bool progress_read(struct str meta, struct progress *ret);

#endif
