/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_task_test - one input partition by itself: every record is applied once, in time order where it is not late
 *
 * The broker of tests/sim has no late records, because its sources never fall silent. Here they come: behind the clock, in
 * batches cut anywhere, with aborts, and with restarts from nothing but the committed position.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/stream/order.h"
#include "lib/stream/task.h"
#include "lib/stream/tick.h"

enum { RECORDS_MAX = 200 };

struct item {
	int64_t p_ms;    /* of a record; of a tick its clock */
	int32_t source;  /* of a tick; -1: a record */
	uint32_t number; /* of a record: the rest of its stamp */
};

struct bench {
	struct item items[RECORDS_MAX];
	int n, applied[RECORDS_MAX], in_batch[RECORDS_MAX]; /* by offset: how often, for good and in this batch */
	int64_t last_ms, committed_last_ms; /* the greatest time of a record applied that was not late */
	uint32_t random;
};

static uint32_t draw(struct bench *b, uint32_t below)
{
	b->random = b->random * 1664525 + 1013904223;
	return (b->random >> 8) % below;
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	struct bench *b = config;

	(void)store, (void)out, (void)err;
	b->in_batch[rec->log->offset]++;
	assert_true(rec->p_ms >= b->items[rec->log->offset].p_ms);
	assert_true(rec->p_ms >= b->last_ms); /* time never goes back, for a late one either */
	b->last_ms = rec->p_ms;
	return 0;
}

static const struct stage_ops ops = {.name = "toy", .apply = apply};
static const struct log_topic topic = {"in", 1};
static const int input = 0;

static void give(struct bench *b, struct task *t, const struct worker_config *c, int64_t offset,
                 struct worker_stats *stats)
{
	const struct item *i = &b->items[offset];
	struct log_record rec = {.offset = offset, .value = STR("v")};
	struct buf bytes = BUF_INIT;
	char rest[4] = {(char)(i->number >> 24), (char)(i->number >> 16), (char)(i->number >> 8), (char)i->number};

	if (i->source >= 0) {
		const struct tick_head head = {7, 2};
		tick_begin(&bytes, &head);
		tick_add(&bytes, (uint32_t)i->source, i->p_ms);
		rec.tick = buf_view(&bytes);
	} else {
		order_put(&bytes, i->p_ms, str_of(rest, sizeof(rest)));
		rec.order = buf_view(&bytes);
	}
	task_take(t, c, &rec, 0, stats);
	buf_release(&bytes);
}

/* Mostly near the present, which moves on; now and then far behind it. Ends with both sources past everything. */
static void make(struct bench *b)
{
	int64_t present_ms = 1000;

	b->n = 20 + (int)draw(b, RECORDS_MAX - 22);
	for (int i = 0; i < b->n; i++) {
		present_ms += draw(b, 20);
		struct item *x = &b->items[i];
		*x = (struct item){present_ms, -1, draw(b, 1000) * 1000 + (uint32_t)i};
		if (draw(b, 3) == 0)
			x->source = (int32_t)draw(b, 2);
		else if (draw(b, 4) == 0)
			x->p_ms -= draw(b, 300); /* late, perhaps */
		else
			x->p_ms += draw(b, 60); /* has to wait */
	}
	for (int32_t source = 0; source < 2; source++)
		b->items[b->n++] = (struct item){1000000, source, 0};
}

static void keep(struct bench *b, bool committed)
{
	for (int i = 0; committed && i < b->n; i++)
		b->applied[i] += b->in_batch[i];
	memset(b->in_batch, 0, sizeof(b->in_batch));
	if (committed)
		b->committed_last_ms = b->last_ms;
	b->last_ms = b->committed_last_ms;
}

static struct task *restart(struct task *old, const struct worker_config *c, const struct buf *meta, int64_t offset)
{
	const struct log_position at = {0, 0, offset, buf_view(meta)};
	struct task *t = task_new(c, 0, 0);

	task_free(old);
	assert_true(task_start(t, &at));
	return t;
}

static void run_seed(uint32_t seed)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct worker_config c = {.ops = &ops,
	                                .stage = b,
	                                .topics = &topic,
	                                .n_topics = 1,
	                                .inputs = &input,
	                                .n_inputs = 1,
	                                .state_topic = -1,
	                                .stall_after_ms = TIME_NEVER};
	struct worker_stats stats = {0};
	struct buf meta = BUF_INIT;
	struct task *t = NULL;
	struct err err;
	int64_t next = 0, committed = -1;

	assert_non_null(b);
	b->random = seed;
	make(b);
	t = restart(t, &c, &meta, -1);
	for (int calm = 0; calm < 3; calm += next == b->n) {
		for (uint32_t n = draw(b, 12); n > 0 && next < b->n; n--)
			give(b, t, &c, next++, &stats);
		assert_int_equal(task_run_late(t, &c, NULL, &stats, &err), 0);
		assert_true(task_run(t, &c, 1 + (int)draw(b, next == b->n ? 300 : 6), NULL, &stats, &err) >= 0);
		uint32_t fate = next == b->n ? 9 : draw(b, 10);
		if (fate > 1) {
			struct buf scratch = BUF_INIT;
			struct log_position at = task_position(t, &scratch);
			committed = at.offset;
			buf_clear(&meta);
			buf_str(&meta, at.meta);
			buf_release(&scratch);
			task_commit(t);
			keep(b, true);
		} else {
			task_abort(t, 0);
			keep(b, false);
			next = committed < 0 ? 0 : committed;
		}
		if (next < b->n && draw(b, 8) == 0) {
			t = restart(t, &c, &meta, committed);
			next = committed < 0 ? 0 : committed;
		}
	}
	for (int i = 0; i < b->n; i++)
		if (b->applied[i] != (b->items[i].source < 0))
			fail_msg("seed %u: record %d (p %lld) was applied %d times", seed, i,
			         (long long)b->items[i].p_ms, b->applied[i]);
	task_free(t);
	buf_release(&meta);
	free(b);
}

static void late_records_are_applied_once_whatever_happens(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 3000; seed++)
		run_seed(seed);
}

/* The log vouches for a time behind all that has been read; that time comes when all of it has been applied. */
static void idle_clock_waits_for_what_was_read_before(void **state)
{
	static const struct stage_ops source = {.name = "toy", .is_source = true, .apply = apply};
	struct bench *b = calloc(1, sizeof(*b));
	const struct worker_config c = {.ops = &source,
	                                .stage = b,
	                                .topics = &topic,
	                                .n_topics = 1,
	                                .inputs = &input,
	                                .n_inputs = 1,
	                                .state_topic = -1};
	struct worker_stats stats = {0};
	struct err err;
	struct task *t = task_new(&c, 0, 0);

	(void)state;
	assert_non_null(b);
	for (int i = 0; i < 2; i++) {
		const struct log_record rec = {.offset = i, .ts_ms = 100 + i, .value = STR("v")};
		task_take_raw(t, &c, &rec, 0);
	}
	task_idle(t, 5000);
	assert_int_equal(task_run(t, &c, 1, NULL, &stats, &err), 1);
	assert_int_equal(t->now.clock_ms, 100);
	assert_int_equal(task_run(t, &c, 9, NULL, &stats, &err), 1);
	assert_int_equal(t->now.clock_ms, 5000);
	task_free(t);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(late_records_are_applied_once_whatever_happens),
	    cmocka_unit_test(idle_clock_waits_for_what_was_read_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
