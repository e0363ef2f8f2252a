/* SPDX-License-Identifier: Apache-2.0 */
/* stream_worker_test - one worker on a log that does what the test says: what it sends, when, and after which answers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/check.h"
#include "lib/base/hash.h"
#include "lib/base/timefmt.h"
#include "lib/stream/worker.h"

enum { RAW, OUT, EVENTS_MAX = 32, LOG_MAX = 4096, PARTITIONS = 2, NOW = 1000000000 };

struct fake {
	struct log log; /* first */
	struct log_event events[EVENTS_MAX];
	int n_events, at, n_sent;
	enum log_result commit;     /* of the next commit, then LOG_OK again */
	const char *refused;        /* records that end so fail the commit … */
	bool whole;                 /* … that are so */
	const char *committed_meta; /* of the partition that is not ours; that of the others is empty */
	bool assigned, refuse, paused[PARTITIONS];
	char said[LOG_MAX]; /* records of committed transactions */
	struct buf open;    /* of the one that runs */
};

static const struct log_topic topics[] = {{"raw", PARTITIONS + 1}, {"out", 7}};
static const int inputs[] = {RAW};
static const struct log_position parts[] = {{RAW, 0, -1, {"", 0}}, {RAW, 1, -1, {"", 0}}};

static enum log_result poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct fake *f = (struct fake *)log;

	(void)timeout_ms, (void)err;
	*ret = (struct log_event){.kind = LOG_NOTHING};
	if (f->at < f->n_events && (f->assigned || f->events[f->at].kind == LOG_ASSIGNED))
		*ret = f->events[f->at++];
	return LOG_OK;
}

static enum log_result committed(struct log *log, struct log_position *inout, size_t n, struct err *err)
{
	const struct fake *f = (struct fake *)log;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		bool known = inout[i].partition == PARTITIONS && f->committed_meta != NULL;
		inout[i].offset = known ? 0 : -1;
		inout[i].meta = known ? str_from(f->committed_meta) : STR_NONE;
	}
	return LOG_OK;
}

static enum log_result assign(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	(void)at, (void)n, (void)err;
	((struct fake *)log)->assigned = true;
	return LOG_OK;
}

/* Back to the first record that is to be read again. */
static enum log_result seek(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct fake *f = (struct fake *)log;

	(void)err;
	for (f->at = 0; f->at < f->n_events; f->at++) {
		const struct log_event *ev = &f->events[f->at];
		for (size_t i = 0; i < n; i++)
			if (ev->kind == LOG_RECORD && ev->rec.partition == at[i].partition &&
			    ev->rec.offset >= (at[i].offset < 0 ? 0 : at[i].offset))
				return LOG_OK;
	}
	return LOG_OK;
}

static void pause(struct log *log, int topic, int partition, bool on)
{
	(void)topic;
	((struct fake *)log)->paused[partition] = on;
}

static void restore_close(struct log *log)
{
	(void)log;
}

static enum log_result begin(struct log *log, struct err *err)
{
	struct fake *f = (struct fake *)log;

	(void)err;
	buf_clear(&f->open);
	f->refuse = false;
	f->n_sent = 0;
	return LOG_OK;
}

static enum log_result produce(struct log *log, const struct log_record *rec, struct err *err)
{
	struct fake *f = (struct fake *)log;

	(void)err;
	if (rec->tick.n == 0)
		buf_fmt(&f->open, "%.*s to %d of %lld; ", STR_FMT(rec->value), rec->partition, (long long)rec->ts_ms);
	f->refuse |= f->refused != NULL &&
	             (f->whole ? str_eq(rec->value, str_from(f->refused)) : str_ends(rec->value, str_from(f->refused)));
	return LOG_OK;
}

static enum log_result send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	(void)at, (void)err;
	((struct fake *)log)->n_sent = (int)n;
	return LOG_OK;
}

static enum log_result commit(struct log *log, struct err *err)
{
	struct fake *f = (struct fake *)log;
	enum log_result result = f->refuse ? LOG_REFUSED : f->commit;

	f->commit = LOG_OK;
	assert_int_equal(f->n_sent, PARTITIONS); /* of every partition that is ours, or a stale owner is not fenced */
	if (result == LOG_OK)
		strncat(f->said, buf_z(&f->open), LOG_MAX - strlen(f->said) - 1);
	else
		err_set(err, ERR_RETRY, "as the test wants it");
	return result;
}

static enum log_result nothing(struct log *log, struct err *err)
{
	(void)log, (void)err;
	return LOG_OK;
}

static void close_fake(struct log *log)
{
	buf_release(&((struct fake *)log)->open);
}

static const struct log_ops fake_ops = {
    .poll = poll,
    .committed = committed,
    .assign = assign,
    .seek = seek,
    .pause = pause,
    .restore_close = restore_close,
    .begin = begin,
    .produce = produce,
    .send_offsets = send_offsets,
    .commit = commit,
    .abort = nothing,
    .reopen = nothing,
    .close = close_fake,
};

static void say(struct stage_out *out, const struct stage_record *rec, const char *how)
{
	char text[100];

	snprintf(text, sizeof(text), "%s%.*s at %lld", how, STR_FMT(rec->value), (long long)rec->p_ms);
	const struct out_record o = {
	    .topic = OUT, .key = rec->value, .part_key = STR("pk"), .value = str_from(text), .p_ms = rec->p_ms};
	out->put(out, &o);
	out->count(out, "records", 1);
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	(void)config, (void)store, (void)err;
	say(out, rec, "");
	return 0;
}

static void reject(void *config, const struct stage_record *rec, const char *reason, struct stage_out *out)
{
	(void)config;
	assert_string_equal(reason, "refused_by_broker");
	say(out, rec, "dead ");
}

static const struct stage_ops toy = {.name = "toy", .is_source = true, .apply = apply, .reject = reject};

static void count(void *arg, const char *name, int64_t n)
{
	assert_string_equal(name, "records");
	*(int64_t *)arg += n;
}

static void tell(struct fake *f, enum log_event_kind kind, int partition, int64_t offset, int64_t ts_ms,
                 const char *value)
{
	assert_true(f->n_events < EVENTS_MAX);
	f->events[f->n_events++] = (struct log_event){
	    .kind = kind,
	    .rec = {.topic = RAW, .partition = partition, .offset = offset, .ts_ms = ts_ms, .value = str_from(value)},
	    .clock_ms = ts_ms,
	    .parts = parts,
	    .n_parts = PARTITIONS};
}

static struct worker *start(struct fake *f, int64_t *counted)
{
	const struct worker_config c = {
	    .ops = &toy,
	    .name = STR("toy-0"),
	    .topics = topics,
	    .n_topics = 2,
	    .inputs = inputs,
	    .n_inputs = 1,
	    .state_topic = -1,
	    .tick_topic = -1,
	    .batch = 10,
	    .tick_refresh_ms = TIME_NEVER,
	    .stall_after_ms = TIME_NEVER,
	    .skew_ms = 60000,
	    .skew_every_ms = 5000,
	    .clock_limited = true,
	    .count = count,
	    .arg = counted,
	};

	f->log.ops = &fake_ops;
	tell(f, LOG_ASSIGNED, 0, 0, 0, "");
	return worker_new(&c, &f->log);
}

/* To where nothing more happens; the last result. */
static enum worker_result run(struct worker *w, int64_t now_ms)
{
	struct err err = {0};
	enum worker_result result = WORKER_BUSY;

	for (int i = 0; i < 200 && result != WORKER_FATAL && result != WORKER_FENCED; i++)
		result = worker_step(w, now_ms, 0, &err);
	return result;
}

static void wants(struct fake *f, const char *value, int64_t at_ms)
{
	char text[200];

	snprintf(text, sizeof(text), "%s at %lld to %d of %d; ", value, (long long)at_ms,
	         hash_partition(STR("pk"), topics[OUT].partitions), NOW);
	if (strstr(f->said, text) == NULL)
		fail_msg("'%s' is not in '%s'", text, f->said);
	if (strstr(strstr(f->said, text) + 1, text) != NULL)
		fail_msg("'%s' is twice in '%s'", text, f->said);
}

static void outputs_have_their_own_time_and_partition_and_are_counted_once(void **state)
{
	struct fake f = {.commit = LOG_ABORT};
	int64_t counted = 0;
	struct worker *w = start(&f, &counted);

	(void)state;
	tell(&f, LOG_RECORD, 0, 0, NOW - 5000, "past");
	tell(&f, LOG_RECORD, 0, 1, NOW - 9000, "earlier"); /* at the clock of its partition */
	tell(&f, LOG_RECORD, 0, 2, NOW + 9000, "future");  /* never later than now */
	run(w, NOW);
	assert_int_equal(worker_stats(w)->aborts, 1);
	wants(&f, "past", NOW - 5000);
	wants(&f, "earlier", NOW - 5000);
	wants(&f, "future", NOW);
	assert_int_equal(counted, 3);
	worker_free(w);
}

static void clock_of_an_idle_partition_does_not_overtake_what_waits(void **state)
{
	struct fake f = {0};
	int64_t counted = 0;
	struct worker *w = start(&f, &counted);

	(void)state;
	tell(&f, LOG_CLOCK, 0, 0, NOW - 100, "");
	tell(&f, LOG_RECORD, 0, 0, NOW - 3000, "came");
	run(w, NOW);
	wants(&f, "came", NOW - 3000);
	assert_int_equal(worker_task(w, 0).clock_ms, NOW - 100);
	tell(&f, LOG_RECORD, 0, 1, NOW - 3000, "later");
	run(w, NOW);
	wants(&f, "later", NOW - 100);
	worker_free(w);
}

static void what_was_given_up_is_not_worked_on(void **state)
{
	struct fake f = {0};
	int64_t counted = 0;
	struct worker *w = start(&f, &counted);

	(void)state;
	tell(&f, LOG_RECORD, 0, 0, NOW, "one");
	tell(&f, LOG_REVOKED, 0, 0, 0, "");
	run(w, NOW);
	assert_int_equal(worker_tasks(w), 0);
	assert_string_equal(f.said, "");
	worker_free(w);
}

/* The least clock is that of a partition of another worker: only the committed metadata of the group knows it. */
static void partition_far_ahead_of_the_whole_group_is_paused(void **state)
{
	struct fake f = {0};
	int64_t counted = 0;
	struct worker *w = start(&f, &counted);
	char slow[64];

	(void)state;
	tell(&f, LOG_RECORD, 0, 0, NOW - 1000, "x");
	run(w, NOW);
	assert_false(f.paused[0]);
	snprintf(slow, sizeof(slow), "1 %d 1 ", NOW - 1000 - 60001);
	f.committed_meta = slow;
	run(w, NOW + 4000);
	assert_false(f.paused[0]); /* it is asked for every five seconds */
	run(w, NOW + 5000);
	assert_true(f.paused[0]);
	assert_false(f.paused[1]);
	snprintf(slow, sizeof(slow), "1 %d 1 ", NOW - 1000 - 60000);
	run(w, NOW + 10000);
	assert_false(f.paused[0]);
	worker_free(w);
}

static struct worker *start_with_bad(struct fake *f, int64_t *counted)
{
	struct worker *w = start(f, counted);

	tell(f, LOG_RECORD, 0, 0, NOW, "good");
	tell(f, LOG_RECORD, 0, 1, NOW, "bad");
	tell(f, LOG_RECORD, 0, 2, NOW, "best");
	return w;
}

static void refused_record_is_found_and_dead_lettered(void **state)
{
	struct fake f = {.refused = "bad at 1000000000", .whole = true};
	int64_t counted = 0;
	struct worker *w = start_with_bad(&f, &counted);

	(void)state;
	run(w, NOW);
	wants(&f, "good", NOW);
	wants(&f, "dead bad", NOW);
	wants(&f, "best", NOW);
	assert_int_equal(counted, 3);
	assert_int_equal(worker_stats(w)->rejected, 1);
	worker_free(w);
}

static void dead_letter_that_is_refused_too_ends_it(void **state)
{
	struct fake f = {.refused = "bad at 1000000000"};
	int64_t counted = 0;
	struct worker *w = start_with_bad(&f, &counted);

	(void)state;
	assert_int_equal(run(w, NOW), WORKER_FATAL);
	wants(&f, "good", NOW);
	assert_null(strstr(f.said, "bad"));
	assert_null(strstr(f.said, "best"));
	worker_free(w);
}

/* What is lost for another reason counts for no record, however often. */
static void aborts_dead_letter_nothing(void **state)
{
	struct fake f = {0};
	int64_t counted = 0;
	struct worker *w = start_with_bad(&f, &counted);
	struct err err;

	(void)state;
	for (int i = 0; i < 50; i++) {
		f.commit = LOG_ABORT;
		worker_step(w, NOW, 0, &err);
	}
	f.commit = LOG_OK;
	run(w, NOW);
	wants(&f, "bad", NOW);
	assert_null(strstr(f.said, "dead"));
	worker_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outputs_have_their_own_time_and_partition_and_are_counted_once),
	    cmocka_unit_test(clock_of_an_idle_partition_does_not_overtake_what_waits),
	    cmocka_unit_test(what_was_given_up_is_not_worked_on),
	    cmocka_unit_test(partition_far_ahead_of_the_whole_group_is_paused),
	    cmocka_unit_test(refused_record_is_found_and_dead_lettered),
	    cmocka_unit_test(dead_letter_that_is_refused_too_ends_it),
	    cmocka_unit_test(aborts_dead_letter_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
