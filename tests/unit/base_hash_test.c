/* SPDX-License-Identifier: Apache-2.0 */
/* base_hash - the numbers that Kafka's Java client gives, and a 64-bit hash that must never change */
#include "lib/base/hash.h"

#include "tests/unit/support.h"

static void murmur2_is_the_java_clients(void **state)
{
	(void)state;
	static const struct {
		struct str key;
		int32_t want;
	} cases[] = {
	    {STR("21"), -973932308},
	    {STR("foobar"), -790332482},
	    {STR("a-little-bit-long-string"), -985981536},
	    {STR("a-little-bit-longer-string"), -1486304829},
	    {STR("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971},
	    {STR("abc"), 479470107},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		expect_i64((int32_t)hash_murmur2(cases[i].key), cases[i].want, cases[i].key.p);
		expect_i64(hash_partition(cases[i].key, 12), (cases[i].want & 0x7fffffff) % 12, cases[i].key.p);
	}
}

static void partitions_are_in_range_and_spread(void **state)
{
	(void)state;
	static const int counts[] = {1, 2, 3, 24, 1000};

	for (size_t i = 0; i < LEN(counts); i++) {
		size_t seen[1000] = {0};

		for (int k = 0; k < 20000; k++) {
			char key[16];
			int n = snprintf(key, sizeof(key), "key-%d", k);
			int partition = hash_partition(str_of(key, (size_t)n), counts[i]);

			assert_in_range(partition, 0, counts[i] - 1);
			seen[partition]++;
		}
		for (int p = 0; p < counts[i]; p++)
			assert_in_range(seen[p], 20000 / counts[i] / 4, 20000 / counts[i] * 4);
	}
}

/* One value per length of the tail, fixed when the hash was first published: incident ids rest on them. */
static void hash64_stays(void **state)
{
	(void)state;
	static const uint64_t want[] = {
	    0x0000000000000000, 0x071717d2d36b6b11, 0x62be85b2fe53d1f8, 0x9cc9c33498a95efb, 0xec1044c45cc5097a,
	    0x1182974836d6dbb7, 0xb78e3425fc996779, 0x241aa52b0a62005d, 0xafdb0257ff41aa98, 0xc9b9d84356146ac2,
	    0xa33f0dbf245bcb51, 0xfeff07a18c726536, 0xa24066d5378b01bb, 0xe126e825baaba665, 0x9da2538e559887e9,
	    0xfdaac8a629dcd46a, 0xd41a085973d213ba, 0x0f996a806d240427,
	};
	struct str text = STR("abcdefghijklmnopq");

	for (size_t n = 0; n < LEN(want); n++) {
		if (hash64(str_head(text, n), 0) != want[n])
			fail_msg("length %zu: got 0x%016llx", n, (unsigned long long)hash64(str_head(text, n), 0));
	}
	assert_true(hash64(text, 1) != hash64(text, 0));
}

static void every_byte_and_the_seed_count(void **state)
{
	(void)state;
	char key[40] = {0};

	for (size_t n = 1; n <= sizeof(key); n++) {
		uint64_t before = hash64(str_of(key, n), 5);
		uint32_t before32 = hash_murmur2(str_of(key, n));

		for (size_t i = 0; i < n; i++) {
			key[i] = (char)0x80;
			assert_true(hash64(str_of(key, n), 5) != before);
			assert_true(hash_murmur2(str_of(key, n)) != before32);
			key[i] = 0;
		}
		assert_true(hash64(str_of(key, n), 6) != before);
	}
}

static void ask_for_no_partition(void)
{
	hash_partition(STR("key"), 0);
}

static void needs_a_partition(void **state)
{
	(void)state;
	assert_true(aborts(ask_for_no_partition));
}

static void null_views_hash_as_empty(void **state)
{
	(void)state;
	assert_true(hash64((struct str){NULL, 0}, 1) == hash64(STR(""), 1));
	assert_int_equal(hash_murmur2((struct str){NULL, 0}), hash_murmur2(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(null_views_hash_as_empty),           cmocka_unit_test(murmur2_is_the_java_clients),
	    cmocka_unit_test(partitions_are_in_range_and_spread), cmocka_unit_test(hash64_stays),
	    cmocka_unit_test(every_byte_and_the_seed_count),      cmocka_unit_test(needs_a_partition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
