/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_log_test - one worker's log on a real broker: transactions, going back, pausing, restoring, idle clocks */
#include "tests/kafka/rig.h"

static struct log_position at(int partition, int64_t offset, struct str meta)
{
	return (struct log_position){IN, partition, offset, meta};
}

static void send_offset(struct log *log, int partition, int64_t offset, struct str meta)
{
	const struct log_position p = at(partition, offset, meta);
	struct err err = {0};
	enum log_result result = log->ops->send_offsets(log, &p, 1, &err);

	if (result != LOG_OK)
		fail_msg("send offsets: %d: %s", result, err.msg);
}

/* Markers of a transaction are written a little after its commit has returned. */
static void wait_for_mark(struct log *log, int topic, int partition, int64_t want)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS, got = -1;
	struct err err = {0};

	while (got < want && rig_now_ms() < end_ms)
		assert_int_equal(log->ops->watermark(log, topic, partition, &got, &err), LOG_OK);
	expect_i64(got, want, "watermark");
}

/* Leaves a record in a transaction of this log that stays open: returns when the broker has it. */
static void leave_open(struct log *log, int topic, int partition, const char *key, const char *value)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS, before, now;
	struct err err = {0};

	assert_int_equal(log->ops->watermark(log, topic, partition, &before, &err), LOG_OK);
	rig_begin(log);
	rig_produce(log, topic, partition, key, value);
	do
		assert_int_equal(log->ops->watermark(log, topic, partition, &now, &err), LOG_OK);
	while (now == before && rig_now_ms() < end_ms);
	assert_true(now > before);
}

static void seek(struct log *log, int partition, int64_t offset)
{
	const struct log_position p = at(partition, offset, STR_NONE);
	struct err err = {0};

	assert_int_equal(log->ops->seek(log, &p, 1, &err), LOG_OK);
}

static void test_only_what_is_committed_is_seen(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 2);
	struct log *log = rig_open(&r, "a");
	rig_begin(log);
	rig_produce(log, OUT, 0, "k1", "one");
	rig_produce(log, OUT, 1, "k2", "two");
	rig_holds(&r, OUT, "");
	rig_commit(log);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k1", "lost");
	rig_abort(log);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k1", NULL);
	rig_produce(log, OUT, 0, "k3", "");
	rig_commit(log);
	rig_holds(&r, OUT, "k1=one k1 gone k3= k2=two");
	rig_close(log);
	rig_end(&r);
}

static void test_records_arrive_whole(void **state)
{
	struct rig r;
	struct err err = {0};
	char big[4000];

	(void)state;
	rig_start(&r, 1);
	struct log *log = rig_open(&r, "a");
	memset(big, 'x', sizeof(big));
	const struct log_record rec = {
	    .topic = IN,
	    .ts_ms = 1764000000123,
	    .key = str_of("k\0y", 3),
	    .value = str_of(big, sizeof(big)),
	    .order = str_of("\0\1order", 7),
	    .headers = {{"ce_type", STR("example")}, {"ce_id", STR("7")}},
	    .n_headers = 2,
	};
	const struct log_record tick = {.topic = IN, .ts_ms = TIME_NONE, .value = {NULL, 0}, .tick = STR("tick")};
	int64_t before_ms = rig_wall_ms();
	rig_begin(log);
	assert_int_equal(log->ops->produce(log, &rec, &err), LOG_OK);
	assert_int_equal(log->ops->produce(log, &tick, &err), LOG_OK);
	rig_commit(log);
	rig_take_up(log);
	struct log_event ev = rig_wait(log, LOG_RECORD);
	expect_i64(ev.rec.topic, IN, "topic");
	expect_i64(ev.rec.offset, 0, "offset");
	expect_i64(ev.rec.ts_ms, 1764000000123, "time");
	expect_str(ev.rec.key, rec.key, "key");
	expect_str(ev.rec.value, rec.value, "value");
	expect_str(ev.rec.order, rec.order, "order");
	expect_str(ev.rec.tick, STR_NONE, "no tick");
	ev = rig_wait(log, LOG_RECORD);
	expect_str(ev.rec.tick, STR("tick"), "tick");
	expect(ev.rec.value.p == NULL, "no value");
	expect(ev.rec.ts_ms >= before_ms && ev.rec.ts_ms <= rig_wall_ms(), "time of producing where none is given");
	struct kafka_reader *reader = kafka_reader_open(&r.client, r.names[IN], 1, true, &err);
	struct log_record got;
	bool ended;
	while (kafka_reader_next(reader, 100, &got, &ended, &err) == 0)
		;
	expect_i64((int64_t)got.n_headers, 3, "headers");
	expect_str(str_from(got.headers[1].name), STR("ce_type"), "name of a header");
	expect_str(got.headers[2].value, STR("7"), "value of a header");
	kafka_reader_close(reader);
	rig_close(log);
	rig_end(&r);
}

static void test_offsets_and_metadata_go_with_the_transaction(void **state)
{
	struct rig r;
	char big[4000];

	(void)state;
	rig_start(&r, 2);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 26);
	struct log *log = rig_open(&r, "a");
	assert_int_equal(rig_take_up(log), 2);
	rig_begin(log);
	send_offset(log, 1, 5, str_of(big, sizeof(big)));
	rig_abort(log);
	struct log_position p[] = {at(0, 7, STR_NONE), at(1, 7, STR_NONE)};
	rig_committed(log, p, 2);
	expect_i64(p[1].offset, -1, "nothing after an abort");
	expect_str(p[1].meta, STR_NONE, "no metadata after an abort");
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "v");
	send_offset(log, 1, 5, str_of(big, sizeof(big)));
	rig_commit(log);
	rig_committed(log, p, 2);
	expect_i64(p[0].offset, -1, "the other partition");
	expect_i64(p[1].offset, 5, "offset");
	expect_str(p[1].meta, str_of(big, sizeof(big)), "metadata");
	struct buf meta = BUF_INIT;
	struct err err = {0};
	int64_t offset, end;
	assert_int_equal(kafka_admin_committed(r.admin, r.group, r.names[IN], 1, &offset, &meta, &end, &err), 0);
	expect_i64(offset, 5, "offset, asked from outside");
	expect_str(buf_view(&meta), str_of(big, sizeof(big)), "metadata, asked from outside");
	expect_i64(end, 0, "end");
	buf_release(&meta);
	rig_close(log);
	rig_end(&r);
}

static void test_committed_offsets_are_taken_up(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 5);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 5);
	rig_begin(log);
	send_offset(log, 0, 3, STR_NONE);
	rig_commit(log);
	rig_close(log);
	log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 3, 2);
	rig_quiet(log, 500);
	rig_close(log);
	rig_end(&r);
}

static void test_going_back_reads_again_and_drops_what_was_fetched(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 1000);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 600);
	rig_begin(log);
	send_offset(log, 0, 600, STR_NONE);
	rig_abort(log);
	seek(log, 0, 0);
	rig_wants(log, 0, 0, 3);
	seek(log, 0, 700);
	rig_wants(log, 0, 700, 2);
	seek(log, 0, -1);
	rig_wants(log, 0, 0, 1000);
	rig_quiet(log, 300);
	rig_close(log);
	rig_end(&r);
}

static void test_every_nth_commit_is_aborted_where_a_test_asks_for_it(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	r.config.abort_every = 3;
	struct log *log = rig_open(&r, "a");
	for (int i = 1; i <= 7; i++) {
		rig_begin(log);
		rig_produce(log, OUT, 0, "k", (const char *[]){"0", "1", "2", "3", "4", "5", "6", "7"}[i]);
		enum log_result result = log->ops->commit(log, &err);
		assert_int_equal(result, i % 3 == 0 ? LOG_ABORT : LOG_OK);
		if (result == LOG_ABORT)
			rig_abort(log);
	}
	rig_holds(&r, OUT, "k=1 k=2 k=4 k=5 k=7");
	rig_close(log);
	rig_end(&r);
}

static void test_a_record_that_is_never_taken(void **state)
{
	static const struct kafka_setting narrow[] = {{"max.message.bytes", "2000"},
	                                              {"message.timestamp.after.max.ms", "3600000"}};
	static char big[1500000];
	static const struct {
		const char *label;
		size_t size;
		int64_t ahead_ms;
	} cases[] = {
	    {"larger than the topic takes", 20000, 0},
	    {"larger than the client sends", sizeof(big), 0},
	    {"two hours ahead", 10, 7200000},
	};
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	snprintf(r.names[OUT], sizeof(r.names[OUT]), "%s.narrow", r.prefix);
	rig_make_topic(&r, r.names[OUT], 1, narrow, LEN(narrow));
	memset(big, 'x', sizeof(big));
	struct log *log = rig_open(&r, "a");
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct log_record rec = {
		    .topic = OUT, .ts_ms = rig_wall_ms() + cases[i].ahead_ms, .value = str_of(big, cases[i].size)};
		struct err err = {0};

		rig_begin(log);
		enum log_result result = log->ops->produce(log, &rec, &err);
		if (result == LOG_OK)
			result = log->ops->commit(log, &err);
		expect_i64(result, LOG_REFUSED, cases[i].label);
		rig_abort(log);
		/* librdkafka may lose one more transaction to the gap that the refused record leaves */
		for (int tries = 0; tries < 3 && result != LOG_OK; tries++) {
			rig_begin(log);
			rig_produce(log, OUT, 0, "k", "small");
			result = log->ops->commit(log, &err);
			if (result != LOG_OK)
				rig_abort(log);
		}
		expect_i64(result, LOG_OK, cases[i].label);
	}
	rig_holds(&r, OUT, "k=small k=small k=small");
	rig_close(log);
	rig_end(&r);
}

static void test_a_paused_partition_waits_and_loses_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 100);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 10);
	log->ops->pause(log, IN, 0, true);
	rig_quiet(log, 500);
	log->ops->pause(log, IN, 0, false);
	rig_wants(log, 0, 10, 20);
	log->ops->pause(log, IN, 0, true);
	seek(log, 0, 5);
	rig_quiet(log, 500); /* going back is no resuming */
	log->ops->pause(log, IN, 0, false);
	rig_wants(log, 0, 5, 10);
	seek(log, 0, 0);
	log->ops->pause(log, IN, 0, true);
	rig_quiet(log, 500);
	log->ops->pause(log, IN, 0, false);
	rig_wants(log, 0, 0, 100); /* paused before anything came: from where it was to go on */
	rig_close(log);
	rig_end(&r);
}

static void test_a_new_assignment_is_not_paused(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 20);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 10);
	log->ops->pause(log, IN, 0, true);
	rig_quiet(log, 300);
	const struct log_position p = at(0, 3, STR_NONE);
	assert_int_equal(log->ops->assign(log, &p, 1, &err), LOG_OK);
	rig_wants(log, 0, 3, 17);
	rig_close(log);
	rig_end(&r);
}

static void test_a_new_producer_drops_the_transaction_and_reads_nothing_before_assign(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 20);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 5);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "lost");
	send_offset(log, 0, 5, STR_NONE);
	assert_int_equal(log->ops->reopen(log, &err), LOG_OK);
	rig_quiet(log, 500);
	struct log_position p = at(0, 0, STR_NONE);
	rig_committed(log, &p, 1);
	expect_i64(p.offset, -1, "the offsets of the lost transaction");
	assert_int_equal(log->ops->assign(log, &p, 1, &err), LOG_OK);
	rig_wants(log, 0, 0, 20);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "kept");
	send_offset(log, 0, 20, STR_NONE);
	rig_commit(log);
	rig_holds(&r, OUT, "k=kept");
	rig_close(log);
	rig_end(&r);
}

/* Reads until LOG_EOF; "key=value" of what came to *got. Returns its offset. */
static int64_t restore_to_end(struct log *log, struct buf *got)
{
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	struct log_event ev;
	struct err err = {0};

	while (rig_now_ms() < end_ms) {
		if (log->ops->restore_poll(log, 100, &ev, &err) != LOG_OK)
			continue;
		if (ev.kind == LOG_EOF)
			return ev.rec.offset;
		if (ev.kind == LOG_RECORD)
			buf_fmt(got, "%.*s=%.*s ", STR_FMT(ev.rec.key), (int)ev.rec.value.n,
			        ev.rec.value.n > 0 ? ev.rec.value.p : "");
	}
	fail_msg("the end of the state topic did not come");
	return -1;
}

static void test_restore_reads_what_is_committed_and_its_end_is_not_the_watermark(void **state)
{
	struct rig r;
	struct err err = {0};
	int64_t mark;
	struct buf got = BUF_INIT;

	(void)state;
	rig_start(&r, 2);
	struct log *log = rig_open(&r, "a"), *other = rig_open_other(&r, "b");
	assert_int_equal(log->ops->watermark(log, STATE, 1, &mark, &err), LOG_OK);
	expect_i64(mark, 0, "watermark of an empty partition");
	rig_begin(other);
	rig_produce(other, STATE, 1, "a", "1");
	rig_produce(other, STATE, 1, "b", "1");
	rig_commit(other); /* marker at 2 */
	leave_open(other, STATE, 1, "a", "lost");
	rig_abort(other);
	rig_begin(other);
	rig_produce(other, STATE, 1, "a", NULL);
	rig_produce(other, STATE, 1, "c", "3");
	rig_commit(other);
	wait_for_mark(log, STATE, 1, 8);
	const struct log_position p = {STATE, 1, -1, STR_NONE};
	assert_int_equal(log->ops->restore_open(log, &p, 1, &err), LOG_OK);
	expect_i64(restore_to_end(log, &got), 8, "the end, nothing open");
	expect_str(buf_view(&got), STR("a=1 b=1 a= c=3 "), "state");

	/* A transaction of another producer stays open: its record is below the watermark, and behind the end. */
	leave_open(other, STATE, 1, "d", "4");
	assert_int_equal(log->ops->watermark(log, STATE, 1, &mark, &err), LOG_OK);
	expect_i64(mark, 9, "the open transaction is below the watermark");
	log->ops->restore_close(log);
	assert_int_equal(log->ops->restore_open(log, &p, 1, &err), LOG_OK);
	buf_clear(&got);
	expect_i64(restore_to_end(log, &got), 8, "the end before an open transaction");
	expect_str(buf_view(&got), STR("a=1 b=1 a= c=3 "), "state before an open transaction");
	rig_commit(other);
	buf_clear(&got);
	expect_i64(restore_to_end(log, &got), 10, "the end after it");
	expect_str(buf_view(&got), STR("d=4 "), "what it wrote");
	log->ops->restore_close(log);
	buf_release(&got);
	rig_close(other);
	rig_close(log);
	rig_end(&r);
}

static void test_closing_while_the_group_forms(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	for (size_t i = 0; i < LEN(names); i++) {
		char group[120];
		struct log_event ev;
		struct err err = {0};

		snprintf(group, sizeof(group), "%s.%zu", r.group, i);
		r.config.group_id = group;
		struct log *log = rig_open(&r, names[i]);
		/* the assignment is on its way, or has come and nobody has asked for it */
		struct log_position p = at(0, 0, STR_NONE);
		for (size_t j = 0; j < i; j++)
			rig_committed(log, &p, 1);
		if (i == LEN(names) - 1)
			assert_int_equal(log->ops->poll(log, 0, &ev, &err), LOG_OK);
		rig_close(log);
	}
	rig_end(&r);
}

static int64_t ticking_ms;

static int64_t ticking(void)
{
	return ticking_ms += 10;
}

/* The next clock of a partition; records come first where there are any. */
static struct log_event clock_of(struct log *log, int partition)
{
	struct log_event ev;

	do
		ev = rig_wait(log, LOG_CLOCK);
	while (ev.rec.partition != partition);
	return ev;
}

static void test_idle_partitions_have_a_clock(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 2);
	struct log *other = rig_open_other(&r, "b");
	r.config.idle_wall = true;
	r.config.idle_every_ms = 100;
	r.config.clock_ms = ticking;
	ticking_ms = 1000;
	rig_write(&r, IN, 0, 0, 3);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	struct log_event ev = clock_of(log, 1);
	expect(ev.clock_ms >= 1000 && ev.clock_ms <= ticking_ms, "clock of an empty partition");
	ev = clock_of(log, 0);
	expect_i64(ev.rec.offset, 3, "everything was read before the clock came");
	int64_t before_ms = ev.clock_ms;
	ev = clock_of(log, 0);
	expect(ev.clock_ms >= before_ms + 100, "one round per idle_every_ms");

	/* An open transaction on the input: there is more to come, so no clock. */
	leave_open(other, IN, 0, "", "v3");
	ticking_ms += 1000;
	int64_t written_ms = ticking_ms;
	for (int i = 0; i < 5; i++) {
		ev = rig_wait(log, LOG_CLOCK);
		expect(ev.rec.partition == 1 || ev.clock_ms <= written_ms, "no clock over an open transaction");
	}
	rig_commit(other);
	rig_want(log, 0, 3);
	ev = clock_of(log, 0);
	expect(ev.clock_ms > written_ms, "a clock again after it");
	expect_i64(ev.rec.offset, 5, "end behind the marker");
	rig_close(other);
	rig_close(log);
	rig_end(&r);
}

/* A clock that writes a record, at times, before it answers. */
static struct {
	struct rig *r;
	uint64_t seed;
	int64_t written_ms[50];
	int n;
} writing;

static int64_t writing_clock(void)
{
	if (writing.n < (int)LEN(writing.written_ms) && random_below(&writing.seed, 3) == 0) {
		writing.written_ms[writing.n] = ticking();
		rig_write(writing.r, IN, 0, writing.n++, 1);
	}
	return ticking();
}

static void test_nothing_older_comes_after_a_clock(void **state)
{
	struct rig r;
	struct log_event ev;
	struct err err = {0};
	int got = 0, clocks = 0;

	(void)state;
	rig_start(&r, 1);
	r.config.idle_wall = true;
	r.config.clock_ms = writing_clock;
	writing.r = &r;
	writing.seed = 1;
	writing.n = 0;
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	for (int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	     got < (int)LEN(writing.written_ms) && rig_now_ms() < end_ms;) {
		assert_int_equal(log->ops->poll(log, 100, &ev, &err), LOG_OK);
		got += ev.kind == LOG_RECORD;
		if (ev.kind != LOG_CLOCK)
			continue;
		clocks++;
		expect(got == writing.n || writing.written_ms[got] >= ev.clock_ms,
		       "a record from before a clock is missing");
	}
	expect_i64(got, LEN(writing.written_ms), "records");
	expect(clocks > 0, "clocks");
	rig_close(log);
	rig_end(&r);
}

static void test_a_busy_partition_does_not_hold_up_the_clock_of_an_idle_one(void **state)
{
	enum { N = 3000 };
	struct rig r;
	struct log_event ev;
	struct err err = {0};
	int records = 0, clocks = 0;

	(void)state;
	rig_start(&r, 2);
	r.config.idle_wall = true;
	r.config.idle_every_ms = 50;
	r.config.clock_ms = ticking;
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	clock_of(log, 1);
	rig_write(&r, IN, 0, 0, N);
	for (int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS; records < N && rig_now_ms() < end_ms;) {
		assert_int_equal(log->ops->poll(log, 100, &ev, &err), LOG_OK);
		records += ev.kind == LOG_RECORD;
		clocks += ev.kind == LOG_CLOCK && ev.rec.partition == 1 && records > N / 2;
	}
	expect_i64(records, N, "records");
	expect(clocks > 10, "clocks while the other partition was busy");
	rig_close(log);
	rig_end(&r);
}

static void test_no_idle_clock_where_time_is_held(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_quiet(log, 1000);
	rig_close(log);
	rig_end(&r);
}

static void test_a_place_that_is_not_in_the_topic_stops_the_worker(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 10);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 10);
	rig_begin(log);
	send_offset(log, 0, 1000, STR_NONE);
	rig_commit(log);
	rig_close(log);
	log = rig_open(&r, "a");
	rig_take_up(log);
	assert_int_equal(rig_wait_error(log, &err), LOG_FATAL);
	expect(strstr(err.msg, "not in the topic any more") != NULL, err.msg);
	rig_close(log);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_is_committed_is_seen),
	    cmocka_unit_test(test_records_arrive_whole),
	    cmocka_unit_test(test_offsets_and_metadata_go_with_the_transaction),
	    cmocka_unit_test(test_committed_offsets_are_taken_up),
	    cmocka_unit_test(test_going_back_reads_again_and_drops_what_was_fetched),
	    cmocka_unit_test(test_every_nth_commit_is_aborted_where_a_test_asks_for_it),
	    cmocka_unit_test(test_a_record_that_is_never_taken),
	    cmocka_unit_test(test_a_paused_partition_waits_and_loses_nothing),
	    cmocka_unit_test(test_a_new_assignment_is_not_paused),
	    cmocka_unit_test(test_a_new_producer_drops_the_transaction_and_reads_nothing_before_assign),
	    cmocka_unit_test(test_restore_reads_what_is_committed_and_its_end_is_not_the_watermark),
	    cmocka_unit_test(test_closing_while_the_group_forms),
	    cmocka_unit_test(test_idle_partitions_have_a_clock),
	    cmocka_unit_test(test_nothing_older_comes_after_a_clock),
	    cmocka_unit_test(test_a_busy_partition_does_not_hold_up_the_clock_of_an_idle_one),
	    cmocka_unit_test(test_no_idle_clock_where_time_is_held),
	    cmocka_unit_test(test_a_place_that_is_not_in_the_topic_stops_the_worker),
	};

	rig_bootstrap();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
