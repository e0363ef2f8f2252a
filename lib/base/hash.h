/* SPDX-License-Identifier: Apache-2.0 */
/* hash - the two hashes that results depend on, so they are ours and fixed for ever */
#ifndef QLAPSE_BASE_HASH_H
#define QLAPSE_BASE_HASH_H

#include "lib/base/str.h"

/* Kafka's default partitioner: murmur2 (32 bit, seed 0x9747b28c) of the key, made positive, modulo n. n > 0. */
int hash_partition(struct str key, int n_partitions);
uint32_t hash_murmur2(struct str key);

/* 64 bits of a key with a seed (MurmurHash64A). Seed 0 for ids that leave the program. */
uint64_t hash64(struct str key, uint64_t seed);

#endif
