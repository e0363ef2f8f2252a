/* SPDX-License-Identifier: Apache-2.0 */
/* rig - see rig.h */
#include <time.h>

#include "lib/base/check.h"
#include "tests/kafka/rig.h"

static int64_t clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t rig_now_ms(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

int64_t rig_wall_ms(void)
{
	return clock_of(CLOCK_REALTIME);
}

const char *rig_bootstrap(void)
{
	static char text[512];
	const char *dir = getenv("QLAPSE_KAFKA_DIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/bootstrap", dir == NULL ? "" : dir);
	FILE *f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%511s", text) != 1) {
		fprintf(stderr, "skipped: no Kafka runs in QLAPSE_KAFKA_DIR (deploy/kafka/kafka.sh start)\n");
		exit(77);
	}
	fclose(f);
	return text;
}

void rig_make_topic(struct rig *r, const char *name, int partitions, const struct kafka_setting *config, size_t n)
{
	const struct kafka_topic t = {name, partitions, -1, config, n};
	struct err err = {0};

	if (kafka_admin_create(r->admin, &t, &err) != 1)
		fail_msg("topic %s: %s", name, err.msg);
}

static void log_text(void *arg, int level, const char *text)
{
	(void)arg;
	if (getenv("QLAPSE_KAFKA_LOG") != NULL)
		fprintf(stderr, "librdkafka %d: %s\n", level, text);
}

void rig_set(struct rig *r, const char *name, const char *value)
{
	assert_true(r->client.n_settings < RIG_SETTINGS_MAX);
	r->settings[r->client.n_settings++] = (struct kafka_setting){name, value};
	r->config.client = r->client;
}

void rig_start(struct rig *r, int partitions)
{
	static const char *const names[] = {"in", "out", "state"};
	static const struct kafka_setting compact = {"cleanup.policy", "compact"};
	static int serial;
	static const int inputs[] = {IN};
	struct err err = {0};

	*r = (struct rig){0};
	r->client = (struct kafka_client){r->settings, 0, log_text, NULL};
	snprintf(r->prefix, sizeof(r->prefix), "t%llx.%d", (unsigned long long)clock_of(CLOCK_REALTIME), ++serial);
	snprintf(r->group, sizeof(r->group), "%s.group", r->prefix);
	rig_set(r, "bootstrap.servers", rig_bootstrap());
	rig_set(r, "session.timeout.ms", "6000");
	rig_set(r, "heartbeat.interval.ms", "500");
	r->admin = kafka_admin_open(&r->client, RIG_LIMIT_MS, &err);
	if (r->admin == NULL)
		fail_msg("%s", err.msg);
	for (int i = 0; i < N_TOPICS; i++) {
		snprintf(r->names[i], sizeof(r->names[i]), "%s.%s", r->prefix, names[i]);
		r->topics[i] = (struct log_topic){r->names[i], partitions};
		rig_make_topic(r, r->names[i], partitions, &compact, i == STATE);
	}
	r->writer = kafka_writer_open(&r->client, &err);
	assert_non_null(r->writer);
	r->config = (struct kafka_log_config){
	    .client = r->client,
	    .topics = r->topics,
	    .n_topics = N_TOPICS,
	    .inputs = inputs,
	    .n_inputs = 1,
	    .group_id = r->group,
	    .txn_timeout_ms = 20000,
	    .clock_ms = rig_wall_ms,
	};
}

void rig_end(struct rig *r)
{
	kafka_writer_close(r->writer);
	kafka_admin_close(r->admin);
}

struct log *rig_open(struct rig *r, const char *instance)
{
	struct log *log;
	struct err err = {0};
	static char names[16][160]; /* the log does not copy its configuration */
	static size_t n;

	char *name = names[n++ % LEN(names)];
	snprintf(name, sizeof(names[0]), "%s.%s", r->prefix, instance);
	r->config.instance_id = name;
	if (kafka_log_open(&r->config, &log, &err) < 0)
		fail_msg("open %s: %s", name, err.msg);
	return log;
}

struct log *rig_open_other(struct rig *r, const char *instance)
{
	struct rig other = *r;

	other.config.group_id = r->prefix;
	other.config.idle_wall = false;
	return rig_open(&other, instance);
}

void rig_close(struct log *log)
{
	log->ops->close(log);
}

struct log_event rig_wait(struct log *log, enum log_event_kind kind)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	struct log_event ev = {.kind = LOG_NOTHING};
	struct err err = {0};

	while (rig_now_ms() < end_ms) {
		enum log_result result = log->ops->poll(log, 100, &ev, &err);
		if (result != LOG_OK && result != LOG_RETRY)
			fail_msg("poll: result %d: %s", result, err.msg);
		if (result == LOG_OK && ev.kind == kind)
			return ev;
	}
	fail_msg("an event of kind %d did not come; last error: %s", kind, err.msg);
	return ev;
}

enum log_result rig_wait_error(struct log *log, struct err *err)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	struct log_event ev;

	while (rig_now_ms() < end_ms) {
		enum log_result result = log->ops->poll(log, 100, &ev, err);
		if (result != LOG_OK && result != LOG_RETRY)
			return result;
	}
	fail_msg("an error of poll did not come");
	return LOG_OK;
}

void rig_quiet(struct log *log, int ms)
{
	int64_t end_ms = rig_now_ms() + ms;
	struct log_event ev;
	struct err err = {0};

	while (rig_now_ms() < end_ms) {
		enum log_result result = log->ops->poll(log, 50, &ev, &err);
		if (result != LOG_OK || ev.kind != LOG_NOTHING)
			fail_msg("result %d, event %d where nothing was to come: %s", result, ev.kind, err.msg);
	}
}

void rig_committed(struct log *log, struct log_position *inout, size_t n)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	enum log_result result = LOG_RETRY;
	struct err err = {0};

	while (result == LOG_RETRY && rig_now_ms() < end_ms)
		result = log->ops->committed(log, inout, n, &err);
	if (result != LOG_OK)
		fail_msg("committed: %d: %s", result, err.msg);
}

size_t rig_take_up_parts(struct log *log, const struct log_event *ev)
{
	struct log_position at[64];
	struct err err = {0};
	size_t n = ev->n_parts;

	assert_true(n <= LEN(at));
	if (n > 0)
		memcpy(at, ev->parts, n * sizeof(*at));
	rig_committed(log, at, n);
	if (log->ops->assign(log, at, n, &err) != LOG_OK)
		fail_msg("assign: %s", err.msg);
	return n;
}

size_t rig_take_up(struct log *log)
{
	struct log_event ev = rig_wait(log, LOG_ASSIGNED);
	return rig_take_up_parts(log, &ev);
}

void rig_write(struct rig *r, int topic, int partition, int first, int n)
{
	struct err err = {0};
	char value[16];

	for (int i = first; i < first + n; i++) {
		snprintf(value, sizeof(value), "v%d", i);
		const struct log_record rec = {.partition = partition, .ts_ms = TIME_NONE, .value = str_from(value)};
		assert_int_equal(kafka_writer_put(r->writer, r->names[topic], &rec, &err), 0);
	}
	if (kafka_writer_flush(r->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

void rig_want(struct log *log, int partition, int number)
{
	struct log_event ev = rig_wait(log, LOG_RECORD);
	char want[16];

	snprintf(want, sizeof(want), "v%d", number);
	assert_int_equal(ev.rec.partition, partition);
	expect_str(ev.rec.value, str_from(want), "record");
}

void rig_wants(struct log *log, int partition, int first, int n)
{
	for (int i = first; i < first + n; i++)
		rig_want(log, partition, i);
}

void rig_produce(struct log *log, int topic, int partition, const char *key, const char *value)
{
	const struct log_record rec = {
	    .topic = topic,
	    .partition = partition,
	    .ts_ms = TIME_NONE,
	    .key = str_from(key),
	    .value = {value, value == NULL ? 0 : strlen(value)},
	};
	struct err err = {0};
	enum log_result result = log->ops->produce(log, &rec, &err);

	if (result != LOG_OK)
		fail_msg("produce: %d: %s", result, err.msg);
}

static void must(struct log *log, enum log_result (*call)(struct log *, struct err *), const char *what)
{
	struct err err = {0};
	enum log_result result = call(log, &err);

	if (result != LOG_OK)
		fail_msg("%s: %d: %s", what, result, err.msg);
}

void rig_begin(struct log *log)
{
	must(log, log->ops->begin, "begin");
}

void rig_commit(struct log *log)
{
	must(log, log->ops->commit, "commit");
}

void rig_abort(struct log *log)
{
	must(log, log->ops->abort, "abort");
}

void rig_content(struct rig *r, int topic, struct buf *ret)
{
	int n = r->topics[topic].partitions;
	struct buf *parts = xcalloc((size_t)n, sizeof(*parts));
	struct err err = {0};
	struct kafka_reader *reader = kafka_reader_open(&r->client, r->names[topic], n, true, &err);
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	struct log_record rec;
	bool ended = false;

	assert_non_null(reader);
	while (!ended && rig_now_ms() < end_ms) {
		if (kafka_reader_next(reader, 100, &rec, &ended, &err) != 1)
			continue;
		struct buf *b = &parts[rec.partition];
		if (rec.value.p == NULL)
			buf_fmt(b, " %.*s gone", STR_FMT(rec.key));
		else
			buf_fmt(b, " %.*s=%.*s", STR_FMT(rec.key), STR_FMT(rec.value));
	}
	kafka_reader_close(reader);
	assert_true(ended);
	for (int i = 0; i < n; i++) {
		buf_str(ret, buf_view(&parts[i]));
		buf_release(&parts[i]);
	}
	free(parts);
}

void rig_holds(struct rig *r, int topic, const char *want)
{
	struct buf got = BUF_INIT;

	rig_content(r, topic, &got);
	expect_str(str_trim(buf_view(&got)), str_from(want), r->names[topic]);
	buf_release(&got);
}
