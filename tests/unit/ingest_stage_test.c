/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_stage - what a raw record becomes: a delivery for its message's partition, a count, or a dead letter */
#include "ingest/ingest_stage.h"

#include "ingest_support.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/topics.h"

enum { RAW = TOPIC_N, DLQ = TOPIC_N + 1 };

/* The runtime's end of the stage: keeps the last record and the last count. */
struct outcome {
	struct stage_out out; /* first */
	struct arena arena;
	int n_records, n_counts;
	struct out_record rec;
	const char *count;
};

static void put(struct stage_out *out, const struct out_record *rec)
{
	struct outcome *o = (struct outcome *)out;

	o->n_records++;
	o->rec = *rec;
	o->rec.key = arena_dup(&o->arena, rec->key);
	o->rec.part_key = arena_dup(&o->arena, rec->part_key);
	o->rec.value = arena_dup(&o->arena, rec->value);
	o->rec.rest = arena_dup(&o->arena, rec->rest);
	for (size_t i = 0; i < rec->n_headers; i++)
		o->rec.headers[i].value = arena_dup(&o->arena, rec->headers[i].value);
}

static void count(struct stage_out *out, const char *name, int64_t n)
{
	struct outcome *o = (struct outcome *)out;

	assert_int_equal(n, 1);
	o->n_counts++;
	o->count = name;
}

static void classify(void *arg, struct delivery *d, struct arena *a)
{
	(void)a;
	++*(int *)arg;
	d->group = STR("somewhere");
}

struct fixture {
	struct ingest_stage *stage;
	struct outcome o;
	int classified;
};

static struct fixture *fixture_new(enum encoding enc)
{
	static struct log_topic list[TOPIC_N + 2];
	struct fixture *f = calloc(1, sizeof(*f));
	struct ingest_stage_config c = {.encoding = enc, .topics = list, .dlq_distance = 1};

	assert_non_null(f);
	list[RAW].name = "mail";
	list[DLQ].name = "mail.dlq";
	ingest_config_default(&c.lines);
	c.classifier = (struct classifier){classify, &f->classified};
	f->o.out = (struct stage_out){.put = put, .count = count};
	f->stage = ingest_stage_new(&c);
	return f;
}

static void fixture_free(struct fixture *f)
{
	arena_release(&f->o.arena);
	ingest_stage_free(f->stage);
	free(f);
}

static const struct log_record raw_log = {.topic = RAW, .partition = 3, .offset = 77};

static struct stage_record raw(struct str key, struct str value)
{
	return (struct stage_record){
	    .log = &raw_log, .p_ms = at("2026-11-24T08:00:01Z"), .source = 9, .key = key, .value = value};
}

static void apply(struct fixture *f, struct str key, struct str value)
{
	const struct stage_record rec = raw(key, value);
	struct err err;

	f->o.n_records = f->o.n_counts = 0;
	assert_int_equal(ingest_stage_ops.apply(f->stage, NULL, &rec, &f->o.out, &err), 0);
}

static const char *header(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->o.rec.n_headers; i++)
		if (strcmp(f->o.rec.headers[i].name, name) == 0)
			return f->o.rec.headers[i].value.p;
	return NULL;
}

static void every_line_has_one_outcome(void **state)
{
#define HEAD "Nov 24 08:00:00 mx1 postfix/"
	static const struct {
		const char *label;
		struct str line;
		const char *count;
		int topic, classified; /* topic -1: no record */
	} cases[] = {
	    {"event", STR(HEAD "smtp[1]: 4F1A2B3C4D: to=<a>, relay=none, delay=1, dsn=4.0.0, status=deferred (x)"),
	     "event.deferred", TOPIC_DELIVERIES, 1},
	    {"sent", STR(HEAD "smtp[1]: 4F1A2B3C4D: to=<a>, relay=none, delay=1, dsn=2.0.0, status=sent (x)"),
	     "event.delivered", TOPIC_DELIVERIES, 1},
	    {"bounced", STR(HEAD "smtp[1]: 4F1A2B3C4D: to=<a>, relay=none, delay=1, dsn=5.0.0, status=bounced (x)"),
	     "event.bounced", TOPIC_DELIVERIES, 1},
	    {"expired", STR(HEAD "qmgr[1]: 4F1A2B3C4D: from=<a>, status=expired, returned to sender"), "event.expired",
	     TOPIC_DELIVERIES, 1},
	    {"held", STR(HEAD "postsuper[1]: 4F1A2B3C4D: placed on hold"), "event.held", TOPIC_DELIVERIES, 1},
	    {"fact", STR(HEAD "qmgr[1]: 4F1A2B3C4D: removed"), "fact.removed", TOPIC_DELIVERIES, 0},
	    {"arrival", STR(HEAD "smtpd[1]: 4F1A2B3C4D: client=h[192.0.2.1]"), "fact.arrived", TOPIC_DELIVERIES, 0},
	    {"noise", STR(HEAD "smtpd[1]: connect from h[192.0.2.1]"), "noise.connect", -1, 0},
	    {"another program", STR("Nov 24 08:00:00 mx1 sshd[1]: x"), "noise.other_program", -1, 0},
	    {"empty", STR(""), "noise.empty", -1, 0},
	    {"free text", STR("hello"), "dead.unknown_format", DLQ, 0},
	    {"NUL", STR("a\0b"), "dead.binary", DLQ, 0},
	    {"cut", STR(HEAD "smtp[1]: 4F1A2B3C4D: to=<a"), "dead.cut_line", DLQ, 0},
	};
	struct fixture *f = fixture_new(ENC_MSGPACK);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		f->classified = 0;
		apply(f, STR_NONE, cases[i].line);
		expect_i64(f->o.n_counts, 1, cases[i].label);
		expect_str(str_from(f->o.count), str_from(cases[i].count), cases[i].label);
		expect_i64(f->o.n_records, cases[i].topic >= 0, cases[i].label);
		if (f->o.n_records > 0)
			expect_i64(f->o.rec.topic, cases[i].topic, cases[i].label);
		expect_i64(f->classified, cases[i].classified, cases[i].label);
	}
	fixture_free(f);
}

static void deliveries_go_by_message_in_either_encoding(void **state)
{
	static const enum encoding encodings[] = {ENC_JSON, ENC_MSGPACK};

	(void)state;
	for (size_t i = 0; i < LEN(encodings); i++) {
		struct fixture *f = fixture_new(encodings[i]);
		struct delivery d;
		struct err err;

		apply(
		    f, STR("shipper"),
		    STR(HEAD
		        "smtp[1]: 4F1A2B3C4D: to=<a@b.example>, relay=none, delay=1, dsn=4.0.0, status=deferred (x)"));
		expect_str(f->o.rec.key, STR("default/mx1/4F1A2B3C4D"), "key");
		assert_int_equal(f->o.rec.part_key.n, 0);
		assert_int_equal(f->o.rec.p_ms, at("2026-11-24T08:00:01Z"));
		assert_int_equal(f->o.rec.rest.n, 12);
		assert_int_equal(be32_read(f->o.rec.rest.p), 9);
		assert_int_equal(be64_read(f->o.rec.rest.p + 4), 77);
		assert_int_equal(encoding_of(f->o.rec.value), encodings[i]);
		assert_int_equal(record_decode(encodings[i], f->o.rec.value, &delivery_record, &f->o.arena, &d, &err),
		                 0);
		assert_int_equal(d.event, EVENT_DEFERRED);
		expect_str(d.recipient, STR("a@b.example"), "recipient");
		expect_str(d.group, STR("somewhere"), "what the classifier adds");
		fixture_free(f);
	}
}

static void dead_letters_keep_every_byte(void **state)
{
	struct fixture *f = fixture_new(ENC_MSGPACK);
	struct str line = STR("\xff\0\r\nbytes\n");

	(void)state;
	apply(f, STR("key\0of it"), line);
	expect_str(f->o.rec.value, line, "value");
	expect_str(f->o.rec.key, STR("key\0of it"), "key");
	expect_str(f->o.rec.part_key, STR("key\0of it"), "partition by key");
	assert_string_equal(header(f, "qlapse_reason"), "binary");
	assert_string_equal(header(f, "qlapse_source"), "mail/3/77");
	assert_null(header(f, "qlapse_detail"));

	apply(f, STR_NONE,
	      STR(HEAD "smtp[1]: 4F1A2B3C4D: to=<a>, relay=none, delay=x, dsn=4.0.0, status=deferred (x)"));
	assert_string_equal(header(f, "qlapse_reason"), "bad_delivery");
	assert_string_equal(header(f, "qlapse_detail"), "delay");
	expect_str(f->o.rec.part_key, STR("mail/3/77"), "without a key the source spreads them");
	fixture_free(f);
}

static void what_the_broker_refuses_is_dead(void **state)
{
	struct fixture *f = fixture_new(ENC_MSGPACK);
	const struct stage_record rec = raw(STR("k"), STR("v"));

	(void)state;
	ingest_stage_ops.reject(f->stage, &rec, "refused_by_broker", &f->o.out);
	assert_string_equal(f->o.count, "dead.refused_by_broker");
	assert_string_equal(header(f, "qlapse_reason"), "refused_by_broker");
	expect_str(f->o.rec.value, STR("v"), "value");
	assert_null(header(f, "qlapse_detail"));

	/* it may be the dead letter that was refused */
	char *big = calloc(1, 1000000);
	const struct stage_record large = raw(str_of(big, 1000000), str_of(big, 1000000));
	ingest_stage_ops.reject(f->stage, &large, "refused_by_broker", &f->o.out);
	assert_int_equal(f->o.rec.value.n, LINE_MAX_BYTES);
	assert_int_equal(f->o.rec.key.n, LINE_MAX_BYTES);
	assert_string_equal(header(f, "qlapse_detail"), "cut");
	free(big);
	fixture_free(f);
}

static void nothing_is_no_stage(void **state)
{
	(void)state;
	ingest_stage_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_line_has_one_outcome),
	    cmocka_unit_test(deliveries_go_by_message_in_either_encoding),
	    cmocka_unit_test(dead_letters_keep_every_byte),
	    cmocka_unit_test(what_the_broker_refuses_is_dead),
	    cmocka_unit_test(nothing_is_no_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
