/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker - see worker.h: the life of an assignment
 *
 *   IDLE ──assigned──▶ OFFSETS ──▶ WATERMARKS ──▶ RESTORING ──▶ RUNNING
 *     ▲                                                            │
 *     └───────────────── revoked, lost, restart ◀──────────────────┘
 *
 * The order of the first three is what keeps a slow old owner's last batch in the
 * state: its offsets commit before we ask for them, so its records lie below the
 * watermark that we ask for afterwards. One transaction is in transaction.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/stream/worker_priv.h"

void worker_note(const struct worker *w, enum worker_note_level level, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (w->c.note == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	w->c.note(w->c.arg, level, text);
}

uint32_t worker_source(const struct worker_config *c, int topic, int partition)
{
	uint32_t source = 0;

	for (size_t i = 0; i < c->n_inputs && c->inputs[i] != topic; i++)
		source += (uint32_t)c->topics[c->inputs[i]].partitions;
	return source + (uint32_t)partition;
}

uint32_t worker_n_sources(const struct worker_config *c)
{
	uint32_t n = 0;

	for (size_t i = 0; i < c->n_inputs; i++)
		n += (uint32_t)c->topics[c->inputs[i]].partitions;
	return n;
}

/* Readers of our ticks start anew when this changes. */
static uint64_t sources_hash(const struct worker_config *c)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct log_topic *t = &c->topics[c->inputs[i]];
		buf_fmt(&list, "%s/%d\n", t->name, t->partitions);
	}
	uint64_t hash = hash64(buf_view(&list), 0);
	buf_release(&list);
	return hash;
}

struct worker *worker_new(const struct worker_config *config, struct log *log)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->c = *config;
	w->log = log;
	w->tick_head = (struct tick_head){sources_hash(config), worker_n_sources(config)};
	w->ticked_ms = w->skew_checked_ms = TIME_NONE;
	transaction_init(w);
	return w;
}

static void drop_tasks(struct worker *w)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		task_free(w->tasks[i]);
	w->n_tasks = 0;
	if (w->phase == PHASE_RESTORING)
		w->log->ops->restore_close(w->log);
	w->phase = PHASE_IDLE;
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	drop_tasks(w);
	w->log->ops->close(w->log);
	transaction_release(w);
	free(w->tasks);
	free(w->positions);
	free(w->targets);
	buf_release(&w->scratch);
	free(w);
}

/* Positions of all tasks, offsets and metadata left open. */
static struct log_position *blank_positions(struct worker *w)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		w->positions[i] = (struct log_position){w->tasks[i]->topic, w->tasks[i]->partition, -1, STR_NONE};
	return w->positions;
}

static void assigned(struct worker *w, const struct log_event *ev)
{
	drop_tasks(w);
	w->tasks = xrealloc(w->tasks, (ev->n_parts + 1) * sizeof(struct task *));
	w->positions = xrealloc(w->positions, (ev->n_parts + 1) * sizeof(struct log_position));
	w->targets = xrealloc(w->targets, (ev->n_parts + 1) * sizeof(int64_t));
	for (size_t i = 0; i < ev->n_parts; i++)
		w->tasks[w->n_tasks++] = task_new(&w->c, ev->parts[i].topic, ev->parts[i].partition);
	w->phase = w->c.faults & WORKER_FAULT_WATERMARK_FIRST ? PHASE_WATERMARKS : PHASE_OFFSETS;
	w->stats.assignments++;
	worker_note(w, WORKER_NOTE_INFO, "%s: assigned %zu partitions", w->c.ops->name, ev->n_parts);
}

/* After a lost producer the same partitions are taken up anew. */
static void take_up_again(struct worker *w)
{
	size_t n = w->n_tasks;
	struct log_position *parts = xcalloc(n + 1, sizeof(*parts));

	for (size_t i = 0; i < n; i++)
		parts[i] = (struct log_position){w->tasks[i]->topic, w->tasks[i]->partition, -1, STR_NONE};
	const struct log_event ev = {.kind = LOG_ASSIGNED, .parts = parts, .n_parts = n};
	assigned(w, &ev);
	free(parts);
}

/* Turns what a call of the log came to into what the step came to; handles the ways back. */
enum worker_result worker_settle(struct worker *w, enum log_result result, struct err *err)
{
	switch (result) {
	case LOG_OK:
		return WORKER_BUSY;
	case LOG_RETRY:
	case LOG_ABORT:
	case LOG_REFUSED:
		return WORKER_IDLE;
	case LOG_RESTART:
		worker_note(w, WORKER_NOTE_WARN, "%s: producer lost, starting a new one: %s", w->c.ops->name, err->msg);
		result = w->log->ops->reopen(w->log, err);
		if (result != LOG_OK)
			return result == LOG_FENCED ? WORKER_FENCED : WORKER_FATAL;
		take_up_again(w);
		return WORKER_BUSY;
	case LOG_FENCED:
		return WORKER_FENCED;
	default:
		return WORKER_FATAL;
	}
}

static enum worker_result ask_offsets(struct worker *w, struct err *err)
{
	struct log_position *at = blank_positions(w);
	enum log_result result = w->log->ops->committed(w->log, at, w->n_tasks, err);

	if (result != LOG_OK)
		return worker_settle(w, result, err);
	for (size_t i = 0; i < w->n_tasks; i++) {
		if (task_start(w->tasks[i], &at[i]))
			continue;
		err_set(err, ERR_CONFIG, "%s: committed metadata of \"%s/%d\" is not of this version", w->c.ops->name,
		        w->c.topics[at[i].topic].name, at[i].partition);
		return WORKER_FATAL;
	}
	w->phase = w->c.faults & WORKER_FAULT_WATERMARK_FIRST ? PHASE_OPEN : PHASE_WATERMARKS;
	return WORKER_BUSY;
}

static enum worker_result ask_watermarks(struct worker *w, struct err *err)
{
	for (size_t i = 0; i < w->n_tasks; i++) {
		enum log_result result;

		w->targets[i] = 0;
		if (w->c.state_topic < 0)
			continue;
		result = w->log->ops->watermark(w->log, w->c.state_topic, w->tasks[i]->partition, &w->targets[i], err);
		if (result != LOG_OK)
			return worker_settle(w, result, err);
	}
	w->phase = w->c.faults & WORKER_FAULT_WATERMARK_FIRST ? PHASE_OFFSETS : PHASE_OPEN;
	return WORKER_BUSY;
}

static enum worker_result open_restore(struct worker *w, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_tasks; i++)
		if (w->targets[i] > 0)
			w->positions[n++] =
			    (struct log_position){w->c.state_topic, w->tasks[i]->partition, -1, STR_NONE};
	if (n > 0) {
		enum log_result result = w->log->ops->restore_open(w->log, w->positions, n, err);
		if (result != LOG_OK)
			return worker_settle(w, result, err);
	}
	w->n_restoring = n;
	w->phase = PHASE_RESTORING;
	return WORKER_BUSY;
}

static enum worker_result start_running(struct worker *w, struct err *err)
{
	struct log_position *at = blank_positions(w);

	for (size_t i = 0; i < w->n_tasks; i++)
		at[i].offset = w->tasks[i]->committed_offset;
	enum log_result result = w->log->ops->assign(w->log, at, w->n_tasks, err);
	if (result != LOG_OK)
		return worker_settle(w, result, err);
	w->log->ops->restore_close(w->log);
	w->phase = PHASE_RUNNING;
	w->ticked_ms = TIME_NONE;
	if (w->c.state_topic >= 0)
		worker_note(w, WORKER_NOTE_INFO, "%s: restored %" PRId64 " state records for %zu partitions",
		            w->c.ops->name, w->restored, w->n_tasks);
	w->restored = 0;
	return WORKER_BUSY;
}

static size_t task_of_state(const struct worker *w, int partition)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		if (w->tasks[i]->partition == partition)
			return i;
	CHECK(!"a state record of a partition that was not asked for");
	return 0;
}

static enum worker_result restore_record(struct worker *w, const struct log_record *rec, struct err *err)
{
	struct task *t = w->tasks[task_of_state(w, rec->partition)];

	if (rec->tick.n == 0 && store_restore(t->store, rec->key, rec->value, err) < 0) {
		err_prefix(err, "state record %" PRId64 " of \"%s/%d\"", rec->offset, w->c.topics[rec->topic].name,
		           rec->partition);
		return WORKER_FATAL;
	}
	w->stats.restored++;
	if (++w->restored % 1000000 == 0)
		worker_note(w, WORKER_NOTE_INFO, "%s: restoring, %" PRId64 " state records so far", w->c.ops->name,
		            w->restored);
	return WORKER_BUSY;
}

static enum worker_result restore(struct worker *w, int timeout_ms, struct err *err)
{
	struct log_event ev;
	int64_t *target;

	if (w->n_restoring == 0)
		return start_running(w, err);
	enum log_result result = w->log->ops->restore_poll(w->log, timeout_ms, &ev, err);
	if (result != LOG_OK)
		return worker_settle(w, result, err);
	if (ev.kind == LOG_NOTHING)
		return WORKER_IDLE;
	if (ev.kind == LOG_RECORD && restore_record(w, &ev.rec, err) == WORKER_FATAL)
		return WORKER_FATAL;
	target = &w->targets[task_of_state(w, ev.rec.partition)];
	int64_t read_upto = ev.kind == LOG_RECORD ? ev.rec.offset + 1 : ev.rec.offset;
	if (*target > 0 && read_upto >= *target) {
		*target = 0;
		w->n_restoring--;
	}
	return WORKER_BUSY;
}

/* Serves the group while no input is taken. */
static enum worker_result serve_group(struct worker *w, int timeout_ms, struct err *err)
{
	struct log_event ev;
	enum log_result result = w->log->ops->poll(w->log, timeout_ms, &ev, err);

	if (result != LOG_OK)
		return worker_settle(w, result, err);
	return worker_take(w, &ev, 0) ? WORKER_BUSY : WORKER_IDLE;
}

static struct task *find_task(const struct worker *w, int topic, int partition)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		if (w->tasks[i]->partition == partition && w->tasks[i]->topic == topic)
			return w->tasks[i];
	return NULL;
}

bool worker_take(struct worker *w, const struct log_event *ev, int64_t now_ms)
{
	struct task *t;

	if ((ev->kind == LOG_RECORD || ev->kind == LOG_CLOCK) && w->phase != PHASE_RUNNING)
		return true; /* the partitions are being taken up anew: assign() will go back to it */
	switch (ev->kind) {
	case LOG_ASSIGNED:
		assigned(w, ev);
		return true;
	case LOG_REVOKED:
	case LOG_LOST:
		worker_note(w, WORKER_NOTE_INFO, "%s: gave up %zu partitions", w->c.ops->name, w->n_tasks);
		drop_tasks(w);
		return true;
	case LOG_RECORD:
		t = find_task(w, ev->rec.topic, ev->rec.partition);
		CHECK(t != NULL);
		w->stats.records++;
		if (w->c.ops->is_source)
			task_take_raw(t, &w->c, &ev->rec, now_ms);
		else
			task_take(t, &w->c, &ev->rec, now_ms, &w->stats);
		return true;
	case LOG_CLOCK:
		t = find_task(w, ev->rec.topic, ev->rec.partition);
		if (t != NULL)
			task_idle(t, ev->clock_ms);
		return true;
	default:
		return false;
	}
}

enum worker_result worker_step(struct worker *w, int64_t now_ms, int timeout_ms, struct err *err)
{
	enum worker_result result = WORKER_IDLE;

	if (w->phase == PHASE_RUNNING)
		return worker_cycle(w, now_ms, timeout_ms, err);
	enum worker_result group = serve_group(w, w->phase == PHASE_IDLE ? timeout_ms : 0, err);
	if (group != WORKER_IDLE)
		return group;
	switch (w->phase) {
	case PHASE_OFFSETS:
		result = ask_offsets(w, err);
		break;
	case PHASE_WATERMARKS:
		result = ask_watermarks(w, err);
		break;
	case PHASE_OPEN:
		result = open_restore(w, err);
		break;
	case PHASE_RESTORING:
		for (int i = 0; i < w->c.batch && w->phase == PHASE_RESTORING; i++) {
			result = restore(w, i == 0 ? timeout_ms : 0, err);
			if (result != WORKER_BUSY)
				break;
		}
		break;
	default:
		break;
	}
	return result;
}

const struct worker_stats *worker_stats(const struct worker *w)
{
	return &w->stats;
}

struct worker_phase worker_phase(const struct worker *w)
{
	static const char *const words[] = {
	    [PHASE_IDLE] = "waits to be given partitions",
	    [PHASE_OFFSETS] = "asks for committed offsets",
	    [PHASE_WATERMARKS] = "asks for the ends of the state",
	    [PHASE_OPEN] = "begins to read the state",
	    [PHASE_RESTORING] = "reads the state",
	    [PHASE_RUNNING] = "runs",
	};

	return (struct worker_phase){
	    .words = words[w->phase],
	    .running = w->phase == PHASE_RUNNING,
	    .restoring = w->phase == PHASE_RESTORING ? w->n_restoring : 0,
	};
}

size_t worker_tasks(const struct worker *w)
{
	return w->n_tasks;
}

struct worker_task worker_task(const struct worker *w, size_t i)
{
	const struct task *t = w->tasks[i];
	return (struct worker_task){
	    .topic = t->topic,
	    .partition = t->partition,
	    .source = t->source,
	    .clock_ms = t->now.clock_ms,
	    .offset = t->next_offset,
	    .waiting = t->waiting.n + t->late.n,
	    .stalled = t->stalled,
	    .entries = t->store == NULL ? 0 : store_size(t->store),
	    .running = w->phase == PHASE_RUNNING,
	    .store = t->store,
	};
}
