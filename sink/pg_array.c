/* SPDX-License-Identifier: Apache-2.0 */
/* pg_array - see pg_array.h */
#include "sink/pg_array.h"

#include <string.h>

#include "lib/base/check.h"

enum { HEAD = 20 };

/* Object ids of pg_type: fixed for the built-in types. */
static const struct {
	unsigned element, array;
} oids[PG_TYPES] = {
    [PG_INT4] = {23, 1007},   [PG_INT8] = {20, 1016},    [PG_TEXT] = {25, 1009},
    [PG_BYTEA] = {17, 1001},  [PG_JSONB] = {3802, 3807}, [PG_TIME] = {1184, 1185},
};

#define EPOCH_2000_MS INT64_C(946684800000)

void pg_array_init(struct pg_array *a, enum pg_type type)
{
	*a = (struct pg_array){.type = type, .bytes = BUF_INIT};
	pg_array_clear(a);
}

void pg_array_release(struct pg_array *a)
{
	buf_release(&a->bytes);
	a->n = 0;
}

void pg_array_clear(struct pg_array *a)
{
	static const char head[HEAD];

	a->n = 0;
	a->has_null = false;
	buf_clear(&a->bytes);
	buf_add(&a->bytes, head, HEAD);
}

void pg_array_null(struct pg_array *a)
{
	buf_be32(&a->bytes, UINT32_MAX);
	a->has_null = true;
	a->n++;
}

void pg_array_int(struct pg_array *a, int64_t v)
{
	CHECK(a->type == PG_INT4 || a->type == PG_INT8);
	CHECK(a->type == PG_INT8 || (v >= INT32_MIN && v <= INT32_MAX));
	buf_be32(&a->bytes, a->type == PG_INT4 ? 4 : 8);
	if (a->type == PG_INT4)
		buf_be32(&a->bytes, (uint32_t)(int32_t)v);
	else
		buf_be64(&a->bytes, (uint64_t)v);
	a->n++;
}

void pg_array_time(struct pg_array *a, int64_t ms)
{
	CHECK(a->type == PG_TIME);
	buf_be32(&a->bytes, 8);
	buf_be64(&a->bytes, (uint64_t)((ms - EPOCH_2000_MS) * 1000));
	a->n++;
}

void pg_array_bytes(struct pg_array *a, struct str s)
{
	bool versioned = a->type == PG_JSONB; /* jsonb_recv wants 1 before the text */

	CHECK(a->type == PG_TEXT || a->type == PG_BYTEA || a->type == PG_JSONB);
	buf_be32(&a->bytes, (uint32_t)(s.n + versioned));
	if (versioned)
		buf_chr(&a->bytes, 1);
	buf_str(&a->bytes, s);
	a->n++;
}

static void put32(char *at, uint32_t v)
{
	const char bytes[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};

	memcpy(at, bytes, 4);
}

/* An array without elements has no dimension, and ends behind the type. */
struct str pg_array_finish(struct pg_array *a)
{
	put32(a->bytes.p, a->n ? 1 : 0);
	put32(a->bytes.p + 4, a->has_null);
	put32(a->bytes.p + 8, oids[a->type].element);
	put32(a->bytes.p + 12, (uint32_t)a->n);
	put32(a->bytes.p + 16, 1);
	return a->n ? buf_view(&a->bytes) : str_of(a->bytes.p, 12);
}

unsigned pg_array_oid(const struct pg_array *a)
{
	return oids[a->type].array;
}
