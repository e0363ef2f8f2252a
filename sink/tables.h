/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables - which columns of which table a record of a topic fills
 *
 * One const list: the statements that write, what a record must hold to be taken, and the reference (docs/SINK.md)
 * come from it. What a column is called and how it is made stands in sink/migrations; a test holds the two together.
 */
#ifndef QLAPSE_SINK_TABLES_H
#define QLAPSE_SINK_TABLES_H

#include "lib/base/buf.h"
#include "lib/mail/topics.h"

enum table_kind {
	TABLE_EVENTS, /* a row per record that is no tombstone, for good */
	TABLE_DAYS,   /* the same, in partitions by day that are dropped when they are old */
	TABLE_STATE,  /* a row per key: its last record; a tombstone deletes it */
};

struct sink_column {
	const char *name;
	const char *field; /* of the record; NULL: as the column */
};

struct sink_table {
	const char *name;
	enum topic topic;
	enum table_kind kind;
	bool has_doc; /* the whole record as jsonb, too */
	const struct sink_column *columns; /* ended by a name of NULL */
	const char *prose;
};

enum { SINK_TABLES = 8 };
extern const struct sink_table sink_tables[SINK_TABLES];

/* The field that a column holds. */
const struct field *sink_field(const struct sink_table *t, const struct sink_column *c);
const char *sink_column_type(const struct field *f); /* in PostgreSQL */

/* The statement that writes a batch; its parameters are arrays: keys (STATE only), partitions, offsets, times, records. */
void sink_table_sql(const struct sink_table *t, struct buf *out);

void sink_tables_markdown(struct buf *out);

#endif
