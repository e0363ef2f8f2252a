/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - records of an input partition that have been read and may not be applied yet
 *
 * Two orders over the same copies: by stamp (a heap: what is next) and by offset (a
 * list: what must be read again after a restart).
 */
#ifndef QLAPSE_STREAM_WAITING_H
#define QLAPSE_STREAM_WAITING_H

#include "lib/base/heap.h"
#include "lib/stream/log.h"

struct waiting_record {
	struct heap_node node;
	struct waiting_record *older, *newer; /* by offset */
	int64_t p_ms;
	struct str order;      /* the whole stamp */
	struct log_record rec; /* key, value, order point into the same allocation; headers are not kept */
};

struct waiting {
	struct heap heap;
	struct waiting_record *oldest, *newest;
	size_t n;
};

void waiting_init(struct waiting *w);
void waiting_release(struct waiting *w);
void waiting_add(struct waiting *w, const struct log_record *rec, int64_t p_ms); /* copies; offsets rise */
struct waiting_record *waiting_first(const struct waiting *w);                   /* by stamp; NULL: none */
int64_t waiting_oldest_offset(const struct waiting *w);                          /* -1: none */
void waiting_drop(struct waiting *w, struct waiting_record *r);
void waiting_clear(struct waiting *w);

#endif
