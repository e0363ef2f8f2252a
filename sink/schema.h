/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema - the sink's tables are made and kept up to date: sink/migrations in their order, each once, all or none
 *
 * Whoever migrates holds an advisory lock; the others wait and find it done. A schema that a newer version has
 * made is refused.
 */
#ifndef QLAPSE_SINK_SCHEMA_H
#define QLAPSE_SINK_SCHEMA_H

#include "sink/batch.h"

struct sink_migration { /* made from sink/migrations by cmake/embed.cmake */
	const char *name, *bytes;
	size_t n;
};
extern const struct sink_migration sink_migrations[]; /* ended by a name of NULL */

int schema_latest(void); /* version that this program knows */

/* Up to a version. *ret_from: the one that was there, 0 for none. */
int schema_migrate(struct pg *g, int to, int *ret_from, struct err *err);
/* The version that is there; 0: none. */
int schema_version(struct pg *g, int *ret, struct err *err);

/* Lets a role read all tables, those of later migrations too. */
int schema_grant(struct pg *g, const char *role, struct err *err);

/* The days of a batch get their partitions, before its transaction. */
int schema_ensure_days(struct pg *g, const struct batch *b, struct err *err);
/* Drops what is older than oldest_ms; how many partitions, -1 err. */
int64_t schema_drop_days(struct pg *g, const char *table, int64_t oldest_ms, struct err *err);

#endif
