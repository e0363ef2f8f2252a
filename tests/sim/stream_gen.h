/* SPDX-License-Identifier: Apache-2.0 */
/* stream_gen - short random Postfix logs for the simulation: scattered, with ties, duplicates and disorder */
#ifndef QLAPSE_TESTS_STREAM_GEN_H
#define QLAPSE_TESTS_STREAM_GEN_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

struct gen_line {
	int partition;
	int64_t ts_ms;
	struct str text;
};

struct gen_stream {
	struct gen_line *lines; /* by partition, in the order in which they are in it */
	size_t n;
	int64_t end_ms; /* of the noise line that ends every partition */
};

/* n_partitions > 1: the last one gets nothing but the noise line. */
void gen_make(struct gen_stream *ret, uint64_t seed, int messages, int n_partitions, struct arena *a);

#endif
