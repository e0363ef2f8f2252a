/* SPDX-License-Identifier: Apache-2.0 */
/* stream_parts_test - ticks, clocks, progress, stamps, waiting records and the overlay of the store */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/stream/clocks.h"
#include "lib/stream/order.h"
#include "lib/stream/progress.h"
#include "lib/stream/store.h"
#include "lib/stream/tick.h"
#include "lib/stream/waiting.h"

static void tick(struct clocks *c, uint64_t hash, uint32_t n, uint32_t source, int64_t clock_ms, int64_t now_ms)
{
	const struct tick_head head = {hash, n};
	struct buf b = BUF_INIT;

	tick_begin(&b, &head);
	tick_add(&b, source, clock_ms);
	assert_true(clocks_tick(c, buf_view(&b), now_ms));
	buf_release(&b);
}

static int64_t least(const struct clocks *c, int64_t now_ms, int64_t stall_ms)
{
	uint32_t stalled;
	return clocks_least(c, now_ms, stall_ms, &stalled);
}

static void clock_is_the_least_of_all_sources(void **state)
{
	struct clocks c = {0};

	(void)state;
	assert_int_equal(least(&c, 0, TIME_NEVER), TIME_NONE);
	tick(&c, 1, 2, 0, 500, 0);
	assert_int_equal(least(&c, 0, TIME_NEVER), TIME_NONE); /* one has not ticked */
	tick(&c, 1, 2, 1, 300, 0);
	assert_int_equal(least(&c, 0, TIME_NEVER), 300);
	tick(&c, 1, 2, 1, 100, 0); /* never back */
	assert_int_equal(least(&c, 0, TIME_NEVER), 300);
	tick(&c, 2, 2, 0, 900, 0); /* another list */
	assert_int_equal(least(&c, 0, TIME_NEVER), TIME_NONE);
	assert_false(clocks_tick(&c, STR("nonsense"), 0));
	clocks_release(&c);
}

static void silent_source_is_left_out_after_a_while(void **state)
{
	struct clocks c = {0};
	uint32_t stalled;

	(void)state;
	tick(&c, 1, 2, 0, 1000, 0);
	tick(&c, 1, 2, 1, 1000, 0);
	tick(&c, 1, 2, 0, 9000, 5000);
	assert_int_equal(least(&c, 600, 600), 1000);
	assert_int_equal(clocks_least(&c, 5000, 600, &stalled), 9000);
	assert_int_equal(stalled, 1);
	assert_int_equal(least(&c, 5000, TIME_NEVER), 1000);
	assert_int_equal(least(&c, 99000, 600), 1000); /* all are silent: none is left out */
	clocks_release(&c);
}

static void progress_survives_its_text(void **state)
{
	struct progress p = PROGRESS_INIT, q = PROGRESS_INIT;
	struct buf text = BUF_INIT;

	(void)state;
	p.clock_ms = 1795000000123;
	p.read_upto = 77;
	order_put(&p.applied, 1795000000000, STR("a\0key"));
	progress_write(&p, &text);
	assert_true(progress_read(buf_view(&text), &q));
	assert_int_equal(q.clock_ms, p.clock_ms);
	assert_int_equal(q.read_upto, 77);
	assert_true(str_eq(buf_view(&q.applied), buf_view(&p.applied)));
	assert_false(progress_read(STR("2 1 1 "), &q)); /* of a version to come */
	assert_false(progress_read(STR("words"), &q));
	assert_true(progress_read(STR_NONE, &q));
	assert_int_equal(q.clock_ms, TIME_NONE);
	progress_release(&p);
	progress_release(&q);
	buf_release(&text);
}

static void add_waiting(struct waiting *w, int64_t offset, int64_t p_ms, struct str rest)
{
	struct buf order = BUF_INIT;

	order_put(&order, p_ms, rest);
	const struct log_record rec = {.offset = offset, .order = buf_view(&order), .value = STR("v"), .key = STR("k")};
	waiting_add(w, &rec, p_ms);
	buf_release(&order);
}

static void waiting_is_sorted_by_stamp_and_knows_the_oldest_offset(void **state)
{
	static const int64_t want[] = {12, 10, 13, 11};
	struct waiting w;

	(void)state;
	waiting_init(&w);
	assert_int_equal(waiting_oldest_offset(&w), -1);
	add_waiting(&w, 10, 200, STR("a"));
	add_waiting(&w, 11, 300, STR("a"));
	add_waiting(&w, 12, 100, STR("z"));
	add_waiting(&w, 13, 200, STR("b"));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(waiting_oldest_offset(&w), i < 2 ? 10 : 11);
		assert_int_equal(waiting_first(&w)->rec.offset, want[i]);
		waiting_drop(&w, waiting_first(&w));
	}
	waiting_release(&w);
}

/* A stage whose entries are numbers: the due time. */
static void encode(void *config, struct str key, const void *entry, struct buf *out)
{
	(void)config, (void)key;
	buf_fmt(out, "%d", *(const int *)entry);
}

static void *decode(void *config, struct str key, struct str value, struct err *err)
{
	int *entry = xmalloc(sizeof(*entry));
	int64_t v;

	(void)config, (void)key, (void)err;
	assert_true(str_i64(value, &v));
	*entry = (int)v;
	return entry;
}

static int64_t due(void *config, const void *entry)
{
	(void)config;
	return *(const int *)entry == 0 ? TIME_NEVER : *(const int *)entry;
}

static int fire(void *config, struct store *s, struct str key, int64_t at_ms, struct stage_out *out, struct err *err)
{
	(void)out, (void)err;
	buf_fmt(config, "%.*s@%d ", STR_FMT(key), (int)at_ms);
	*(int *)store_edit(s, key) = 0;
	return 0;
}

static const struct stage_ops numbers = {
    .name = "numbers", .fire = fire, .encode = encode, .decode = decode, .destroy = free, .due = due};

static void put(struct store *s, const char *key, int v)
{
	int *entry = store_edit(s, str_from(key));

	if (entry == NULL) {
		entry = xmalloc(sizeof(*entry));
		store_add(s, str_from(key), entry);
	}
	*entry = v;
	store_settle(s);
}

static int tell(void *arg, struct str key, const void *entry, struct str value)
{
	assert_true((entry == NULL) == (value.p == NULL));
	buf_fmt(arg, "%.*s=%.*s ", STR_FMT(key), value.p == NULL ? 1 : (int)value.n, value.p == NULL ? "-" : value.p);
	return 0;
}

static void overlay_is_undone_or_kept_and_timers_go_by_time_then_key(void **state)
{
	struct buf log = BUF_INIT;
	struct store *s = store_new(&numbers, &log, 1);
	struct err err;

	(void)state;
	put(s, "b", 20);
	put(s, "a", 20);
	put(s, "gone", 5);
	store_remove(s, STR("gone")); /* added and removed within the batch: never told */
	store_changes(s, tell, &log);
	assert_string_equal(buf_z(&log), "a=20 b=20 ");
	store_commit(s);
	put(s, "a", 7);
	put(s, "c", 9);
	store_remove(s, STR("b"));
	store_settle(s);
	buf_clear(&log);
	store_changes(s, tell, &log);
	assert_string_equal(buf_z(&log), "a=7 b=- c=9 ");
	store_abort(s);
	assert_false(store_has_changes(s));
	assert_int_equal(store_size(s), 2);
	assert_null(store_get(s, STR("c")));
	buf_clear(&log);
	while (store_next_due(s) != TIME_NEVER)
		assert_int_equal(store_fire(s, NULL, &err), 0);
	assert_string_equal(buf_z(&log), "a@20 b@20 ");
	store_commit(s);
	assert_int_equal(store_restore(s, STR("r"), STR("3"), &err), 0);
	assert_int_equal(store_next_due(s), 3);
	assert_int_equal(store_restore(s, STR("r"), (struct str){NULL, 0}, &err), 0);
	assert_int_equal(store_size(s), 2);
	store_free(s);
	buf_release(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clock_is_the_least_of_all_sources),
	    cmocka_unit_test(silent_source_is_left_out_after_a_while),
	    cmocka_unit_test(progress_survives_its_text),
	    cmocka_unit_test(waiting_is_sorted_by_stamp_and_knows_the_oldest_offset),
	    cmocka_unit_test(overlay_is_undone_or_kept_and_timers_go_by_time_then_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
