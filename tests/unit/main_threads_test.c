/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_threads_test - stages of several threads share the configuration, the rules and the list of topics, as in
 * `qlapse run`, and nothing else: each thread runs all four on a bus of its own, and all say the same, while the rules are
 * reloaded over and over.
 *
 * tests/run.sh builds this with ThreadSanitizer, too. (librdkafka starts its threads by thrd_create, which that sanitizer
 * does not know in GCC 12: a program with a real broker cannot run under it.)
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/hash.h"
#include "lib/base/timefmt.h"
#include "lib/stream/memlog.h"
#include "main/pipeline.h"
#include "main/rules.h"

enum { THREADS = 4, MESSAGES = 200, RELOADS = 20 };

struct shared {
	struct config config;
	struct arena arena;
	struct topic_list list;
	struct rules *rules;
};

struct job {
	const struct shared *s;
	pthread_t thread;
	uint64_t digest; /* of all that was written */
	int64_t records;
	int changes; /* of rules */
	int result;
};

/* What a thread has of the rules, for each of its stages. */
struct hand {
	const struct catalog *catalog;
	unsigned generation;
};

static void tap(void *arg, const struct log_record *rec)
{
	struct job *j = arg;

	j->records++;
	j->digest = hash64(rec->key, j->digest);
	if (rec->value.p != NULL)
		j->digest = hash64(rec->value, j->digest);
}

static void feed(const struct job *j, struct membus *bus)
{
	for (int i = 0; i < MESSAGES; i++) {
		struct log_record rec = {.topic = j->s->list.raw[0], .ts_ms = 1795000000000 + i * 1000};
		struct buf line = BUF_INIT;
		char stamp[25];

		time_format(rec.ts_ms, stamp);
		buf_fmt(
		    &line,
		    "%s mx1 postfix/smtp[7]: %X: to=<u@d%d.example>, relay=none, delay=9, delays=9/0/0/0, dsn=4.4.1, "
		    "status=deferred (connect to mx.d%d.example[192.0.2.%d]:25: Connection refused)",
		    stamp, 0x100000 + i, i % 9, i % 9, i % 9);
		rec.value = buf_view(&line);
		membus_append(bus, &rec);
		buf_release(&line);
	}
	membus_clock(bus, j->s->list.raw[0], 0, (int64_t)1795000000000 + (int64_t)3 * 24 * 3600 * 1000);
}

static void change_rules(struct job *j, struct hand *h, struct stage_instance *stage)
{
	const struct catalog *old = h->catalog;
	struct err err;

	if (rules_generation(j->s->rules) == h->generation)
		return;
	h->catalog = rules_take(j->s->rules, &h->generation);
	j->result |= stage_instance_change(stage, h->catalog, &err) < 0;
	rules_give(j->s->rules, old);
	j->changes++;
}

static void *reload(void *arg)
{
	struct job *j = arg;
	struct err err;
	size_t n;

	for (int i = 0; i < RELOADS; i++)
		j->result |= rules_reload(j->s->rules, &n, &err) < 0;
	return NULL;
}

static void *work(void *arg)
{
	struct job *j = arg;
	struct hand hands[STAGE_N] = {{NULL, 0}};
	struct membus *bus = membus_new(j->s->list.items, j->s->list.n);
	struct stage_instance *stages[STAGE_N];
	struct worker *workers[STAGE_N];
	struct err err = {0};
	bool busy = true;

	membus_tap(bus, tap, j);
	for (int id = 0; id < STAGE_N; id++) {
		struct worker_config wc;
		if (stage_classifies((enum stage_id)id))
			hands[id].catalog = rules_take(j->s->rules, &hands[id].generation);
		stages[id] = stage_instance_new((enum stage_id)id, &j->s->config, &j->s->list, hands[id].catalog, &err);
		stage_instance_worker(stages[id], &wc);
		wc.batch = 10; /* so that there are many transactions to change the rules between */
		wc.linger_ms = wc.tick_interval_ms = 0;
		wc.tick_refresh_ms = wc.stall_after_ms = wc.skew_ms = TIME_NEVER;
		wc.clock_limited = false;
		workers[id] = worker_new(&wc, membus_open(bus, wc.inputs, wc.n_inputs));
	}
	feed(j, bus);
	while (busy && j->result == 0) {
		busy = false;
		for (int id = 0; id < STAGE_N; id++) {
			if (hands[id].catalog != NULL)
				change_rules(j, &hands[id], stages[id]);
			enum worker_result r = worker_step(workers[id], 0, 0, &err);
			busy |= r == WORKER_BUSY;
			j->result |= r == WORKER_FATAL || r == WORKER_FENCED;
		}
	}
	for (int id = 0; id < STAGE_N; id++) {
		worker_free(workers[id]);
		stage_instance_free(stages[id]);
		rules_give(j->s->rules, hands[id].catalog);
	}
	membus_free(bus);
	return NULL;
}

static void threads_share_nothing_that_changes(void **state)
{
	struct shared s = {.arena = ARENA_INIT};
	struct job jobs[THREADS], reloader = {.s = &s};
	struct err err;
	int changes = 0;

	(void)state;
	config_default(&s.config);
	s.config.raw = arena_zalloc(&s.config.arena, sizeof(*s.config.raw));
	s.config.raw[0] = (struct raw_topic){"raw", 1};
	s.config.n_raw = 1;
	topic_list_make(&s.list, &s.config, 1, &s.arena);
	s.rules = rules_open(&s.config.catalog, &err);
	assert_non_null(s.rules);
	assert_int_equal(pthread_create(&reloader.thread, NULL, reload, &reloader), 0);
	for (int i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){.s = &s};
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(jobs[i].thread, NULL);
		assert_int_equal(jobs[i].result, 0);
		assert_true(jobs[i].records > MESSAGES);
		assert_int_equal(jobs[i].records, jobs[0].records);
		assert_true(jobs[i].digest == jobs[0].digest);
		changes += jobs[i].changes;
	}
	pthread_join(reloader.thread, NULL);
	assert_int_equal(reloader.result, 0);
	assert_true(changes > 0);
	rules_close(s.rules);
	config_release(&s.config);
	arena_release(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_nothing_that_changes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
