/* SPDX-License-Identifier: Apache-2.0 */
/* base_memory - buffers, the arena, owned views, and what happens when an invariant breaks */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/check.h"
#include "lib/base/err.h"
#include "lib/base/own.h"

#include "tests/unit/support.h"

static void buf_grows(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	expect_str(buf_view(&b), STR(""), "empty");
	assert_non_null(buf_view(&b).p);
	for (int i = 0; i < 5000; i++)
		buf_chr(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 5000);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], 'a' + (int)(i % 26));
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_true(b.cap >= 5000);
	buf_str(&b, STR("x\0y"));
	buf_add(&b, NULL, 0);
	expect_str(buf_view(&b), STR("x\0y"), "NUL is a byte like others");
	assert_int_equal(strlen(buf_z(&b) + 2), 1);
	assert_int_equal(b.n, 3);
	buf_release(&b);
	assert_null(b.p);
	assert_string_equal(buf_z(&b), "");
	buf_release(&b);
}

static void buf_formats(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	/* every length around the room that is left */
	for (int n = 0; n < 300; n++) {
		buf_clear(&b);
		buf_fmt(&b, "<%*s>", n, "");
		assert_int_equal(b.n, n + 2);
		assert_int_equal(b.p[n + 1], '>');
		buf_release(&b);
	}
	buf_fmt(&b, "%d-", 1);
	buf_fmt(&b, "%s", "two");
	expect_str(buf_view(&b), STR("1-two"), "appended");
	buf_release(&b);
}

static void big_endian_sorts_as_numbers_do(void **state)
{
	(void)state;
	struct buf a = BUF_INIT, b = BUF_INIT;
	uint64_t seed = 7;

	buf_be32(&a, 0x01020304);
	buf_be64(&a, 0x05060708090a0b0c);
	expect_str(buf_view(&a), STR("\1\2\3\4\5\6\7\10\11\12\13\14"), "bytes");
	for (int i = 0; i < 2000; i++) {
		uint64_t x = random_next(&seed) >> random_below(&seed, 64);
		uint64_t y = random_next(&seed) >> random_below(&seed, 64);
		int order;

		buf_clear(&a), buf_clear(&b);
		buf_be64(&a, x), buf_be64(&b, y);
		assert_true(be64_read(a.p) == x);
		order = str_cmp(buf_view(&a), buf_view(&b));
		assert_int_equal((order > 0) - (order < 0), (x > y) - (x < y));
		buf_be32(&a, (uint32_t)y);
		assert_int_equal(be32_read(a.p + 8), (uint32_t)y);
	}
	buf_release(&a);
	buf_release(&b);
}

static void arena_hands_out_memory_of_its_own(void **state)
{
	(void)state;
	enum { N = 3000 };
	static unsigned char *parts[N];
	static size_t sizes[N];
	struct arena a = ARENA_INIT;
	uint64_t seed = 3;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < N; i++) {
			sizes[i] = random_below(&seed, i % 100 ? 300 : 200000);
			parts[i] = arena_alloc(&a, sizes[i]);
			assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
			memset(parts[i], (int)i & 0xff, sizes[i]);
		}
		for (size_t i = 0; i < N; i++) {
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(parts[i][k], i & 0xff);
		}
		arena_reset(&a);
	}
	arena_release(&a);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 0));
	arena_release(&a);
}

/* Sizes around those of the blocks, each as the first and as the second of an arena. */
static void arena_takes_any_size(void **state)
{
	(void)state;
	for (size_t size = 1 << 12; size <= 4 << 20; size *= 2) {
		for (size_t n = size - 17; n <= size + 17; n++) {
			struct arena a = ARENA_INIT;

			memset(arena_alloc(&a, n), 1, n);
			memset(arena_alloc(&a, n), 2, n);
			arena_release(&a);
		}
	}
}

/* A batch like the last one needs no new memory; one large record does not stay. */
static void arena_keeps_one_regular_block(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	void *first = arena_alloc(&a, 100);

	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	assert_int_equal(a.cap, 16 << 10);
	arena_alloc(&a, 5 << 20);
	assert_int_equal(a.cap, 16 << 10);
	assert_ptr_equal((char *)arena_alloc(&a, 16), (char *)first + 112);
	for (int i = 0; i < 300; i++)
		arena_alloc(&a, 16000);
	assert_int_equal(a.cap, 1 << 20);
	arena_reset(&a);
	assert_int_equal(a.cap, 1 << 20);
	assert_int_equal(a.used, 0);
	arena_release(&a);
	/* a large one as the very first */
	memset(arena_alloc(&a, 3 << 20), 1, 3 << 20);
	assert_int_equal(a.cap, 16 << 10);
	arena_release(&a);
}

static void arena_copies_and_formats(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char text[] = "queue\0id";
	struct str s = arena_dup(&a, str_of(text, 8)), empty = arena_dup(&a, STR_NONE);
	unsigned char *zeros;

	text[0] = 'X';
	expect_str(s, STR("queue\0id"), "a copy of its own");
	assert_int_equal(s.p[s.n], 0);
	assert_int_equal(empty.n, 0);
	assert_int_equal(empty.p[0], 0);
	s = arena_fmt(&a, "%s/%d", "site", 7);
	expect_str(s, STR("site/7"), "formatted");
	assert_int_equal(s.p[s.n], 0);
	memset(arena_alloc(&a, 64), 0xff, 64);
	arena_reset(&a);
	zeros = arena_zalloc(&a, 256);
	for (size_t i = 0; i < 256; i++)
		assert_int_equal(zeros[i], 0);
	arena_release(&a);
}

static void own_replaces(void **state)
{
	(void)state;
	struct str owned = STR_NONE;
	char text[] = "host";
	const char *kept;

	own_set(&owned, STR_NONE);
	own_set(&owned, str_from(text));
	text[0] = 'X';
	expect_str(owned, STR("host"), "a copy");
	kept = owned.p;
	own_set(&owned, STR("host"));
	assert_ptr_equal(owned.p, kept);
	own_set(&owned, STR("other"));
	expect_str(owned, STR("other"), "replaced");
	own_set(&owned, STR_NONE);
	expect_str(owned, STR_NONE, "emptied");
	own_set(&owned, STR("again"));
	own_drop(&owned);
	own_drop(&owned);
}

static void err_keeps_kind_and_message(void **state)
{
	(void)state;
	struct err err = {ERR_NONE, ""};
	char longer[600];

	assert_int_equal(err_set(&err, ERR_RETRY, "topic \"%s\" is not there", "raw"), -1);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_string_equal(err.msg, "topic \"raw\" is not there");
	assert_int_equal(err_prefix(&err, "stage %d", 1), -1);
	assert_string_equal(err.msg, "stage 1: topic \"raw\" is not there");
	assert_int_equal(err.kind, ERR_RETRY);
	err_set(&err, ERR_FATAL, "again: %s", err.msg);
	assert_string_equal(err.msg, "again: stage 1: topic \"raw\" is not there");
	assert_int_equal(err_set(NULL, ERR_FATAL, "unheard"), -1);
	assert_int_equal(err_prefix(NULL, "unheard"), -1);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, ERR_SKIP, "%s", longer);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_prefix(&err, "p");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "p: xxx", 6);
	err_prefix(&err, "%s", longer);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

static void break_an_invariant(void)
{
	volatile int one = 1;

	CHECK(one == 2);
}

static void ask_for_too_much(void)
{
	struct buf b = BUF_INIT;

	buf_reserve(&b, SIZE_MAX - 1);
}

static void ask_the_arena_for_too_much(void)
{
	struct arena a = ARENA_INIT;

	arena_alloc(&a, SIZE_MAX - 4);
}

static void aborts_on_bugs(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		void (*act)(void);
	} cases[] = {
	    {"a check that fails", break_an_invariant},
	    {"a size that overflows in a buffer", ask_for_too_much},
	    {"a size that overflows in an arena", ask_the_arena_for_too_much},
	};

	for (size_t i = 0; i < LEN(cases); i++)
		expect(aborts(cases[i].act), cases[i].label);
	CHECK(1 + 1 == 2);
}

static void allocates_nothing_too(void **state)
{
	(void)state;
	void *p = xmalloc(0), *q = xcalloc(0, 0);

	assert_non_null(p);
	assert_non_null(q);
	p = xrealloc(p, 0);
	assert_non_null(p);
	free(p);
	free(q);
}

static void null_views_copy(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct str none = {NULL, 0};

	assert_string_equal(arena_dup(&a, none).p, "");
	buf_str(&b, none);
	assert_int_equal(b.n, 0);
	buf_release(&b);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_copy),
	    cmocka_unit_test(buf_grows),
	    cmocka_unit_test(buf_formats),
	    cmocka_unit_test(big_endian_sorts_as_numbers_do),
	    cmocka_unit_test(arena_hands_out_memory_of_its_own),
	    cmocka_unit_test(arena_takes_any_size),
	    cmocka_unit_test(arena_keeps_one_regular_block),
	    cmocka_unit_test(arena_copies_and_formats),
	    cmocka_unit_test(own_replaces),
	    cmocka_unit_test(err_keeps_kind_and_message),
	    cmocka_unit_test(aborts_on_bugs),
	    cmocka_unit_test(allocates_nothing_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
