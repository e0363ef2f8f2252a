/* SPDX-License-Identifier: Apache-2.0 */
/* tables - see tables.h */
#include "sink/tables.h"

#include <string.h>

#include "lib/base/check.h"

#define GROUP {"destination_group", "group"}
#define EXPIRING {"expiring_1h", NULL}, {"expiring_6h", NULL}, {"expiring_24h", NULL}
#define EXPIRY {"oldest", NULL}, {"first_expiry", NULL}
#define OUTCOMES {"delivered", NULL}, {"bounced", NULL}, {"expired", NULL}
#define END {NULL, NULL}

static const struct sink_column alert_columns[] = {
    {"incident", NULL}, {"seq", NULL},       {"event", NULL},    {"title", NULL},        {"summary", NULL},
    {"remedy", NULL},   {"look_again", NULL}, {"state", NULL},    {"severity", NULL},     GROUP,
    {"family", NULL},   {"class", NULL},     {"owner", NULL},    {"side", NULL},         {"kind", NULL},
    {"connector", NULL}, {"provider", NULL},  {"opened", NULL},   {"resolved", NULL},     {"messages", NULL},
    {"recipients", NULL}, {"overdue", NULL},  EXPIRY,             {"expiry_basis", NULL}, EXPIRING,
    END,
};

static const struct sink_column incident_columns[] = {
    {"incident", NULL},     {"seq", NULL},          {"state", NULL},       {"severity", NULL},    GROUP,
    {"family", NULL},       {"class", NULL},        {"over_volume", NULL}, {"near_expiry", NULL}, {"opened", NULL},
    {"updated", NULL},      {"resolved", NULL},     {"since", NULL},       {"messages", NULL},    {"recipients", NULL},
    {"held", NULL},         {"overdue", NULL},      {"mismatched", NULL},  EXPIRY,                {"expiry_basis", NULL},
    EXPIRING,               {"kind", NULL},         {"connector", NULL},   {"provider", NULL},    {"owner", NULL},
    {"side", NULL},         {"microsoft_code", NULL}, {"last_failure", NULL}, {"last_success", NULL}, {"last_error", NULL},
    {"next_hop", NULL},     {"next_hop_ip", NULL},  OUTCOMES,              END,
};

static const struct sink_column incident_history_columns[] = {
    {"incident", NULL}, {"seq", NULL},      {"state", NULL},      {"severity", NULL}, GROUP,
    {"family", NULL},   {"class", NULL},    {"opened", NULL},     {"updated", NULL},  {"resolved", NULL},
    {"messages", NULL}, {"recipients", NULL}, {"overdue", NULL},  EXPIRY,             {"expiry_basis", NULL},
    EXPIRING,           OUTCOMES,           END,
};

static const struct sink_column queue_columns[] = {
    GROUP,
    {"class", NULL},
    {"family", NULL},
    {"kind", NULL},
    {"connector", NULL},
    {"provider", NULL},
    {"owner", NULL},
    {"side", NULL},
    {"microsoft_code", NULL},
    {"messages", NULL},
    {"recipients", NULL},
    {"held", NULL},
    {"overdue", NULL},
    {"mismatched", NULL},
    {"null_sender", NULL},
    EXPIRY,
    {"expiry_basis", NULL},
    EXPIRING,
    {"resolution_min", NULL},
    {"queued", NULL},
    {"expires", NULL},
    {"since", NULL},
    {"last_failure", NULL},
    {"last_success", NULL},
    {"last_error", NULL},
    {"next_hop", NULL},
    {"next_hop_ip", NULL},
    {"attempts", NULL},
    {"permanent_replies", NULL},
    {"entered", NULL},
    OUTCOMES,
    {"longest_wait_ms", NULL},
    {"sources", NULL},
    {"samples", NULL},
    END,
};

static const struct sink_column queue_history_columns[] = {
    GROUP,  {"class", NULL}, {"family", NULL}, {"messages", NULL}, {"recipients", NULL}, {"held", NULL},
    {"overdue", NULL}, EXPIRY, EXPIRING, {"attempts", NULL}, {"entered", NULL}, OUTCOMES, END,
};

static const struct sink_column message_columns[] = {
    {"message", NULL}, {"host", NULL},  {"queue_id", NULL},    {"mta", NULL},    {"state", NULL},     {"queued_since", NULL},
    {"expires", NULL}, {"basis", NULL}, {"null_sender", NULL}, {"sender", NULL}, {"last_line", NULL}, {"recipients", NULL},
    END,
};

static const struct sink_column delivery_columns[] = {
    {"time", NULL},     {"site", NULL},       {"host", NULL},          {"mta", NULL},   {"queue_id", NULL}, {"event", NULL},
    {"sender", NULL},   {"recipient", NULL},  {"destination", NULL},   GROUP,           {"relay", NULL},    {"relay_ip", NULL},
    {"delay_ms", NULL}, {"dsn", NULL},        {"reply_code", NULL},    {"enhanced_code", NULL}, {"class", NULL}, {"family", NULL},
    {"owner", NULL},    {"side", NULL},       {"rule", NULL},          {"tier", NULL},  {"text", NULL},     END,
};

static const struct sink_column transition_columns[] = {
    {"message", NULL}, {"seq", NULL},  {"change", NULL},           {"reason", NULL},         {"destination", NULL},
    GROUP,             {"class", NULL}, {"host", NULL},            {"recipients_delta", NULL}, {"messages_delta", NULL},
    {"held", NULL},    {"overdue", NULL}, {"mismatched", NULL},    {"waited_ms", NULL},      {"step", NULL},
    {"next_hop", NULL}, {"next_hop_ip", NULL}, END,
};

const struct sink_table sink_tables[SINK_TABLES] = {
    {"alerts", TOPIC_ALERTS, TABLE_EVENTS, true, alert_columns, "Every alert: an incident was opened, updated or resolved."},
    {"incidents", TOPIC_INCIDENTS, TABLE_STATE, true, incident_columns, "Incidents as they stand: those that are open, and for incident_keep those that are resolved."},
    {"incident_history", TOPIC_INCIDENTS, TABLE_EVENTS, true, incident_history_columns, "Every record of an incident, one for each change."},
    {"queues", TOPIC_QUEUES, TABLE_STATE, true, queue_columns, "What waits for each destination group, by cause, as it stands."},
    {"queue_history", TOPIC_QUEUES, TABLE_DAYS, false, queue_history_columns, "What waited, at each boundary at which it changed: for charts over time."},
    {"messages", TOPIC_MESSAGES, TABLE_STATE, true, message_columns, "Each message in the fleet's queue as it stands. Only with messages in sink.topics."},
    {"deliveries", TOPIC_DELIVERIES, TABLE_DAYS, true, delivery_columns, "What each log line says, with its verdict."},
    {"transitions", TOPIC_TRANSITIONS, TABLE_DAYS, true, transition_columns, "Recipients that enter or leave a place in the queue, or are heard of there."},
};

const struct field *sink_field(const struct sink_table *t, const struct sink_column *c)
{
	const struct record_type *record = topics[t->topic].record;
	const char *name = c->field ? c->field : c->name;

	for (size_t i = 0; i < record->n_fields; i++)
		if (strcmp(record->fields[i].name, name) == 0)
			return &record->fields[i];
	CHECK(!"a column without a field");
	return NULL;
}

const char *sink_column_type(const struct field *f)
{
	static const char *const types[] = {
	    [FIELD_STR] = "text",           [FIELD_BIN] = "text",     [FIELD_I64] = "bigint",
	    [FIELD_TIME] = "timestamptz",   [FIELD_BOOL] = "boolean", [FIELD_ENUM] = "text",
	    [FIELD_LIST] = "jsonb",
	};

	return types[f->kind];
}

static void add_names(const struct sink_table *t, struct buf *out)
{
	buf_str(out, t->kind == TABLE_STATE ? STR("key, ") : STR_NONE);
	buf_str(out, STR("kafka_partition, kafka_offset, at"));
	for (const struct sink_column *c = t->columns; c->name; c++)
		buf_fmt(out, ", \"%s\"", c->name);
	buf_str(out, t->has_doc ? STR(", doc") : STR_NONE);
}

/* An absent boolean is false. */
static void add_values(const struct sink_table *t, struct buf *out)
{
	buf_str(out, t->kind == TABLE_STATE ? STR("u.k, ") : STR_NONE);
	buf_str(out, STR("u.p, u.o, u.a"));
	for (const struct sink_column *c = t->columns; c->name; c++) {
		const struct field *f = sink_field(t, c);

		buf_fmt(out, f->kind == FIELD_BOOL ? ", coalesce(r.\"%s\", false)" : ", r.\"%s\"", f->name);
	}
	buf_str(out, t->has_doc ? STR(", u.d") : STR_NONE);
}

/* The fields of a record as columns. */
static void add_record(const struct sink_table *t, struct buf *out)
{
	buf_str(out, STR(" FROM u CROSS JOIN LATERAL jsonb_to_record(u.d) AS r("));
	for (const struct sink_column *c = t->columns; c->name; c++) {
		const struct field *f = sink_field(t, c);

		buf_fmt(out, "%s\"%s\" %s", c == t->columns ? "" : ", ", f->name, sink_column_type(f));
	}
	buf_str(out, STR(") WHERE u.d IS NOT NULL"));
}

/* Of a batch the last record of each key counts; a key is in one partition only. */
static void add_keyed_batch(const struct sink_table *t, struct buf *out)
{
	buf_fmt(out,
	        "WITH u AS MATERIALIZED (SELECT DISTINCT ON (k) * FROM unnest($1::text[], $2::integer[], $3::bigint[], "
	        "$4::timestamptz[], $5::jsonb[]) AS x(k, p, o, a, d) ORDER BY k, o DESC), gone AS (DELETE FROM "
	        "qlapse.%s t USING u WHERE u.d IS NULL AND t.key = u.k) ",
	        t->name);
}

static void add_replacement(const struct sink_table *t, struct buf *out)
{
	buf_str(out, STR(" ON CONFLICT (key) DO UPDATE SET kafka_partition = excluded.kafka_partition, "
	                 "kafka_offset = excluded.kafka_offset, at = excluded.at"));
	for (const struct sink_column *c = t->columns; c->name; c++)
		buf_fmt(out, ", \"%s\" = excluded.\"%s\"", c->name, c->name);
	buf_str(out, t->has_doc ? STR(", doc = excluded.doc") : STR_NONE);
}

void sink_table_sql(const struct sink_table *t, struct buf *out)
{
	if (t->kind == TABLE_STATE)
		add_keyed_batch(t, out);
	else
		buf_str(out, STR("WITH u AS (SELECT * FROM unnest($1::integer[], $2::bigint[], $3::timestamptz[], "
		                 "$4::jsonb[]) AS x(p, o, a, d)) "));
	buf_fmt(out, "INSERT INTO qlapse.%s (", t->name);
	add_names(t, out);
	buf_str(out, STR(") SELECT "));
	add_values(t, out);
	add_record(t, out);
	if (t->kind == TABLE_STATE)
		add_replacement(t, out);
}

static void markdown_row(struct buf *out, const char *name, const char *type, const char *prose)
{
	buf_fmt(out, "| `%s` | %s | %s |\n", name, type, prose);
}

static void markdown_table(const struct sink_table *t, struct buf *out)
{
	static const char *const kinds[] = {
	    [TABLE_EVENTS] = "A row per record.",
	    [TABLE_DAYS] = "A row per record, in partitions by day.",
	    [TABLE_STATE] = "A row per key: its last record.",
	};

	buf_fmt(out, "\n### qlapse.%s\n\n%s From the topic `%s`. %s\n\n| column | type | |\n| --- | --- | --- |\n", t->name,
	        t->prose, topics[t->topic].name, kinds[t->kind]);
	if (t->kind == TABLE_STATE)
		markdown_row(out, "key", "text", "key of the record in Kafka");
	markdown_row(out, "kafka_partition", "integer", "where the record stands in Kafka");
	markdown_row(out, "kafka_offset", "bigint", "its offset there");
	markdown_row(out, "at", "timestamptz", "pipeline time of the record");
	for (const struct sink_column *c = t->columns; c->name; c++) {
		const struct field *f = sink_field(t, c);

		markdown_row(out, c->name, sink_column_type(f), f->prose);
	}
	if (t->has_doc)
		markdown_row(out, "doc", "jsonb", "the whole record");
}

void sink_tables_markdown(struct buf *out)
{
	for (size_t i = 0; i < SINK_TABLES; i++)
		markdown_table(&sink_tables[i], out);
}
