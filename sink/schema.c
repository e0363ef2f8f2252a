/* SPDX-License-Identifier: Apache-2.0 */
/* schema - see schema.h */
#include "sink/schema.h"

#include "lib/base/timefmt.h"

#define DAY_MS INT64_C(86400000)

/* Any number that nobody else takes: of "qlapse" in ASCII. */
#define LOCK "SELECT pg_advisory_xact_lock(124823086166885)"

int schema_latest(void)
{
	int n = 0;

	while (sink_migrations[n].name)
		n++;
	return n;
}

int schema_version(struct pg *g, int *ret, struct err *err)
{
	int64_t n = pg_exec(g, "SELECT to_regclass('qlapse.migrations') IS NOT NULL", NULL, 0, err);

	if (n < 0)
		return -1;
	*ret = 0;
	if (str_eq(pg_value(g, 0, 0), STR("f")))
		return 0;
	if (pg_exec(g, "SELECT coalesce(max(version), 0) FROM qlapse.migrations", NULL, 0, err) < 0)
		return -1;
	*ret = (int)pg_number(g, 0, 0);
	return 0;
}

static int refuse_newer(int version, struct err *err)
{
	return err_set(err, ERR_CONFIG,
	               "the tables in PostgreSQL are those of a newer qlapse: they have version %d, this one knows %d",
	               version, schema_latest());
}

static int apply(struct pg *g, int version, struct err *err)
{
	const struct sink_migration *m = &sink_migrations[version - 1];
	struct buf text = BUF_INIT;
	int result;

	buf_add(&text, m->bytes, m->n);
	/* names of files in the program, no text from outside */
	buf_fmt(&text, "\nINSERT INTO qlapse.migrations (version, name) VALUES (%d, '%s');", version, m->name);
	result = pg_script(g, buf_z(&text), err);
	buf_release(&text);
	return result < 0 ? err_prefix(err, "%s", m->name) : 0;
}

static int migrate_locked(struct pg *g, int to, int *ret_from, struct err *err)
{
	static const char begin[] = "CREATE SCHEMA IF NOT EXISTS qlapse; CREATE TABLE IF NOT EXISTS qlapse.migrations (version "
	                            "integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";

	if (pg_script(g, LOCK, err) < 0 || pg_script(g, begin, err) < 0 || schema_version(g, ret_from, err) < 0)
		return -1;
	for (int version = *ret_from + 1; version <= to; version++)
		if (apply(g, version, err) < 0)
			return -1;
	return 0;
}

/* The first look takes no lock and no right to make anything. */
int schema_migrate(struct pg *g, int to, int *ret_from, struct err *err)
{
	if (schema_version(g, ret_from, err) < 0)
		return -1;
	if (*ret_from > schema_latest())
		return refuse_newer(*ret_from, err);
	if (*ret_from >= to)
		return 0;
	if (pg_script(g, "BEGIN", err) < 0 || migrate_locked(g, to, ret_from, err) < 0)
		return -1;
	return pg_script(g, "COMMIT", err);
}

/* A role's name is an identifier: the server itself quotes it. */
int schema_grant(struct pg *g, const char *role, struct err *err)
{
	static const char *const grants[] = {
	    "SELECT format('GRANT USAGE ON SCHEMA qlapse TO %I', r) FROM unnest($1::text[]) AS x(r)",
	    "SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA qlapse TO %I', r) FROM unnest($1::text[]) AS x(r)",
	    "SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA qlapse GRANT SELECT ON TABLES TO %I', r) FROM "
	    "unnest($1::text[]) AS x(r)",
	};
	struct pg_array name, *const args[] = {&name};
	struct buf text = BUF_INIT;
	int result = 0;

	pg_array_init(&name, PG_TEXT);
	pg_array_bytes(&name, str_from(role));
	for (size_t i = 0; i < sizeof(grants) / sizeof(*grants) && result == 0; i++) {
		result = pg_exec(g, grants[i], args, 1, err) < 0 ? -1 : 0;
		if (result < 0)
			break;
		buf_clear(&text);
		buf_str(&text, pg_value(g, 0, 0));
		result = pg_script(g, buf_z(&text), err);
	}
	pg_array_release(&name);
	buf_release(&text);
	return result < 0 ? err_prefix(err, "sink.postgres.reader") : 0;
}

static int ensure_table(struct pg *g, const struct batch *b, size_t table, struct err *err)
{
	struct pg_array name, days, *const args[] = {&name, &days};
	size_t at = 0;
	int64_t day;
	int result = 0;

	pg_array_init(&name, PG_TEXT);
	pg_array_init(&days, PG_INT4);
	pg_array_bytes(&name, str_from(sink_tables[table].name));
	while (batch_next_day(b, table, &at, &day))
		pg_array_int(&days, day);
	if (days.n &&
	    pg_exec(g, "SELECT qlapse.ensure_day(($1::text[])[1], date '1970-01-01' + d) FROM unnest($2::integer[]) AS x(d)", args,
	            2, err) < 0)
		result = -1;
	pg_array_release(&name);
	pg_array_release(&days);
	return result;
}

int schema_ensure_days(struct pg *g, const struct batch *b, struct err *err)
{
	for (size_t i = 0; i < SINK_TABLES; i++)
		if (sink_tables[i].kind == TABLE_DAYS && ensure_table(g, b, i, err) < 0)
			return -1;
	return 0;
}

/* Whoever reads the table is not waited for longer than a moment: the next round comes. */
int64_t schema_drop_days(struct pg *g, const char *table, int64_t oldest_ms, struct err *err)
{
	struct pg_array name, day, *const args[] = {&name, &day};
	int64_t n = -1;

	pg_array_init(&name, PG_TEXT);
	pg_array_init(&day, PG_INT4);
	pg_array_bytes(&name, str_from(table));
	pg_array_int(&day, oldest_ms / DAY_MS);
	if (pg_script(g, "BEGIN; SET LOCAL lock_timeout = '3s'", err) == 0 &&
	    pg_exec(g, "SELECT qlapse.drop_days(($1::text[])[1], date '1970-01-01' + ($2::integer[])[1])", args, 2, err) > 0)
		n = pg_number(g, 0, 0);
	if (n >= 0 && pg_script(g, "COMMIT", err) < 0)
		n = -1;
	pg_array_release(&name);
	pg_array_release(&day);
	return n;
}
