/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash - MurmurHash2, the 32-bit one as Kafka's Java client computes it and the 64-bit variant A
 *
 * Words are read little-endian byte by byte, so that every machine gets the same numbers; compilers make one load
 * of it. Partition numbers and incident ids rest on these: a change here is a change of every topic.
 */
#include "lib/base/hash.h"

#include "lib/base/check.h"

static uint64_t read_le(const unsigned char *p, size_t n_bytes)
{
	uint64_t v = 0;

	for (size_t i = n_bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

uint32_t hash_murmur2(struct str key)
{
	const uint32_t m = 0x5bd1e995;
	const unsigned char *p = (const unsigned char *)key.p;
	uint32_t h = 0x9747b28c ^ (uint32_t)key.n;
	size_t left = key.n;

	for (; left >= 4; left -= 4, p += 4) {
		uint32_t k = (uint32_t)read_le(p, 4) * m;

		h = (h * m) ^ ((k ^ (k >> 24)) * m);
	}
	if (left)
		h = (h ^ (uint32_t)read_le(p, left)) * m;
	h = (h ^ (h >> 13)) * m;
	return h ^ (h >> 15);
}

int hash_partition(struct str key, int n_partitions)
{
	CHECK(n_partitions > 0);
	return (int)(hash_murmur2(key) & 0x7fffffff) % n_partitions;
}

uint64_t hash64(struct str key, uint64_t seed)
{
	const uint64_t m = 0xc6a4a7935bd1e995;
	const unsigned char *p = (const unsigned char *)key.p;
	uint64_t h = seed ^ ((uint64_t)key.n * m);
	size_t left = key.n;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t k = read_le(p, 8) * m;

		h = (h ^ ((k ^ (k >> 47)) * m)) * m;
	}
	if (left)
		h = (h ^ read_le(p, left)) * m;
	h = (h ^ (h >> 47)) * m;
	return h ^ (h >> 47);
}
