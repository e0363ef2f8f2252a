/* SPDX-License-Identifier: Apache-2.0 */
/* order - see order.h */
#include "lib/base/check.h"
#include "lib/stream/order.h"

void order_put(struct buf *out, int64_t p_ms, struct str rest)
{
	CHECK(p_ms >= 0 && rest.n <= ORDER_REST_MAX);
	buf_be64(out, (uint64_t)p_ms);
	buf_str(out, rest);
}

bool order_get(struct str s, int64_t *ret_p_ms, struct str *ret_rest)
{
	if (s.n < 8 || s.n > 8 + ORDER_REST_MAX)
		return false;
	uint64_t p = be64_read(s.p);
	if (p > INT64_MAX)
		return false;
	*ret_p_ms = (int64_t)p;
	*ret_rest = str_skip(s, 8);
	return true;
}
