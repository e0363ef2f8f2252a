/* SPDX-License-Identifier: Apache-2.0 */
/* sink_setup - see sink_setup.h */
#include "main/sink_setup.h"

#include "lib/base/timefmt.h"

struct pg_config sink_pg_config(const struct config *c, int64_t (*clock_ms)(void), bool (*stopping)(void))
{
	return (struct pg_config){
	    .conninfo = c->sink.conninfo,
	    .password_file = c->sink.password_file,
	    .clock_ms = clock_ms,
	    .stopping = stopping,
	};
}

static int64_t keep_ms(const struct config *c, const struct sink_table *t)
{
	if (t->kind != TABLE_DAYS)
		return TIME_NEVER;
	return t->topic == TOPIC_DELIVERIES    ? c->sink.deliveries_keep_ms
	       : t->topic == TOPIC_TRANSITIONS ? c->sink.transitions_keep_ms
	                                       : c->sink.queue_history_keep_ms;
}

struct sink_config sink_config_of(const struct config *c, const struct log_topic *list, int64_t (*clock_ms)(void),
                                  bool (*stopping)(void))
{
	struct sink_config s = {
	    .pg = sink_pg_config(c, clock_ms, stopping),
	    .topics = list,
	    .prefix = c->prefix,
	    .reader = c->sink.reader,
	    .batch = c->sink.batch,
	    .linger_ms = c->sink.linger_ms,
	};

	for (size_t i = 0; i < SINK_TABLES; i++)
		s.keep_ms[i] = keep_ms(c, &sink_tables[i]);
	return s;
}
