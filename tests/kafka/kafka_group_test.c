/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_group_test - several logs of one group on a real broker: sharing, stale owners, instances of one name */
#include "tests/kafka/rig.h"

/* Polls two logs in turn until both have an assignment of this size; takes each new assignment up. */
static void share(struct log *a, struct log *b, size_t size_a, size_t size_b)
{
	struct log *logs[] = {a, b};
	const size_t want[] = {size_a, size_b};
	size_t got[] = {SIZE_MAX, SIZE_MAX};
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	struct err err = {0};

	while ((got[0] != want[0] || got[1] != want[1]) && rig_now_ms() < end_ms) {
		for (int i = 0; i < 2; i++) {
			struct log_event ev;
			assert_int_equal(logs[i]->ops->poll(logs[i], 50, &ev, &err), LOG_OK);
			if (ev.kind == LOG_ASSIGNED)
				got[i] = rig_take_up_parts(logs[i], &ev);
			else if (ev.kind == LOG_REVOKED || ev.kind == LOG_LOST)
				got[i] = SIZE_MAX;
		}
	}
	expect_i64((int64_t)got[0], (int64_t)want[0], "partitions of the first");
	expect_i64((int64_t)got[1], (int64_t)want[1], "partitions of the second");
}

static void test_members_share_and_a_static_member_comes_back_to_its_own(void **state)
{
	struct rig r;
	struct err err = {0};
	struct log_event ev;

	(void)state;
	rig_start(&r, 4);
	struct log *a = rig_open(&r, "a");
	assert_int_equal(rig_take_up(a), 4);
	struct log *b = rig_open(&r, "b");
	share(a, b, 2, 2);
	rig_close(b);
	rig_quiet(a, 1000); /* a static member that closes may come back within its session */
	b = rig_open(&r, "b");
	ev = rig_wait(b, LOG_ASSIGNED);
	expect_i64((int64_t)ev.n_parts, 2, "what it had before");
	rig_take_up_parts(b, &ev);
	assert_int_equal(a->ops->poll(a, 500, &ev, &err), LOG_OK);
	expect_i64(ev.kind, LOG_NOTHING, "the other does not notice");
	rig_close(b); /* for good: its session of 6 s ends */
	rig_wait(a, LOG_REVOKED);
	assert_int_equal(rig_take_up(a), 4);
	rig_close(a);
	rig_end(&r);
}

static void test_nothing_comes_between_assigned_and_assign(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 2);
	rig_write(&r, IN, 0, 0, 10);
	rig_write(&r, IN, 1, 0, 10);
	struct log *a = rig_open(&r, "a");
	struct log_event ev = rig_wait(a, LOG_ASSIGNED);
	expect_i64((int64_t)ev.n_parts, 2, "partitions");
	rig_quiet(a, 1000);

	/* The group goes on while we restore: another member comes, and our assignment is replaced before it was used. */
	struct log *b = rig_open(&r, "b");
	struct err err = {0};
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;
	bool revoked = false;
	size_t n = 0;
	while (n == 0 && rig_now_ms() < end_ms) {
		struct log_event of_b;
		assert_int_equal(b->ops->poll(b, 50, &of_b, &err), LOG_OK);
		assert_int_equal(a->ops->poll(a, 50, &ev, &err), LOG_OK);
		revoked |= ev.kind == LOG_REVOKED;
		expect(ev.kind != LOG_RECORD && of_b.kind != LOG_RECORD, "a record before assign()");
		if (ev.kind == LOG_ASSIGNED)
			n = rig_take_up_parts(a, &ev);
	}
	expect(revoked, "revoked before it was taken up");
	expect_i64((int64_t)n, 1, "partitions after the other came");
	for (int i = 0; i < 10; i++)
		rig_wait(a, LOG_RECORD);
	rig_quiet(a, 300); /* those of one partition only */
	rig_close(b);
	rig_close(a);
	rig_end(&r);
}

/* A pause of the process in mid-transaction: the group gives its partitions to another, then it goes on. */
static void test_a_stale_owner_is_fenced_by_generation(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 4);
	rig_set(&r, "max.poll.interval.ms", "6000");
	struct log *a = rig_open(&r, "a");
	rig_take_up(a);
	rig_wants(a, 0, 0, 4);
	rig_begin(a);
	rig_produce(a, OUT, 0, "k", "stale");
	struct log *b = rig_open(&r, "b");
	while (rig_take_up(b) == 0) /* a does not poll: its session ends */
		;
	rig_wants(b, 0, 0, 4);
	rig_begin(b);
	rig_produce(b, OUT, 0, "k", "fresh");
	const struct log_position p = {IN, 0, 4, STR_NONE};
	assert_int_equal(b->ops->send_offsets(b, &p, 1, &err), LOG_OK);
	rig_commit(b);

	enum log_result result = a->ops->send_offsets(a, &p, 1, &err);
	if (result == LOG_OK)
		result = a->ops->commit(a, &err);
	expect_i64(result, LOG_ABORT, err.msg);
	rig_abort(a);
	rig_holds(&r, OUT, "k=fresh");
	rig_wait(a, LOG_REVOKED); /* asked for before the session ended, and told only now */
	rig_close(a);
	rig_close(b);
	rig_end(&r);
}

/* The same without a pause: the old batch ends after librdkafka has joined the next generation by itself. */
static void test_a_batch_of_an_older_generation_is_fenced_though_we_are_in_the_next(void **state)
{
	struct rig r;
	struct err err = {0};
	struct log_event ev;
	int64_t end_ms = rig_now_ms() + RIG_LIMIT_MS;

	(void)state;
	rig_start(&r, 2);
	struct log *a = rig_open(&r, "a");
	rig_take_up(a);
	rig_begin(a);
	rig_produce(a, OUT, 0, "k", "stale");
	struct log *b = rig_open(&r, "b");
	ev.kind = LOG_NOTHING;
	while (ev.kind != LOG_REVOKED && rig_now_ms() < end_ms) {
		struct log_event of_b;
		assert_int_equal(b->ops->poll(b, 50, &of_b, &err), LOG_OK);
		assert_int_equal(a->ops->poll(a, 50, &ev, &err), LOG_OK);
	}
	assert_int_equal(rig_take_up(b), 1);
	rig_quiet(b, 1000);
	const struct log_position p[] = {{IN, 0, 0, STR_NONE}, {IN, 1, 0, STR_NONE}};
	enum log_result result = a->ops->send_offsets(a, p, 2, &err);
	if (result == LOG_OK)
		result = a->ops->commit(a, &err);
	expect_i64(result, LOG_ABORT, err.msg);
	rig_abort(a);
	rig_holds(&r, OUT, "");
	assert_int_equal(rig_take_up(a), 1);
	rig_close(a);
	rig_close(b);
	rig_end(&r);
}

static void test_a_second_instance_of_one_name_takes_over(void **state)
{
	static const char *const steps[] = {"produce and commit", "send offsets", "poll"};

	(void)state;
	for (size_t i = 0; i < LEN(steps); i++) {
		struct rig r;
		struct err err = {0};
		enum log_result result = LOG_OK;

		rig_start(&r, 1);
		struct log *a = rig_open(&r, "a");
		rig_take_up(a);
		rig_begin(a);
		rig_produce(a, OUT, 0, "k", "first");
		struct log *b = rig_open(&r, "a");
		rig_take_up(b);
		const struct log_position p = {IN, 0, 0, STR_NONE};
		if (i == 0)
			result = a->ops->commit(a, &err);
		else if (i == 1)
			result = a->ops->send_offsets(a, &p, 1, &err);
		else
			result = rig_wait_error(a, &err);
		expect_i64(result, LOG_FENCED, steps[i]);
		expect(strstr(err.msg, "another instance") != NULL, err.msg);
		rig_close(a);
		rig_begin(b);
		rig_produce(b, OUT, 0, "k", "second");
		assert_int_equal(b->ops->send_offsets(b, &p, 1, &err), LOG_OK);
		rig_commit(b);
		rig_holds(&r, OUT, "k=second");
		rig_close(b);
		rig_end(&r);
	}
}

static void test_a_transaction_that_takes_too_long_is_over(void **state)
{
	struct rig r;
	struct err err = {0};

	(void)state;
	rig_start(&r, 1);
	r.config.txn_timeout_ms = 1000;
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "late");
	const struct log_position p = {IN, 0, 0, STR_NONE};
	assert_int_equal(log->ops->send_offsets(log, &p, 1, &err), LOG_OK);
	rig_quiet(log, 5000); /* the broker looks once a second */
	expect_i64(log->ops->commit(log, &err), LOG_FENCED, err.msg);
	expect(strstr(err.msg, "timed out") != NULL, err.msg);
	rig_holds(&r, OUT, "");
	rig_close(log);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members_share_and_a_static_member_comes_back_to_its_own),
	    cmocka_unit_test(test_nothing_comes_between_assigned_and_assign),
	    cmocka_unit_test(test_a_stale_owner_is_fenced_by_generation),
	    cmocka_unit_test(test_a_batch_of_an_older_generation_is_fenced_though_we_are_in_the_next),
	    cmocka_unit_test(test_a_second_instance_of_one_name_takes_over),
	    cmocka_unit_test(test_a_transaction_that_takes_too_long_is_over),
	};

	rig_bootstrap();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
