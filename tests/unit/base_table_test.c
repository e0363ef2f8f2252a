/* SPDX-License-Identifier: Apache-2.0 */
/* base_table - the table against a naive list, under random puts and removals */
#include "lib/base/table.h"

#include "tests/unit/support.h"

enum { N_KEYS = 300 };

struct entry {
	char text[16];
	struct str key;
	void *value; /* NULL: not in the table */
};

struct model {
	struct table table;
	struct entry entries[N_KEYS];
	size_t n;
};

/* No entry may be cut off from its home by a free slot, and not more than three quarters are taken. */
static void expect_sound(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->cap; i++) {
		if (!t->slots[i].value)
			continue;
		n++;
		for (size_t k = t->slots[i].hash & (t->cap - 1); k != i; k = (k + 1) & (t->cap - 1))
			assert_non_null(t->slots[k].value);
	}
	assert_int_equal(n, t->n);
	assert_true(t->n * 4 <= t->cap * 3);
}

static void expect_same(const struct model *m)
{
	size_t at = 0, n = 0;
	void *value;

	for (size_t i = 0; i < N_KEYS; i++)
		assert_ptr_equal(table_get(&m->table, m->entries[i].key), m->entries[i].value);
	while (table_next(&m->table, &at, &value))
		n++;
	assert_int_equal(n, m->n);
	expect_sound(&m->table);
}

static void step(struct model *m, uint64_t *seed, size_t put_of_8)
{
	static char values[64];
	struct entry *e = &m->entries[random_below(seed, N_KEYS)];

	if (random_below(seed, 8) < put_of_8) {
		m->n += !e->value;
		e->value = &values[random_below(seed, sizeof(values))];
		table_put(&m->table, e->key, e->value);
	} else {
		assert_ptr_equal(table_remove(&m->table, e->key), e->value);
		m->n -= e->value != NULL;
		e->value = NULL;
	}
}

static void follows_a_list(void **state)
{
	(void)state;
	static struct model m;

	for (uint64_t run = 0; run < 24; run++) {
		uint64_t seed = run;

		m = (struct model){0};
		table_init(&m.table, run);
		for (size_t i = 0; i < N_KEYS; i++) {
			int n = snprintf(m.entries[i].text, sizeof(m.entries[i].text), "%zu", i);

			m.entries[i].key = str_of(m.entries[i].text, (size_t)n);
		}
		for (int i = 0; i < 1200; i++) {
			step(&m, &seed, i < 600 ? 6 : 2);
			if (i % 8 == 0)
				expect_same(&m);
		}
		table_clear(&m.table);
		for (size_t i = 0; i < N_KEYS; i++)
			m.entries[i].value = NULL;
		m.n = 0;
		expect_same(&m);
		table_release(&m.table);
	}
}

/* Filled and emptied for long, it neither grows nor slows down: no tombstones. */
static void stays_small_under_churn(void **state)
{
	(void)state;
	struct table t;
	static char keys[100000][8];

	table_init(&t, 99);
	for (size_t i = 0; i < LEN(keys); i++) {
		int n = snprintf(keys[i], sizeof(keys[i]), "%zx", i);

		table_put(&t, str_of(keys[i], (size_t)n), keys[i]);
		if (i >= 10) {
			assert_ptr_equal(table_remove(&t, str_from(keys[i - 10])), keys[i - 10]);
		}
	}
	assert_int_equal(t.n, 10);
	assert_int_equal(t.cap, 16);
	expect_sound(&t);
	table_release(&t);
}

static void replaces_key_and_value(void **state)
{
	(void)state;
	struct table t;
	char old_key[] = "key", new_key[] = "key", old = 0, new = 0;
	size_t at = 0;
	void *value;

	table_init(&t, 1);
	table_put(&t, str_from(old_key), &old);
	table_put(&t, str_from(new_key), &new);
	old_key[0] = 'X'; /* nothing looks at it any more */
	assert_int_equal(t.n, 1);
	assert_ptr_equal(table_get(&t, STR("key")), &new);
	assert_true(table_next(&t, &at, &value));
	assert_ptr_equal(value, &new);
	assert_false(table_next(&t, &at, &value));
	table_release(&t);
}

static void takes_any_bytes(void **state)
{
	(void)state;
	struct table t;
	char a, b, c;

	table_init(&t, 1);
	assert_null(table_get(&t, STR("")));
	assert_null(table_remove(&t, STR("")));
	table_clear(&t);
	table_put(&t, STR(""), &a);
	table_put(&t, STR("\0"), &b);
	table_put(&t, STR("\0\0"), &c);
	assert_ptr_equal(table_get(&t, STR("")), &a);
	assert_ptr_equal(table_get(&t, STR("\0")), &b);
	assert_ptr_equal(table_remove(&t, STR("\0\0")), &c);
	assert_null(table_get(&t, STR("\0\0")));
	table_release(&t);
	assert_null(table_get(&t, STR("")));
	table_put(&t, STR("after release"), &a);
	table_release(&t);
}

static void put_nothing(void)
{
	struct table t;

	table_init(&t, 1);
	table_put(&t, STR("key"), NULL);
}

static void aborts_on_no_value(void **state)
{
	(void)state;
	assert_true(aborts(put_nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_a_list),         cmocka_unit_test(stays_small_under_churn),
	    cmocka_unit_test(replaces_key_and_value), cmocka_unit_test(takes_any_bytes),
	    cmocka_unit_test(aborts_on_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
