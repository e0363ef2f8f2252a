/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_admin_test - settings that are refused, topics, the plain reader and writer, brokers that do not answer */
#include "tests/kafka/rig.h"

static void test_settings(void **state)
{
	static const struct {
		const char *name, *value, *want; /* want NULL: taken */
	} cases[] = {
	    {"enable.auto.commit", "true", "\"enable.auto.commit\" cannot be set: offsets are committed within"},
	    {"enable.auto.offset.store", "true", "\"enable.auto.offset.store\" cannot be set"},
	    {"auto.commit.interval.ms", "1", "\"auto.commit.interval.ms\" cannot be set"},
	    {"auto.commit.enable", "true", "\"auto.commit.enable\" cannot be set"},
	    {"offset.store.method", "file", "\"offset.store.method\" cannot be set"},
	    {"isolation.level", "read_uncommitted", "\"isolation.level\" cannot be set: what was aborted"},
	    {"enable.idempotence", "false", "\"enable.idempotence\" cannot be set: exactly once"},
	    {"acks", "1", "\"acks\" cannot be set: exactly once"},
	    {"request.required.acks", "1", "\"request.required.acks\" cannot be set"},
	    {"transactional.id", "x", "\"transactional.id\" cannot be set: it follows"},
	    {"transaction.timeout.ms", "9", "\"transaction.timeout.ms\" cannot be set: set transaction_timeout"},
	    {"group.id", "x", "\"group.id\" cannot be set: it follows"},
	    {"group.instance.id", "x", "\"group.instance.id\" cannot be set: it follows"},
	    {"group.protocol", "consumer", "\"group.protocol\" cannot be set"},
	    {"partition.assignment.strategy", "roundrobin", "\"partition.assignment.strategy\" cannot be set: mixed"},
	    {"auto.offset.reset", "latest", "\"auto.offset.reset\" cannot be set: a lost offset"},
	    {"enable.partition.eof", "false", "\"enable.partition.eof\" cannot be set"},
	    {"max.in.flight", "9", "\"max.in.flight\" cannot be set: the order"},
	    {"max.in.flight.requests.per.connection", "9", "per.connection\" cannot be set: the order"},
	    {"retries", "0", "\"retries\" cannot be set"},
	    {"message.send.max.retries", "0", "\"message.send.max.retries\" cannot be set"},
	    {"partitioner", "random", "\"partitioner\" cannot be set: partitions are computed"},
	    {"enabled_events", "1", "\"enabled_events\" cannot be set"},
	    {"log.queue", "true", "\"log.queue\" cannot be set"},
	    {"boostrap.servers", "a:9092", "\"boostrap.servers\": "},
	    {"socket.timeout.ms", "soon", "\"socket.timeout.ms\": "},
	    {"queued.max.messages.kbytes", "1000", NULL},
	    {"linger.ms", "5", NULL},
	    {"session.timeout.ms", "10000", NULL},
	    {"security.protocol", "plaintext", NULL},
	    {"client.id", "x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct kafka_setting s[] = {{"bootstrap.servers", "127.0.0.1:1"},
		                                  {cases[i].name, cases[i].value}};
		const struct kafka_client c = {s, 2, NULL, NULL};
		struct err err = {0};
		int result = kafka_check_settings(&c, &err);

		expect_i64(result, cases[i].want == NULL ? 0 : -1, cases[i].name);
		if (cases[i].want == NULL)
			continue;
		expect(strstr(err.msg, cases[i].want) != NULL, err.msg);
		expect_i64(err.kind, ERR_CONFIG, cases[i].name);
	}
	const struct kafka_client none = {NULL, 0, NULL, NULL};
	struct err err = {0};
	assert_int_equal(kafka_check_settings(&none, &err), -1);
	expect(strstr(err.msg, "\"bootstrap.servers\" is not set") != NULL, err.msg);
}

/* Whether this librdkafka can is a matter of its version; either way it is said before anything is tried. */
static void test_scram_needs_a_librdkafka_that_can(void **state)
{
	static const struct kafka_setting s[] = {{"bootstrap.servers", "127.0.0.1:1"},
	                                         {"sasl.mechanism", "SCRAM-SHA-512"}};
	const struct kafka_client c = {s, 2, NULL, NULL};
	struct err err = {0};
	int major = 0, minor = 0, patch = 0;

	(void)state;
	assert_int_equal(sscanf(kafka_version(), "%d.%d.%d", &major, &minor, &patch), 3);
	bool old = major * 10000 + minor * 100 + patch < 20601;
	assert_int_equal(kafka_check_settings(&c, &err), old ? -1 : 0);
	if (old)
		expect(strstr(err.msg, "needs librdkafka 2.6.1 or newer") != NULL, err.msg);
}

static void test_topics(void **state)
{
	static const struct kafka_setting config[] = {{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}};
	static const struct kafka_setting wrong[] = {{"cleanup.polcy", "compact"}};
	struct rig r;
	struct err err = {0};
	char name[80];

	(void)state;
	rig_start(&r, 3);
	assert_int_equal(kafka_admin_partitions(r.admin, r.names[IN], &err), 3);
	snprintf(name, sizeof(name), "%s.new", r.prefix);
	assert_int_equal(kafka_admin_partitions(r.admin, name, &err), 0);
	struct kafka_topic t = {name, 2, 1, config, 2};
	assert_int_equal(kafka_admin_create(r.admin, &t, &err), 1);
	assert_int_equal(kafka_admin_create(r.admin, &t, &err), 0);
	for (int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS; rig_now_ms() < end_ms;)
		if (kafka_admin_partitions(r.admin, name, &err) == 2)
			break;
	assert_int_equal(kafka_admin_partitions(r.admin, name, &err), 2);
	t = (struct kafka_topic){"no spaces", 1, 1, NULL, 0};
	assert_int_equal(kafka_admin_create(r.admin, &t, &err), -1);
	expect(strstr(err.msg, "\"no spaces\"") != NULL, err.msg);
	snprintf(name, sizeof(name), "%s.copies", r.prefix);
	t = (struct kafka_topic){name, 1, 3, NULL, 0};
	assert_int_equal(kafka_admin_create(r.admin, &t, &err), -1);
	expect(strstr(err.msg, name) != NULL, err.msg);
	t = (struct kafka_topic){name, 1, 1, wrong, 1};
	assert_int_equal(kafka_admin_create(r.admin, &t, &err), -1);
	expect(strstr(err.msg, "cleanup.polcy") != NULL, err.msg);
	rig_end(&r);
}

static void test_reader_and_writer(void **state)
{
	static char big[1500000];
	struct rig r;
	struct err err = {0};
	struct log_record rec = {.partition = 1, .ts_ms = 1764000000000, .key = STR("k"), .value = STR("v")};
	struct log_record got;
	bool ended = false;

	(void)state;
	rig_start(&r, 2);
	rec.headers[rec.n_headers++] = (struct log_header){"source", STR("here")};
	struct kafka_reader *late = kafka_reader_open(&r.client, r.names[OUT], 2, false, &err);
	while (!ended)
		assert_int_equal(kafka_reader_next(late, 100, &got, &ended, &err), 0);
	assert_int_equal(kafka_writer_put(r.writer, r.names[OUT], &rec, &err), 0);
	assert_int_equal(kafka_writer_flush(r.writer, &err), 0);
	while (kafka_reader_next(late, 100, &got, &ended, &err) == 0)
		;
	expect(!ended, "a record has come since");
	expect_i64(got.partition, 1, "partition");
	expect_i64(got.ts_ms, 1764000000000, "time");
	expect_str(got.key, STR("k"), "key");
	expect_str(got.value, STR("v"), "value");
	expect_i64((int64_t)got.n_headers, 1, "headers");
	expect_str(got.headers[0].value, STR("here"), "header");
	kafka_reader_close(late);
	rec.value = str_of(big, sizeof(big));
	assert_int_equal(kafka_writer_put(r.writer, r.names[OUT], &rec, &err), -1);
	expect(strstr(err.msg, r.names[OUT]) != NULL, err.msg);
	rec.value = STR("v");
	rec.partition = 7;
	bool refused =
	    kafka_writer_put(r.writer, r.names[OUT], &rec, &err) < 0 || kafka_writer_flush(r.writer, &err) < 0;
	expect(refused, "a partition that is not there");
	rig_end(&r);
}

static void test_no_broker_is_said_soon_with_its_address_and_the_reason(void **state)
{
	static const struct kafka_setting s[] = {{"bootstrap.servers", "127.0.0.1:1"}};
	static const struct log_topic topics[] = {{"in", 1}};
	static const int inputs[] = {0};
	const struct kafka_log_config config = {
	    .client = {s, 1, NULL, NULL},
	    .topics = topics,
	    .n_topics = 1,
	    .inputs = inputs,
	    .n_inputs = 1,
	    .group_id = "g",
	    .instance_id = "g-a-0",
	    .txn_timeout_ms = 20000,
	    .clock_ms = rig_wall_ms,
	    .open_limit_ms = 2000,
	};
	struct err err = {0};
	struct log *log;

	(void)state;
	int64_t before_ms = rig_now_ms();
	assert_null(kafka_admin_open(&config.client, 2000, &err));
	expect(strstr(err.msg, "no broker answers at \"127.0.0.1:1\"") != NULL, err.msg);
	expect(strstr(err.msg, "refused") != NULL, err.msg);
	expect_i64(err.kind, ERR_RETRY, "kind");
	assert_int_equal(kafka_log_open(&config, &log, &err), -1);
	expect(strstr(err.msg, "no broker takes the producer \"g-a-0\"") != NULL, err.msg);
	expect_i64(err.kind, ERR_RETRY, "kind");
	expect(rig_now_ms() - before_ms < 15000, "within its limits");
}

static void test_what_the_broker_will_not_have(void **state)
{
	struct rig r;
	struct err err = {0};
	struct log *log;

	(void)state;
	rig_start(&r, 1);
	r.config.instance_id = r.prefix;
	r.config.txn_timeout_ms = 3600000; /* brokers allow 15 minutes */
	assert_int_equal(kafka_log_open(&r.config, &log, &err), -1);
	expect_i64(err.kind, ERR_CONFIG, err.msg);
	r.config.txn_timeout_ms = 20000;
	snprintf(r.names[IN], sizeof(r.names[IN]), "%s.missing", r.prefix);
	log = rig_open(&r, "a");
	assert_int_equal(rig_wait_error(log, &err), LOG_FATAL);
	expect(strstr(err.msg, r.names[IN]) != NULL, err.msg);
	rig_close(log);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_scram_needs_a_librdkafka_that_can),
	    cmocka_unit_test(test_topics),
	    cmocka_unit_test(test_reader_and_writer),
	    cmocka_unit_test(test_no_broker_is_said_soon_with_its_address_and_the_reason),
	    cmocka_unit_test(test_what_the_broker_will_not_have),
	};

	rig_bootstrap();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
