/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_array - a column of values as PostgreSQL's binary array, to be bound as one parameter
 *
 * The form is that of array_recv: dimensions, has-null, type of the elements, length and lower bound, then each
 * element's length (-1: null) and bytes. An array keeps its memory when it is cleared.
 */
#ifndef QLAPSE_SINK_PG_ARRAY_H
#define QLAPSE_SINK_PG_ARRAY_H

#include "lib/base/buf.h"

enum pg_type { PG_INT4, PG_INT8, PG_TEXT, PG_BYTEA, PG_JSONB, PG_TIME, PG_TYPES };

struct pg_array {
	enum pg_type type;
	size_t n;
	bool has_null;
	struct buf bytes; /* a head that pg_array_finish fills, then the elements */
};

void pg_array_init(struct pg_array *a, enum pg_type type);
void pg_array_release(struct pg_array *a);
void pg_array_clear(struct pg_array *a);
void pg_array_null(struct pg_array *a);
void pg_array_int(struct pg_array *a, int64_t v);     /* INT4 (must fit), INT8 */
void pg_array_time(struct pg_array *a, int64_t ms);   /* TIME */
void pg_array_bytes(struct pg_array *a, struct str s); /* TEXT (valid UTF-8, no NUL), BYTEA, JSONB (its text) */

struct str pg_array_finish(struct pg_array *a); /* the whole parameter; valid until a changes */
unsigned pg_array_oid(const struct pg_array *a); /* of the array's type */

#endif
