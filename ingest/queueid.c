/* SPDX-License-Identifier: Apache-2.0 */
/* queueid - see queueid.h */
#include <string.h>

#include "ingest/queueid.h"

static const char digits52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

bool queueid_ok(struct str id)
{
	if (id.n < 5 || id.n > QUEUE_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
			return false;
	}
	return true;
}

static bool base52(struct str s, int64_t *ret)
{
	int64_t v = 0;

	if (s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = memchr(digits52, s.p[i], sizeof(digits52) - 1);
		if (at == NULL)
			return false;
		v = v * 52 + (at - digits52);
	}
	*ret = v;
	return true;
}

bool queueid_time(struct str id, int64_t *ret_ms)
{
	ssize_t z = str_rchr(id, 'z');
	int64_t seconds, micros;

	if (z < 10 || (size_t)z + 1 >= id.n)
		return false;
	if (!base52(str_head(id, (size_t)z - 4), &seconds) ||
	    !base52(str_head(str_skip(id, (size_t)z - 4), 4), &micros))
		return false;
	if (micros >= 1000000 || seconds > 253402300799)
		return false;
	*ret_ms = seconds * 1000 + micros / 1000;
	return true;
}
