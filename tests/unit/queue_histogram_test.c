/* SPDX-License-Identifier: Apache-2.0 */
/* queue_histogram - sums, firsts and lists against counting every minute anew */
#include "queue/histogram.h"

#include "queue/queue_stage.h"
#include "stage_support.h"

enum { HOURS = 40, MINUTES = HOURS * 60, START = 29400000 /* of an hour of 2025 */ };

struct fixture {
	struct queue_stage *stage;
	struct store *store;
	struct hours hours;
	struct buf key;
	struct arena arena;
	struct histogram h;
	int64_t naive[MINUTES]; /* by minute from START */
};

static struct fixture *fixture_new(void)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct queue_config c;

	queue_config_default(&c);
	f->stage = queue_stage_new(&c);
	f->store = store_new(&queue_stage_ops, f->stage, 1);
	f->h = (struct histogram){f->store, STR("g|other"), 'x', &f->hours, &f->key};
	return f;
}

static void fixture_free(struct fixture *f)
{
	store_free(f->store);
	queue_stage_free(f->stage);
	free(f->hours.hour);
	free(f->hours.sum);
	buf_release(&f->key);
	arena_release(&f->arena);
	free(f);
}

static void add(struct fixture *f, int64_t minute, int64_t delta)
{
	histogram_add(&f->h, START + minute, delta);
	f->naive[minute] += delta;
}

static int64_t naive_sum(const struct fixture *f, int64_t from, int64_t to)
{
	int64_t sum = 0;

	for (int64_t m = 0; m < MINUTES; m++)
		if (START + m >= from && START + m < to)
			sum += f->naive[m];
	return sum;
}

static int64_t naive_first(const struct fixture *f, int64_t from)
{
	for (int64_t m = 0; m < MINUTES; m++)
		if (f->naive[m] != 0 && START + m >= from)
			return START + m;
	return -1;
}

static void compare_list(struct fixture *f, int64_t width)
{
	struct record_list l = histogram_list(&f->h, width, &f->arena);
	const struct bucket *b = l.items;
	size_t n = 0;

	for (int64_t m = 0; m < MINUTES; m += width) {
		int64_t sum = naive_sum(f, START + m, START + m + width);

		if (sum == 0)
			continue;
		assert_true(n < l.n);
		assert_int_equal(b[n].minute, START + m);
		assert_int_equal(b[n].recipients, sum);
		n++;
	}
	assert_int_equal(n, l.n);
	arena_reset(&f->arena);
}

static void compare_all(struct fixture *f, uint64_t *seed)
{
	size_t minutes = 0, hours = 0;

	for (int i = 0; i < 20; i++) {
		int64_t from = START - 100 + (int64_t)random_below(seed, MINUTES + 200);
		int64_t to = from + (int64_t)random_below(seed, 1500);

		assert_int_equal(histogram_sum(&f->h, from, to), naive_sum(f, from, to));
		assert_int_equal(histogram_first(&f->h, from), naive_first(f, from));
	}
	for (int64_t m = 0; m < MINUTES; m++)
		minutes += f->naive[m] != 0;
	for (int64_t h = 0; h < HOURS; h++)
		hours += naive_sum(f, START + h * 60, START + h * 60 + 60) != 0;
	assert_int_equal(f->hours.minutes, minutes);
	assert_int_equal(f->hours.n, hours);
	assert_int_equal(store_size(f->store), hours); /* an entry per hour and no other */
	compare_list(f, 1);
	compare_list(f, 60);
}

static void equals_counting_anew(void **state)
{
	struct fixture *f = fixture_new();
	uint64_t seed = 20261124;

	(void)state;
	compare_all(f, &seed);
	for (int round = 0; round < 200; round++) {
		bool drain = round >= 150;

		for (int i = 0; i < 60; i++) {
			int64_t m = (int64_t)random_below(&seed, MINUTES);

			if (f->naive[m] > 0 && (drain || random_below(&seed, 3) > 0))
				add(f, m, -1);
			else if (!drain)
				add(f, m, 1);
		}
		compare_all(f, &seed);
	}
	for (int64_t m = 0; m < MINUTES; m++)
		if (f->naive[m] > 0)
			add(f, m, -f->naive[m]);
	compare_all(f, &seed);
	assert_int_equal(store_size(f->store), 0);
	fixture_free(f);
}

static void windows_end_on_either_side_of_an_hour(void **state)
{
	static const struct {
		const char *label;
		int64_t from, to, sum, first; /* minutes from START; first: -1 none */
	} cases[] = {
	    {"all", 0, 600, 7, 59},
	    {"the hour without its last minute", 0, 59, 0, 59},
	    {"one minute", 59, 60, 1, 59},
	    {"from the next hour", 60, 600, 6, 60},
	    {"a part of it", 61, 120, 4, 119},
	    {"empty", 120, 120, 0, -1},
	    {"behind all", 121, 600, 0, -1},
	    {"before all", -500, 0, 0, 59},
	};
	struct fixture *f = fixture_new();

	(void)state;
	add(f, 59, 1);
	add(f, 60, 2);
	add(f, 119, 4);
	for (size_t i = 0; i < LEN(cases); i++) {
		expect_i64(histogram_sum(&f->h, START + cases[i].from, START + cases[i].to), cases[i].sum,
		           cases[i].label);
		int64_t first = histogram_first(&f->h, START + cases[i].from);
		expect_i64(first < 0 ? -1 : first - START, cases[i].first, cases[i].label);
	}
	assert_int_equal(histogram_first(&f->h, -1000), START + 59); /* before 1970 */
	fixture_free(f);
}

/* A row that goes with its leaves not matching its enters leaves hours behind. The next row of that name must cope. */
static void hour_that_outlived_its_row_is_counted_anew(void **state)
{
	struct fixture *f = fixture_new();
	uint64_t seed = 3;

	(void)state;
	add(f, 59, 1);
	add(f, 70, 2);
	f->hours.n = 0; /* the row is gone, and made again */
	f->hours.minutes = 0;
	add(f, 61, 1);
	add(f, 58, 1);
	compare_all(f, &seed);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equals_counting_anew),
	    cmocka_unit_test(windows_end_on_either_side_of_an_hour),
	    cmocka_unit_test(hour_that_outlived_its_row_is_counted_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
