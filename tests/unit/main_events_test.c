/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_events_test - what leaves all four stages: headers on every public record, no id twice, the same ids whatever the
 * batches, no tombstone where the table of topics has none, and the trace of a line on its delivery alone
 */
#include "main/memory.h"

#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/stream/trace.h"
#include "support.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define MINUTE ((int64_t)60000)
#define DAY_MS (1440 * MINUTE)
#define START  ((int64_t)1795500000000)

struct seen {
	struct table ids; /* of events; of states only with their key and value, which they are made of */
	struct arena arena;
	int64_t records[TOPIC_N], tombstones[TOPIC_N], traces[TOPIC_N];
	uint64_t ids_sum; /* of all but states: order does not count */
	size_t n_raw;
};

static struct str header(const struct log_record *rec, const char *name)
{
	for (size_t i = 0; i < rec->n_headers; i++)
		if (strcmp(rec->headers[i].name, name) == 0)
			return rec->headers[i].value;
	return STR_NONE;
}

static void see_event(struct seen *s, const struct log_record *rec)
{
	struct str id = header(rec, "ce_id"), *first;

	assert_int_equal(id.n, 32);
	assert_true(str_eq(header(rec, "ce_specversion"), STR("1.0")));
	assert_true(str_eq(header(rec, "ce_source"), STR("/qlapse/qlapse")));
	assert_true(str_starts(header(rec, "ce_type"), STR("dev.qlapse.")));
	assert_true(str_ends(header(rec, "ce_type"), STR(".v1")));
	assert_int_equal(header(rec, "ce_time").n, 24);
	assert_int_not_equal(header(rec, "ce_subject").n, 0);
	assert_true(str_eq(header(rec, "content-type"), encoding_of(rec->value) == ENC_JSON
	                                                    ? STR("application/json")
	                                                    : STR("application/vnd.msgpack")));
	assert_int_equal(header(rec, "ce_severitytext").n > 0,
	                 rec->topic == TOPIC_INCIDENTS || rec->topic == TOPIC_ALERTS);
	s->traces[rec->topic] += header(rec, "traceparent").n > 0;
	first = table_get(&s->ids, id);
	if (first != NULL && !(rec->topic == TOPIC_MESSAGES && str_eq(*first, rec->value)))
		fail_msg("%s: two records have id %.*s", topics[rec->topic].name, STR_FMT(id));
	if (first != NULL)
		return;
	first = arena_alloc(&s->arena, sizeof(*first));
	*first = arena_dup(&s->arena, rec->value);
	table_put(&s->ids, arena_dup(&s->arena, id), first);
	if (rec->topic != TOPIC_MESSAGES)
		s->ids_sum += be64_read(id.p) ^ be64_read(id.p + 24);
}

static void tap(void *arg, const struct log_record *rec)
{
	struct seen *s = arg;

	if (rec->topic >= TOPIC_N)
		return;
	s->records[rec->topic]++;
	if (rec->value.p == NULL) {
		s->tombstones[rec->topic]++;
		assert_int_equal(rec->n_headers, 0);
	} else if (topics[rec->topic].record == NULL) {
		assert_int_equal(rec->n_headers, 0);
	} else {
		see_event(s, rec);
	}
}

static void line(struct memory_pipeline *m, int64_t at_ms, const char *text)
{
	struct buf out = BUF_INIT;
	char stamp[25];

	time_format(START + at_ms, stamp);
	buf_fmt(&out, "%s mx1 postfix/%s", stamp, text);
	const struct log_record rec = {
	    .topic = m->topics.raw[0],
	    .ts_ms = START + at_ms,
	    .value = buf_view(&out),
	    .headers = {{trace_names[0], STR(PARENT)}},
	    .n_headers = 1,
	};
	membus_append(m->bus, &rec);
	buf_release(&out);
}

/* One destination fails and comes back; another never does. Then nothing, until all has been forgotten. */
static void story(struct memory_pipeline *m)
{
	struct err err;

	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 30; i++) {
			char text[400];

			snprintf(text, sizeof(text),
			         "smtp[7]: %X: to=<u%d@%s.example>, relay=none, delay=9, delays=9/0/0/0, dsn=4.4.1, "
			         "status=%s",
			         0xA10000 + i, i, i % 2 ? "lost" : "back",
			         k < 2 || i % 2 ? "deferred (connect to mx.example[192.0.2.1]:25: Connection refused)"
			                        : "sent (250 Ok)");
			line(m, k * 90 * MINUTE + i * 1000, text);
		}
	for (int64_t day = 0; day < 25; day++) {
		memory_time(m, START + day * DAY_MS);
		assert_int_equal(memory_pump(m, &err), 0);
	}
}

static void tell(struct seen *s, int batch)
{
	struct config c;
	struct memory_pipeline m;
	struct err err = {0};

	*s = (struct seen){0};
	table_init(&s->ids, 1);
	config_default(&c);
	c.batch = batch;
	assert_int_equal(config_set(&c, "alert.internet.volume_messages=5", &err), 0);
	if (memory_start(&m, &c, 1, tap, s, &err) < 0)
		fail_msg("%s", err.msg);
	story(&m);
	memory_stop(&m);
	config_release(&c);
	table_release(&s->ids);
	arena_release(&s->arena);
}

static void every_record_is_an_event_of_its_own(void **state)
{
	struct seen large, small;

	(void)state;
	tell(&large, 5000);
	tell(&small, 7);
	for (int t = 0; t < TOPIC_N; t++) {
		assert_int_not_equal(large.records[t], 0);
		if (topics[t].cleanup == TOPIC_DELETE)
			assert_int_equal(large.records[t], small.records[t]);
		assert_int_equal(large.traces[t] > 0, t == TOPIC_DELIVERIES);
	}
	assert_int_equal(large.traces[TOPIC_DELIVERIES], large.records[TOPIC_DELIVERIES]);
	assert_true(large.ids_sum == small.ids_sum);
}

/* A table loses rows, an event stays. */
static void tombstones_only_in_tables(void **state)
{
	struct seen s;

	(void)state;
	tell(&s, 100);
	for (int t = 0; t < TOPIC_N; t++)
		if ((s.tombstones[t] > 0) != (topics[t].cleanup != TOPIC_DELETE))
			fail_msg("%s: %lld tombstones", topics[t].name, (long long)s.tombstones[t]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_record_is_an_event_of_its_own),
	    cmocka_unit_test(tombstones_only_in_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
