/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_bench - what numbers for Prometheus cost: a row that comes, a look of the worker, a scrape
 *
 *   metrics_bench [GROUPS...]      a row per destination group and two causes, 50 messages each
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/check.h"
#include "lib/stream/memlog.h"
#include "main/board.h"
#include "main/pipeline.h"

enum { ROUNDS = 200, MESSAGES = 50, THREADS = 4, PARTITIONS = 24 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void give_row(struct fleet *f, int64_t group, enum class class, int64_t round)
{
	char name[32];
	struct row row;
	int n = snprintf(name, sizeof(name), "d%" PRId64 ".example", group);

	record_clear(&row_record, &row);
	row.kind = KIND_INTERNET;
	row.messages = row.recipients = MESSAGES + (group * 7919 + round) % 13;
	row.held = row.overdue = row.mismatched = row.expiring_1h = row.expiring_6h = 0;
	row.expiring_24h = group % 5;
	row.first_expiry_ms = 1795000000000 + group * 60000 % 172800000 + round;
	row.oldest_ms = row.first_expiry_ms - 172800000;
	fleet_row(f, str_of(name, (size_t)n), class, &row);
}

/* A board as full as that of a large process: all stages, threads and partitions. */
static void bench(struct worker *w, const struct log_topic *list, int64_t groups)
{
	struct fleet *f = fleet_new(50);
	struct board *b = board_new(list, 0);
	struct buf page = BUF_INIT;
	double begun_us = now_us(), row_us, look_us = 0, page_us = 0;
	int64_t rows = 0;

	for (int64_t round = 0; rows < 1000000; round++)
		for (int64_t g = 0; g < groups; g++, rows += 2) {
			give_row(f, g, CLASS_connect_refused, round);
			give_row(f, g, CLASS_dns_failure, round);
		}
	row_us = (now_us() - begun_us) / (double)rows;
	for (int i = 0; i < STAGE_N * THREADS; i++)
		board_seat(b, (enum stage_id)(i / THREADS), i % THREADS, 0);
	for (int i = 0; i < ROUNDS; i++) {
		begun_us = now_us();
		board_see(b, STAGE_N * THREADS - 1, w, NULL, f, (int64_t)i * 1000);
		look_us += now_us() - begun_us;
	}
	for (int i = 0; i < STAGE_N * THREADS - 1; i++)
		board_see(b, (size_t)i, w, NULL, NULL, 0);
	for (int i = 0; i < ROUNDS; i++) {
		buf_clear(&page);
		begun_us = now_us();
		board_metrics(b, 1795000000000, 0, &page);
		page_us += now_us() - begun_us;
	}
	printf("%8" PRId64 " groups, %10" PRId64 " messages: row %.2f us, look %.1f us, page %.2f ms, %zu bytes\n",
	       groups, groups * 2 * MESSAGES, row_us, look_us / ROUNDS, page_us / ROUNDS / 1000, page.n);
	buf_release(&page);
	board_free(b);
	fleet_free(f);
}

int main(int argc, char **argv)
{
	static const char *const standard[] = {"100", "1000", "10000", "100000"};
	const char *const *sizes = argc > 1 ? (const char *const *)argv + 1 : standard;
	struct arena arena = ARENA_INIT;
	struct topic_list list;
	struct config c;
	struct err err;
	struct worker_config wc;

	config_default(&c);
	topic_list_make(&list, &c, PARTITIONS, &arena);
	struct stage_instance *stage = stage_instance_new(STAGE_TRACK, &c, &list, NULL, &err);
	struct membus *bus = membus_new(list.items, list.n);
	stage_instance_worker(stage, &wc);
	wc.name = STR("bench");
	struct worker *w = worker_new(&wc, membus_open(bus, wc.inputs, wc.n_inputs));
	while (!worker_phase(w).running)
		CHECK(worker_step(w, 0, 0, &err) != WORKER_FATAL);
	for (int i = 0; i < (argc > 1 ? argc - 1 : 4); i++)
		bench(w, list.items, atoll(sizes[i])); // NOLINT(cert-err34-c)
	worker_free(w);
	membus_free(bus);
	stage_instance_free(stage);
	config_release(&c);
	arena_release(&arena);
	return 0;
}
