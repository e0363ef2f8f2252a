/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_sim - the four stages on the simulated broker, compared with the same lines through memory
 *
 * usage: pipeline_sim FIRST LAST [FAULT]
 * For each seed: two workers a stage, crashes, aborts, expulsions, lost commits; then calm, until the alert stage's
 * clock has come to the end. What is in the topics then (read_committed, ticks left out) must be what memory gives: the same
 * deliveries, transitions, rows and alerts, each once; messages and incidents the same when folded by key.
 * With FAULT (enum worker_fault) one rule is broken, and some seed must differ: exit 0 if one does, 1 if none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/table.h"
#include "lib/base/timefmt.h"
#include "lib/stream/memlog.h"
#include "lib/stream/progress.h"
#include "main/pipeline.h"
#include "tests/sim/sim.h"
#include "tests/sim/stream_gen.h"

enum { RAW_PARTITIONS = 4, INNER = 3, SLOTS = 2, STEPS_MAX = 60000, MESSAGES = 8 };

struct bag { /* of texts */
	struct str *items;
	size_t n, cap;
};

struct result {
	struct arena arena;
	struct bag records;  /* deliveries, transitions, rows, alerts: topic, key, value */
	struct table folded; /* messages, incidents */
	struct bag table;
};

struct fold {
	struct str key, value;
};

static void bag_add(struct bag *b, struct str s)
{
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 256 : 2 * b->cap;
		b->items = xrealloc(b->items, b->cap * sizeof(*b->items));
	}
	b->items[b->n++] = s;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str as_text(struct result *r, const struct log_record *rec)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%d %.*s ", rec->topic, STR_FMT(rec->key));
	if (rec->value.p == NULL)
		buf_str(&b, STR("(tombstone)"));
	buf_str(&b, rec->value.p == NULL ? STR_NONE : rec->value);
	struct str text = arena_dup(&r->arena, buf_view(&b));
	buf_release(&b);
	return text;
}

/* Takes one record of the output; state of queue and alert is theirs alone. */
static void take(void *arg, const struct log_record *rec)
{
	struct result *r = arg;

	if (rec->topic == TOPIC_QUEUE_STATE || rec->topic == TOPIC_ALERT_STATE || rec->topic >= TOPIC_N ||
	    rec->tick.n > 0)
		return;
	if (rec->topic != TOPIC_MESSAGES && rec->topic != TOPIC_INCIDENTS) {
		bag_add(&r->records, as_text(r, rec));
		return;
	}
	struct str text = as_text(r, rec), key = arena_fmt(&r->arena, "%d %.*s", rec->topic, STR_FMT(rec->key));
	struct fold *f = table_get(&r->folded, key);
	if (f == NULL) {
		f = arena_alloc(&r->arena, sizeof(*f));
		f->key = key;
		table_put(&r->folded, f->key, f);
	}
	f->value = rec->value.p == NULL ? STR_NONE : text;
}

static void finish(struct result *r)
{
	size_t at = 0;
	void *value;

	while (table_next(&r->folded, &at, &value))
		if (((struct fold *)value)->value.n > 0)
			bag_add(&r->table, ((struct fold *)value)->value);
	if (r->records.n > 1)
		qsort(r->records.items, r->records.n, sizeof(struct str), by_text);
	if (r->table.n > 1)
		qsort(r->table.items, r->table.n, sizeof(struct str), by_text);
}

static void result_release(struct result *r)
{
	free(r->records.items);
	free(r->table.items);
	table_release(&r->folded);
	arena_release(&r->arena);
}

static bool same_bag(const struct bag *a, const struct bag *b, bool tell, uint64_t seed)
{
	for (size_t i = 0; i < a->n || i < b->n; i++) {
		struct str x = i < a->n ? a->items[i] : STR("(nothing)"), y = i < b->n ? b->items[i] : STR("(nothing)");
		if (str_eq(x, y))
			continue;
		if (tell)
			printf("seed %llu differs (%zu and %zu records)\n  memory %.*s\n  broker %.*s\n",
			       (unsigned long long)seed, a->n, b->n, STR_FMT(x), STR_FMT(y));
		return false;
	}
	return true;
}

/* Stages are made once and used for all seeds: they keep nothing between calls. */
struct bench {
	struct config config;
	struct arena arena;
	struct catalog *catalog;
	struct topic_list memory_list, broker_list;
	struct stage_instance *memory[STAGE_N], *broker[STAGE_N][SLOTS];
};

static void bench_open(struct bench *b)
{
	struct err err = {0};

	config_default(&b->config);
	for (int t = 0; t < TOPIC_N; t++)
		b->config.encodings[t] = ENC_JSON; /* readable where they differ */
	b->config.idle_hold = true;
	for (int k = 0; k < 4; k++)
		b->config.alert.kinds[k] = (struct alert_kind_config){2, 1800 * 1000, 6 * 3600 * 1000};
	b->config.raw = arena_alloc(&b->arena, sizeof(*b->config.raw));
	b->config.raw[0] = (struct raw_topic){"raw", RAW_PARTITIONS};
	b->config.n_raw = 1;
	b->catalog = catalog_load(NULL, &err);
	CHECK(b->catalog != NULL);
	topic_list_make(&b->memory_list, &b->config, 1, &b->arena);
	topic_list_make(&b->broker_list, &b->config, INNER, &b->arena);
	for (int id = 0; id < STAGE_N; id++) {
		b->memory[id] = stage_instance_new((enum stage_id)id, &b->config, &b->memory_list, b->catalog, &err);
		CHECK(b->memory[id] != NULL);
		for (int k = 0; k < SLOTS; k++)
			CHECK((b->broker[id][k] = stage_instance_new((enum stage_id)id, &b->config, &b->broker_list,
			                                             b->catalog, &err)) != NULL);
	}
}

static void bench_close(struct bench *b)
{
	for (int id = 0; id < STAGE_N; id++) {
		stage_instance_free(b->memory[id]);
		for (int k = 0; k < SLOTS; k++)
			stage_instance_free(b->broker[id][k]);
	}
	catalog_free(b->catalog);
	config_release(&b->config);
	arena_release(&b->arena);
}

static struct log_record raw_record(const struct topic_list *list, int partition, int64_t ts_ms, struct str text)
{
	return (struct log_record){.topic = list->raw[0], .partition = partition, .ts_ms = ts_ms, .value = text};
}

/* All lines at once, then the end in every partition. */
static void run_memory(struct bench *b, const struct gen_stream *s, struct result *r)
{
	struct membus *bus = membus_new(b->memory_list.items, b->memory_list.n);
	struct worker *workers[STAGE_N];
	struct err err = {0};
	bool busy = true;

	membus_tap(bus, take, r);
	for (int id = 0; id < STAGE_N; id++) {
		struct worker_config wc;
		stage_instance_worker(b->memory[id], &wc);
		wc.linger_ms = wc.tick_interval_ms = 0;
		wc.tick_refresh_ms = TIME_NEVER;
		wc.clock_limited = false;
		workers[id] = worker_new(&wc, membus_open(bus, wc.inputs, wc.n_inputs));
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct log_record rec =
		    raw_record(&b->memory_list, s->lines[i].partition, s->lines[i].ts_ms, s->lines[i].text);
		membus_append(bus, &rec);
	}
	for (int p = 0; p < RAW_PARTITIONS; p++)
		membus_clock(bus, b->memory_list.raw[0], p, s->end_ms);
	while (busy) {
		busy = false;
		for (int id = 0; id < STAGE_N; id++) {
			enum worker_result result = worker_step(workers[id], 0, 0, &err);
			CHECK(result != WORKER_FATAL && result != WORKER_FENCED);
			busy |= result == WORKER_BUSY;
		}
	}
	for (int id = 0; id < STAGE_N; id++)
		worker_free(workers[id]);
	membus_free(bus);
	finish(r);
}

struct slot {
	struct worker *worker;
	struct log *log; /* of the worker */
	bool stepping;
};

struct arena_of_seed { /* a running simulation */
	struct bench *b;
	struct sim *sim;
	struct slot slots[STAGE_N][SLOTS];
	unsigned faults;
	uint64_t seed;
};

static void open_slot(struct arena_of_seed *x, int id, int k)
{
	struct slot *s = &x->slots[id][k];
	struct worker_config wc;
	char name[32], group[32];

	stage_instance_worker(x->b->broker[id][k], &wc);
	snprintf(group, sizeof(group), "g-%s", stage_names[id]);
	snprintf(name, sizeof(name), "%s-%d", stage_names[id], k);
	wc.name = k == 0 ? STR("w0") : STR("w1");
	wc.linger_ms = 0;
	wc.batch = 1 + (int)sim_random(x->sim, 40);
	wc.tick_interval_ms = 20;
	wc.tick_refresh_ms = 200;
	wc.faults = x->faults;
	s->log = sim_open(x->sim, group, name, wc.inputs, wc.n_inputs);
	s->worker = worker_new(&wc, s->log);
}

static void step_slot(struct arena_of_seed *x, int id, int k)
{
	struct slot *s = &x->slots[id][k];
	struct err err = {0};

	if (s->stepping)
		return;
	if (s->worker == NULL) {
		if (sim_random(x->sim, 8) == 0)
			open_slot(x, id, k);
		return;
	}
	s->stepping = true;
	enum worker_result result = worker_step(s->worker, sim_now(x->sim), 0, &err);
	s->stepping = false;
	if (result == WORKER_FATAL) {
		printf("seed %llu: %s fails: %s\n", (unsigned long long)x->seed, stage_names[id], err.msg);
		exit(1);
	}
	if (result == WORKER_FENCED || sim_is_dead(s->log)) {
		worker_free(s->worker);
		s->worker = NULL;
	}
}

static void step_any(struct arena_of_seed *x)
{
	step_slot(x, (int)sim_random(x->sim, STAGE_N), (int)sim_random(x->sim, SLOTS));
	sim_pass(x->sim, sim_random(x->sim, 12));
}

static void meanwhile(void *arg, const struct log *self)
{
	struct arena_of_seed *x = arg;

	(void)self; /* its slot is marked as stepping */
	for (uint32_t n = sim_random(x->sim, 60); n > 0; n--)
		step_any(x);
}

static bool has_arrived(const struct arena_of_seed *x, int64_t end_ms)
{
	struct log_position at = sim_committed(x->sim, "g-alert", TOPIC_QUEUES, 0);
	struct progress p = PROGRESS_INIT;
	bool there = at.offset >= 0 && progress_read(at.meta, &p) && p.clock_ms >= end_ms;

	progress_release(&p);
	return there;
}

static void load_raw(struct arena_of_seed *x, const struct gen_stream *s)
{
	const struct topic_list *list = &x->b->broker_list;

	for (size_t i = 0; i < s->n; i++) {
		const struct log_record rec =
		    raw_record(list, s->lines[i].partition, s->lines[i].ts_ms, s->lines[i].text);
		sim_append(x->sim, &rec);
	}
	for (int p = 0; p < RAW_PARTITIONS; p++) {
		const struct log_record rec = raw_record(list, p, s->end_ms, STR("<13>Jan  1 00:00:00 h clock: end"));
		sim_append(x->sim, &rec);
	}
}

static void tell_stuck(const struct arena_of_seed *x)
{
	for (int id = 0; id < STAGE_N; id++) {
		for (int k = 0; k < SLOTS; k++) {
			const struct worker *w = x->slots[id][k].worker;
			printf("  %s/%d %s\n", stage_names[id], k, w == NULL ? "is away" : "");
			for (size_t i = 0; w != NULL && i < worker_tasks(w); i++) {
				struct worker_task t = worker_task(w, i);
				printf("    %d/%d %s clock %lld offset %lld waiting %zu entries %zu\n", t.topic,
				       t.partition, t.running ? "runs" : "prepares", (long long)t.clock_ms,
				       (long long)t.offset, t.waiting, t.entries);
			}
		}
	}
}

/* False: it never came to the end. */
static bool run_broker(struct bench *b, const struct gen_stream *s, uint64_t seed, unsigned faults, struct result *r)
{
	const struct sim_faults f = {
	    .crash = seed % 3 == 0 ? 0 : 6,
	    .abort = seed % 4 == 1 ? 40 : 5,
	    .retry = 20,
	    .lost_commit = seed % 5 == 2 ? 150 : 10,
	    .expel = seed % 2 == 0 ? 150 : 10,
	    .abort_every = seed % 7 == 3 ? 7 : 0,
	};
	struct arena_of_seed x = {.b = b, .faults = faults, .seed = seed};
	const struct log_record *rec;
	int step = 0;

	x.sim = sim_new(b->broker_list.items, b->broker_list.n, seed, &f);
	sim_on_commit(x.sim, meanwhile, &x);
	load_raw(&x, s);
	for (int i = 0; i < 6000 && !has_arrived(&x, s->end_ms); i++)
		step_any(&x);
	sim_calm(x.sim);
	while (!has_arrived(&x, s->end_ms) && ++step < STEPS_MAX)
		step_any(&x);
	if (step == STEPS_MAX && faults == 0)
		tell_stuck(&x);
	for (int id = 0; id < STAGE_N; id++)
		for (int k = 0; k < SLOTS; k++)
			worker_free(x.slots[id][k].worker);
	sim_pass(x.sim, 1000000);
	for (size_t t = 0; t < b->broker_list.n; t++)
		for (int p = 0; p < b->broker_list.items[t].partitions; p++)
			for (size_t at = 0; sim_next(x.sim, (int)t, p, &at, &rec);)
				take(r, rec);
	sim_free(x.sim);
	finish(r);
	return step < STEPS_MAX;
}

static bool run_seed(struct bench *b, uint64_t seed, unsigned faults)
{
	struct result memory = {.arena = ARENA_INIT}, broker = {.arena = ARENA_INIT};
	struct arena a = ARENA_INIT;
	struct gen_stream s;

	table_init(&memory.folded, 1);
	table_init(&broker.folded, 1);
	gen_make(&s, seed, MESSAGES, RAW_PARTITIONS, &a);
	run_memory(b, &s, &memory);
	bool same = run_broker(b, &s, seed, faults, &broker);
	if (!same && faults == 0)
		printf("seed %llu never comes to the end\n", (unsigned long long)seed);
	same = same && same_bag(&memory.records, &broker.records, faults == 0, seed) &&
	       same_bag(&memory.table, &broker.table, faults == 0, seed);
	result_release(&memory);
	result_release(&broker);
	arena_release(&a);
	return same;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, last = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;
	unsigned faults = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	struct bench b = {.arena = ARENA_INIT};
	int differ = 0;

	bench_open(&b);
	for (uint64_t seed = first; seed <= last && (faults == 0 || differ == 0); seed++)
		differ += !run_seed(&b, seed, faults);
	bench_close(&b);
	printf("%llu seeds, %d differ\n", (unsigned long long)(last - first + 1), differ);
	return faults == 0 ? differ != 0 : differ == 0;
}
