/* SPDX-License-Identifier: Apache-2.0 */
/* memory - see memory.h */
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "main/memory.h"

static void count(void *arg, const char *name, int64_t n)
{
	struct memory_pipeline *m = arg;

	counts_add(&m->counts, str_from(name), n);
	if (m->board != NULL)
		board_count(m->board, name, n);
}

static int start_stage(struct memory_pipeline *m, enum stage_id id, struct err *err)
{
	struct worker_config wc;

	m->stages[id] = stage_instance_new(id, m->c, &m->topics, m->catalog, err);
	if (m->stages[id] == NULL)
		return -1;
	stage_instance_worker(m->stages[id], &wc);
	wc.name = STR("memory");
	wc.linger_ms = wc.tick_interval_ms = 0;
	wc.tick_refresh_ms = wc.stall_after_ms = wc.skew_ms = TIME_NEVER;
	wc.clock_limited = false;
	wc.count = count;
	wc.arg = m;
	m->workers[id] = worker_new(&wc, membus_open(m->bus, wc.inputs, wc.n_inputs));
	return 0;
}

int memory_start(struct memory_pipeline *m, struct config *c, size_t n_sources, membus_tap_fn *tap, void *arg,
                 struct err *err)
{
	*m = (struct memory_pipeline){.c = c, .n_sources = n_sources};
	c->raw = arena_alloc(&c->arena, sizeof(*c->raw));
	c->raw[0] = (struct raw_topic){"files", (int)n_sources};
	c->n_raw = 1;
	for (int t = 0; t < TOPIC_N && c->events.form == EVENT_OFF; t++)
		c->encodings[t] = ENC_MSGPACK; /* nobody else reads the bytes, and it is twice as fast */
	counts_init(&m->counts);
	if (config_load_key(c, true, err) < 0)
		return -1;
	m->catalog = catalog_load(&c->catalog, err);
	if (m->catalog == NULL)
		return -1;
	topic_list_make(&m->topics, c, 1, &m->arena);
	m->bus = membus_new(m->topics.items, m->topics.n);
	membus_tap(m->bus, tap, arg);
	for (int id = 0; id < STAGE_N; id++)
		if (start_stage(m, (enum stage_id)id, err) < 0)
			return -1;
	return memory_pump(m, err);
}

void memory_stop(struct memory_pipeline *m)
{
	for (int id = 0; id < STAGE_N; id++) {
		worker_free(m->workers[id]);
		stage_instance_free(m->stages[id]);
	}
	membus_free(m->bus);
	catalog_free(m->catalog);
	counts_release(&m->counts);
	arena_release(&m->arena);
}

void memory_line(struct memory_pipeline *m, size_t source, struct str text, int64_t ts_ms)
{
	const struct log_record rec = {
	    .topic = m->topics.raw[0], .partition = (int)source, .ts_ms = ts_ms, .value = text};
	membus_append(m->bus, &rec);
}

void memory_time(struct memory_pipeline *m, int64_t at_ms)
{
	for (size_t i = 0; i < m->n_sources; i++)
		membus_clock(m->bus, m->topics.raw[0], (int)i, at_ms);
}

int memory_pump(struct memory_pipeline *m, struct err *err)
{
	bool busy = true;

	while (busy) {
		busy = false;
		for (int id = 0; id < STAGE_N; id++) {
			enum worker_result r = worker_step(m->workers[id], 0, 0, err);
			if (r == WORKER_FENCED || r == WORKER_FATAL)
				return -1;
			busy |= r == WORKER_BUSY;
		}
	}
	return 0;
}

int64_t memory_after(const struct memory_pipeline *m, int64_t p_ms)
{
	int64_t interval_ms = m->c->queue.row_interval_ms;
	return (p_ms / interval_ms + 2) * interval_ms;
}
