/* SPDX-License-Identifier: Apache-2.0 */
/* offsets - see offsets.h */
#include "sink/offsets.h"

#include <string.h>

int offsets_check_prefix(struct pg *g, const char *prefix, struct err *err)
{
	struct pg_array text, *const args[] = {&text};
	int64_t n;
	int result = 0;

	pg_array_init(&text, PG_TEXT);
	pg_array_bytes(&text, str_from(prefix));
	n = pg_exec(g, "SELECT topic FROM qlapse.offsets WHERE NOT starts_with(topic, ($1::text[])[1] || '.') LIMIT 1", args, 1,
	            err);
	if (n < 0)
		result = -1;
	else if (n > 0)
		result = err_set(err, ERR_CONFIG,
		                 "the tables in PostgreSQL hold topic '%.*s', and the prefix is '%s' now: take another database, "
		                 "or drop the schema qlapse and have it filled anew",
		                 STR_FMT(pg_value(g, 0, 0)), prefix);
	pg_array_release(&text);
	return result;
}

enum { COLUMNS = 4 };

struct columns {
	struct pg_array topics, partitions, stored, next;
};

static void columns_init(struct columns *c)
{
	pg_array_init(&c->topics, PG_TEXT);
	pg_array_init(&c->partitions, PG_INT4);
	pg_array_init(&c->stored, PG_INT8);
	pg_array_init(&c->next, PG_INT8);
}

static void columns_release(struct columns *c)
{
	pg_array_release(&c->topics);
	pg_array_release(&c->partitions);
	pg_array_release(&c->stored);
	pg_array_release(&c->next);
}

static void columns_add(struct columns *c, const struct log_topic *topics, const struct sink_part *p)
{
	pg_array_bytes(&c->topics, str_from(topics[p->topic].name));
	pg_array_int(&c->partitions, p->partition);
	pg_array_int(&c->stored, p->stored);
	pg_array_int(&c->next, p->next);
}

/* Rows come back in the order of the arrays. */
int offsets_load(struct pg *g, const struct log_topic *topics, struct sink_part *parts, size_t n, struct err *err)
{
	struct columns c;
	struct pg_array *const args[] = {&c.topics, &c.partitions};
	int64_t rows = -1;

	columns_init(&c);
	for (size_t i = 0; i < n; i++)
		columns_add(&c, topics, &parts[i]);
	if (pg_exec(g,
	            "INSERT INTO qlapse.offsets (topic, kafka_partition, next) SELECT t, p, -1 FROM unnest($1::text[], "
	            "$2::integer[]) AS x(t, p) ON CONFLICT DO NOTHING",
	            args, 2, err) >= 0)
		rows = pg_exec(g,
		               "SELECT o.next FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS x(t, p, i) JOIN "
		               "qlapse.offsets o ON o.topic = x.t AND o.kafka_partition = x.p ORDER BY x.i",
		               args, 2, err);
	columns_release(&c);
	if (rows < 0)
		return -1;
	if ((size_t)rows != n)
		return err_set(err, ERR_RETRY, "rows of qlapse.offsets were deleted while they were read");
	for (size_t i = 0; i < n; i++)
		parts[i].stored = parts[i].next = pg_number(g, (int)i, 0);
	return 0;
}

/* Rows are locked in one order, so that two writers do not wait for each other. */
int offsets_move(struct pg *g, const struct log_topic *topics, const struct sink_part *parts, size_t n, bool all,
                 struct err *err)
{
	struct columns c;
	struct pg_array *const args[] = {&c.topics, &c.partitions, &c.stored, &c.next};
	int64_t moved, wanted;

	columns_init(&c);
	for (size_t i = 0; i < n; i++)
		if (all || parts[i].next != parts[i].stored)
			columns_add(&c, topics, &parts[i]);
	wanted = (int64_t)c.topics.n;
	moved = pg_exec(g,
	                "UPDATE qlapse.offsets o SET next = l.to_next, updated = now() FROM (SELECT k.topic, k.kafka_partition, "
	                "x.n AS to_next FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS x(t, p, s, n) JOIN "
	                "qlapse.offsets k ON k.topic = x.t AND k.kafka_partition = x.p AND k.next = x.s ORDER BY k.topic, "
	                "k.kafka_partition FOR UPDATE OF k) l WHERE o.topic = l.topic AND o.kafka_partition = l.kafka_partition",
	                args, COLUMNS, err);
	columns_release(&c);
	return moved < 0 ? -1 : moved == wanted;
}
