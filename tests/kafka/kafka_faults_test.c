/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_faults_test - what a log says while its broker hangs, goes and comes back; the broker is this test's own */
#include <sys/types.h>
#include <unistd.h>

#include "tests/kafka/rig.h"

static const char *dir(void)
{
	return getenv("QLAPSE_KAFKA_DIR");
}

static void kafka_sh(const char *action)
{
	char command[1200];

	snprintf(command, sizeof(command), "'%s' %s --dir '%s' >/dev/null 2>&1", getenv("QLAPSE_KAFKA_SH"), action,
	         dir());
	assert_int_equal(system(command), 0);
}

/* A broker that is there and does not answer. */
static void signal_broker(int sig)
{
	char path[600];
	int pid;

	snprintf(path, sizeof(path), "%s/1/pid", dir());
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	assert_int_equal(kill(pid, sig), 0);
}

static void send_offset(struct log *log, int64_t offset)
{
	const struct log_position p = {IN, 0, offset, STR_NONE};
	struct err err = {0};
	enum log_result result = log->ops->send_offsets(log, &p, 1, &err);

	if (result != LOG_OK)
		fail_msg("send offsets: %d: %s", result, err.msg);
}

/* begin to commit; aborts where it is told to. */
static enum log_result transact(struct log *log, const char *value, int64_t offset, struct err *err)
{
	const struct log_record rec = {.topic = OUT, .ts_ms = TIME_NONE, .key = STR("k"), .value = str_from(value)};
	const struct log_position p = {IN, 0, offset, STR_NONE};
	enum log_result result = log->ops->begin(log, err);

	if (result == LOG_OK)
		result = log->ops->produce(log, &rec, err);
	if (result == LOG_OK)
		result = log->ops->send_offsets(log, &p, 1, err);
	if (result == LOG_OK)
		result = log->ops->commit(log, err);
	if (result == LOG_ABORT || result == LOG_RETRY) {
		struct err ignored;
		enum log_result aborted = log->ops->abort(log, &ignored);
		result = aborted == LOG_OK ? LOG_ABORT : aborted;
	}
	return result;
}

/* What the group has to say: an outage longer than the session costs the assignment. */
static void serve_group(struct log *log, bool *owned)
{
	struct log_event ev;
	struct err err = {0};

	for (int i = 0; i < 5; i++) {
		enum log_result result = log->ops->poll(log, 50, &ev, &err);
		if (result != LOG_OK && result != LOG_RETRY)
			fail_msg("poll: %d: %s", result, err.msg);
		if (ev.kind == LOG_REVOKED || ev.kind == LOG_LOST)
			*owned = false;
		else if (ev.kind == LOG_ASSIGNED)
			*owned = rig_take_up_parts(log, &ev) == 1;
	}
}

/* As a worker would go on: abort and again, or a new producer and again, with the assignment that it has by then. */
static void transact_until_done(struct log *log, const char *value, int64_t offset, bool owned)
{
	int64_t end_ms = rig_now_ms() + 3 * RIG_LIMIT_MS;
	struct err err = {0};
	enum log_result result = LOG_ABORT;

	for (; result != LOG_OK && rig_now_ms() < end_ms; serve_group(log, &owned)) {
		if (!owned)
			continue;
		result = transact(log, value, offset, &err);
		if (result == LOG_RESTART)
			result = log->ops->reopen(log, &err) == LOG_OK ? LOG_ABORT : LOG_FATAL;
		if (result != LOG_OK && result != LOG_ABORT)
			fail_msg("transaction: %d: %s", result, err.msg);
	}
	if (result != LOG_OK)
		fail_msg("no transaction came through: %s", err.msg);
}

static void test_a_commit_without_an_answer_has_a_limit(void **state)
{
	struct rig r;
	struct err err = {0};
	struct buf got = BUF_INIT;

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 3);
	r.config.txn_timeout_ms = 60000; /* longer than the silence: what is said is about the commit */
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 3);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "unknown");
	send_offset(log, 3);
	signal_broker(SIGSTOP);
	int64_t before_ms = rig_now_ms();
	enum log_result result = log->ops->commit(log, &err);
	int64_t took_ms = rig_now_ms() - before_ms;
	signal_broker(SIGCONT);
	expect_i64(result, LOG_RESTART, err.msg);
	expect(took_ms >= KAFKA_COMMIT_LIMIT_MS - 1000 && took_ms < KAFKA_COMMIT_LIMIT_MS + 5000, "its limit");
	if (log->ops->reopen(log, &err) != LOG_OK)
		fail_msg("reopen: %s", err.msg);
	/* Whether it was committed is for the offsets to say; records and offsets agree. */
	struct log_position p = {IN, 0, -1, STR_NONE};
	rig_committed(log, &p, 1);
	rig_content(&r, OUT, &got);
	expect_str(str_trim(buf_view(&got)), p.offset == 3 ? STR("k=unknown") : STR_NONE, "what is in the topic");
	expect(p.offset == 3 || p.offset == -1, "offset");
	buf_release(&got);
	rig_close(log);
	rig_end(&r);
}

static void test_a_broker_that_goes_and_comes_back(void **state)
{
	struct rig r;
	bool owned = true;

	(void)state;
	rig_start(&r, 1);
	rig_write(&r, IN, 0, 0, 3);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_wants(log, 0, 0, 3);
	transact_until_done(log, "before", 3, owned);
	kafka_sh("stop");
	for (int i = 0; i < 4; i++)
		serve_group(log, &owned);
	kafka_sh("start");
	transact_until_done(log, "after", 3, owned);
	rig_holds(&r, OUT, "k=before k=after");
	rig_close(log);
	log = rig_open(&r, "a");
	rig_take_up(log);
	rig_write(&r, IN, 0, 3, 2);
	rig_wants(log, 0, 3, 2);
	rig_close(log);
	rig_end(&r);
}

/* A worker that waits for a commit does not poll: the session runs out, and the broker that comes back still has the
 * member, before the loss is told. Heartbeats without the member's id must not cost more than the membership. */
static void test_a_loss_that_is_told_after_the_broker_came_back(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r, 1);
	rig_set(&r, "reconnect.backoff.max.ms", "200"); /* 10 s: heartbeats may not come before the loss is told */
	rig_write(&r, IN, 0, 0, 3);
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	for (int i = 0; i < 2; i++) { /* and again, as a member that has joined anew */
		kafka_sh("stop");
		sleep(7); /* the session is 6 s long */
		kafka_sh("start");
		sleep(4); /* the coordinator is found, and heartbeats are answered */
		rig_wait(log, LOG_LOST);
		assert_int_equal(rig_take_up(log), 1);
		rig_want(log, 0, i);
		transact_until_done(log, i == 0 ? "first" : "second", i + 1, true);
	}
	rig_holds(&r, OUT, "k=first k=second");
	rig_close(log);
	rig_end(&r);
}

/* The broker goes in mid-transaction and comes back within the transaction's timeout. */
static void test_a_broker_that_goes_within_a_transaction(void **state)
{
	struct rig r;
	struct err err = {0};
	struct buf got = BUF_INIT;

	(void)state;
	rig_start(&r, 1);
	r.config.txn_timeout_ms = 60000;
	struct log *log = rig_open(&r, "a");
	rig_take_up(log);
	rig_begin(log);
	rig_produce(log, OUT, 0, "k", "first");
	send_offset(log, 0);
	kafka_sh("stop");
	kafka_sh("start");
	enum log_result result = log->ops->commit(log, &err);
	assert_true(result == LOG_OK || result == LOG_ABORT || result == LOG_RETRY || result == LOG_RESTART);
	if (result == LOG_ABORT)
		rig_abort(log);
	else if (result != LOG_OK && log->ops->reopen(log, &err) != LOG_OK)
		fail_msg("reopen: %s", err.msg);
	transact_until_done(log, "second", 0, true);
	rig_content(&r, OUT, &got);
	bool first = str_eq(str_trim(buf_view(&got)), STR("k=first k=second"));
	expect(result == LOG_OK ? first : first || str_eq(str_trim(buf_view(&got)), STR("k=second")), buf_z(&got));
	buf_release(&got);
	rig_close(log);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_commit_without_an_answer_has_a_limit),
	    cmocka_unit_test(test_a_broker_that_goes_and_comes_back),
	    cmocka_unit_test(test_a_loss_that_is_told_after_the_broker_came_back),
	    cmocka_unit_test(test_a_broker_that_goes_within_a_transaction),
	};

	rig_bootstrap();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
