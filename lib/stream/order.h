/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - the stamp by which every stage sorts its input: pipeline time, then a rest that makes it unique
 *
 * On the wire (header qlapse_order) it is eight big-endian bytes of milliseconds and
 * the rest, so that memcmp of two stamps is the order: deliveries by source and offset
 * of their line, transitions by message key and seq, rows by group and class.
 */
#ifndef QLAPSE_STREAM_ORDER_H
#define QLAPSE_STREAM_ORDER_H

#include "lib/base/buf.h"

enum { ORDER_REST_MAX = 640 };

void order_put(struct buf *out, int64_t p_ms, struct str rest);
/* False if s is no stamp. */
bool order_get(struct str s, int64_t *ret_p_ms, struct str *ret_rest);

#endif
