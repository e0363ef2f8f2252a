/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction - one cycle of a running worker: gather input, apply it, make it final
 *
 * Everything that a transaction changes is in the overlay of the stores, in the tasks'
 * progress and in struct transaction; a failure puts all of it back and reads the
 * input again from the last committed offsets. The tick is its last record, so that
 * whoever reads it has everything that it vouches for. Every transaction sends the
 * offsets of all our partitions: brokers fence a stale owner only there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/stream/order.h"
#include "lib/stream/worker_priv.h"

enum { TRIES = 5, REFUSALS_MAX = 3 };

static void remember(struct transaction *x, enum log_result result)
{
	if (x->result == LOG_OK)
		x->result = result;
}

static void produce(struct transaction *x, const struct log_record *rec)
{
	const struct log_ops *log = x->w->log->ops;

	if (x->result != LOG_OK)
		return;
	remember(x, log->produce(x->w->log, rec, &x->err));
	x->produced++;
}

static void dress(const struct transaction *x, const struct out_record *o, struct log_record *rec)
{
	if (x->w->c.dress != NULL && rec->value.p != NULL)
		x->w->c.dress(x->w->c.dress_arg, o, rec);
}

static void put(struct stage_out *out, const struct out_record *o)
{
	struct transaction *x = (struct transaction *)out;
	struct str part_key = o->part_key.n > 0 ? o->part_key : o->key;
	struct log_record rec = {
	    .topic = o->topic,
	    .partition = hash_partition(part_key, x->w->c.topics[o->topic].partitions),
	    .ts_ms = x->now_ms,
	    .key = o->key,
	    .value = o->value,
	    .n_headers = o->n_headers,
	};

	memcpy(rec.headers, o->headers, o->n_headers * sizeof(*o->headers));
	if (o->rest.n > 0) {
		buf_clear(&x->order);
		order_put(&x->order, o->p_ms, o->rest);
		rec.order = buf_view(&x->order);
	}
	dress(x, o, &rec);
	produce(x, &rec);
}

/* Names are literals: the same name is mostly the same pointer. */
static void count(struct stage_out *out, const char *name, int64_t n)
{
	struct counts *counts = &((struct transaction *)out)->counts;

	for (size_t i = 0; i < counts->n; i++) {
		if (counts->names[i] == name) {
			counts->values[i] += n;
			return;
		}
	}
	CHECK(counts->n < COUNTS_MAX);
	counts->names[counts->n] = name;
	counts->values[counts->n++] = n;
}

void transaction_init(struct worker *w)
{
	w->txn = (struct transaction){.out = {put, count}, .w = w, .suspect_offset = -1};
}

void transaction_release(struct worker *w)
{
	buf_release(&w->txn.order);
	buf_release(&w->txn.tick);
}

/* Reads what is there, up to a batch. The group may take the partitions away meanwhile: the phase tells. */
static enum worker_result gather(struct worker *w, int64_t now_ms, int timeout_ms, struct err *err)
{
	int limit = w->txn.isolate > 0 ? 1 : w->c.batch;
	int n = 0;

	while (n < limit && w->phase == PHASE_RUNNING) {
		struct log_event ev;
		enum log_result result = w->log->ops->poll(w->log, n == 0 ? timeout_ms : 0, &ev, err);

		if (result != LOG_OK) {
			enum worker_result r = worker_settle(w, result, err);
			if (r != WORKER_IDLE)
				return r;
			break;
		}
		if (!worker_take(w, &ev, now_ms))
			break;
		n++;
	}
	return n > 0 ? WORKER_BUSY : WORKER_IDLE;
}

static size_t total_waiting(const struct worker *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n_tasks; i++)
		n += w->tasks[i]->waiting.n;
	return n;
}

static bool some_task_ready(const struct worker *w)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		if (task_is_ready(w->tasks[i], &w->c))
			return true;
	return false;
}

static bool some_clock_moved(const struct worker *w)
{
	for (size_t i = 0; i < w->n_tasks; i++)
		if (task_horizon(w->tasks[i]) > w->tasks[i]->told_ms)
			return true;
	return false;
}

/* A tick, or for a stage without readers the commit of its progress, is due. */
static bool tick_due(const struct worker *w, int64_t now_ms)
{
	if (w->n_tasks == 0)
		return false;
	if (w->ticked_ms == TIME_NONE)
		return some_clock_moved(w);
	int64_t since_ms = now_ms - w->ticked_ms;
	if (since_ms >= w->c.tick_interval_ms && some_clock_moved(w))
		return true;
	return w->c.tick_refresh_ms != TIME_NEVER && since_ms >= w->c.tick_refresh_ms;
}

static bool work_due(const struct worker *w, int64_t now_ms)
{
	if (w->c.linger_ms > 0 && w->txn.now_ms + w->c.linger_ms > now_ms && total_waiting(w) < (size_t)w->c.batch)
		return false;
	return some_task_ready(w) || tick_due(w, now_ms);
}

/* The suspect record has failed often enough: its source takes it to the dead letters, unless these are refused, too. */
static int reject_suspect(struct worker *w, struct err *err)
{
	struct transaction *x = &w->txn;

	for (size_t i = 0; i < w->n_tasks; i++) {
		struct task *t = w->tasks[i];
		if (t != x->suspect_task || waiting_oldest_offset(&t->waiting) != x->suspect_offset)
			continue;
		if (w->c.ops->reject == NULL || x->refusals >= 2 * REFUSALS_MAX)
			return err_set(err, ERR_FATAL,
			               "%s: the broker refuses what comes of record %" PRId64
			               " of \"%s/%d\" (larger than the topic's max.message.bytes?)",
			               w->c.ops->name, x->suspect_offset, w->c.topics[t->topic].name, t->partition);
		task_reject(t, &w->c, "refused_by_broker", &x->out);
		x->rejected = true;
		break;
	}
	return 0;
}

static int run_tasks(struct worker *w, struct err *err)
{
	struct transaction *x = &w->txn;
	int limit = x->isolate > 0 ? 1 : w->c.batch;

	if (x->refusals >= REFUSALS_MAX && reject_suspect(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_tasks; i++)
		if (task_run_late(w->tasks[i], &w->c, &x->out, &w->stats, err) < 0)
			return -1;
	for (size_t i = 0; i < w->n_tasks; i++) {
		int n = task_run(w->tasks[i], &w->c, limit, &x->out, &w->stats, err);
		if (n < 0)
			return -1;
		if (n > 0 && x->isolate > 0)
			break;
	}
	return 0;
}

struct state_write {
	struct transaction *x;
	int partition;
};

static int write_state(void *arg, struct str key, const void *entry, struct str value)
{
	const struct state_write *s = arg;
	const struct worker_config *c = &s->x->w->c;
	struct log_record rec = {
	    .topic = c->state_topic,
	    .partition = s->partition,
	    .ts_ms = s->x->now_ms,
	    .key = key,
	    .value = value,
	};

	if (entry != NULL && c->ops->time != NULL) {
		const struct out_record o = {.topic = c->state_topic,
		                             .key = key,
		                             .value = value,
		                             .p_ms = TIME_NONE,
		                             .about.time_ms = c->ops->time(entry)};
		dress(s->x, &o, &rec);
	}
	produce(s->x, &rec);
	return 0;
}

static void write_states(struct worker *w)
{
	for (size_t i = 0; i < w->n_tasks; i++) {
		struct state_write s = {&w->txn, w->tasks[i]->partition};
		if (w->tasks[i]->store != NULL)
			store_changes(w->tasks[i]->store, write_state, &s);
	}
}

static void write_tick(struct worker *w)
{
	struct transaction *x = &w->txn;
	struct log_record rec = {.topic = w->c.tick_topic, .ts_ms = x->now_ms, .value = {NULL, 0}};
	bool first = w->c.faults & WORKER_FAULT_TICK_FIRST;

	if (w->c.tick_topic < 0)
		return;
	buf_clear(&x->tick);
	tick_begin(&x->tick, &w->tick_head);
	for (size_t i = 0; i < w->n_tasks; i++) {
		int64_t clock_ms = first ? w->tasks[i]->now.clock_ms : task_horizon(w->tasks[i]);
		if (clock_ms != TIME_NONE)
			tick_add(&x->tick, w->tasks[i]->source, clock_ms);
	}
	rec.tick = buf_view(&x->tick);
	if (w->c.tick_keyed)
		rec.key = w->c.name;
	for (rec.partition = 0; rec.partition < w->c.topics[w->c.tick_topic].partitions; rec.partition++) {
		produce(x, &rec);
		w->stats.ticks++;
	}
}

static enum log_result again(struct worker *w, enum log_result (*call)(struct log *, struct err *), struct err *err)
{
	enum log_result result = LOG_RETRY;
	for (int i = 0; i < TRIES && result == LOG_RETRY; i++)
		result = call(w->log, err);
	return result;
}

static enum log_result send_offsets(struct worker *w, struct err *err)
{
	enum log_result result = LOG_RETRY;

	/* reserved in one go, so that the views into it stay valid */
	buf_clear(&w->scratch);
	buf_reserve(&w->scratch, w->n_tasks * PROGRESS_META_MAX);
	for (size_t i = 0; i < w->n_tasks; i++)
		w->positions[i] = task_position(w->tasks[i], &w->scratch);
	CHECK(w->scratch.n <= w->n_tasks * PROGRESS_META_MAX);
	for (int i = 0; i < TRIES && result == LOG_RETRY; i++)
		result = w->log->ops->send_offsets(w->log, w->positions, w->n_tasks, err);
	return result;
}

static void fold(struct worker *w, bool ticked)
{
	struct transaction *x = &w->txn;

	for (size_t i = 0; i < w->n_tasks; i++) {
		if (ticked)
			w->tasks[i]->told_ms = task_horizon(w->tasks[i]);
		task_commit(w->tasks[i]);
	}
	if (ticked)
		w->ticked_ms = x->now_ms;
	for (size_t i = 0; i < x->counts.n && w->c.count != NULL; i++)
		w->c.count(w->c.arg, x->counts.names[i], x->counts.values[i]);
	w->stats.commits++;
	w->stats.produced += x->produced;
	if (x->rejected) {
		w->stats.rejected++;
		x->refusals = 0;
		x->suspect_offset = -1;
	}
	if (x->isolate > 0)
		x->isolate--;
}

/* One record was in the transaction that the log refused: count against it. */
static void suspect(struct worker *w)
{
	struct transaction *x = &w->txn;
	int64_t offset = -1;
	const struct task *who = NULL;

	if (x->isolate == 0) {
		x->isolate = w->c.batch;
		return;
	}
	for (size_t i = 0; i < w->n_tasks && who == NULL; i++) {
		const struct task *t = w->tasks[i];
		offset = t->committed_offset < 0 ? 0 : t->committed_offset;
		if (t->next_offset > offset)
			who = t;
	}
	x->refusals = who == x->suspect_task && offset == x->suspect_offset ? x->refusals + 1 : 1;
	x->suspect_task = who;
	x->suspect_offset = offset;
}

static enum worker_result undo(struct worker *w, enum log_result result, struct err *err)
{
	w->stats.aborts++;
	worker_note(w, WORKER_NOTE_WARN, "%s: transaction lost: %s", w->c.ops->name, err->msg);
	if (result == LOG_REFUSED)
		suspect(w);
	if (result == LOG_ABORT || result == LOG_REFUSED || result == LOG_RETRY) {
		result = again(w, w->log->ops->abort, err);
		if (result == LOG_RETRY)
			result = LOG_RESTART;
	}
	if (result != LOG_OK)
		return worker_settle(w, result, err);
	for (size_t i = 0; i < w->n_tasks; i++) {
		task_abort(w->tasks[i], w->c.faults);
		w->positions[i] = (struct log_position){w->tasks[i]->topic, w->tasks[i]->partition,
		                                        w->tasks[i]->committed_offset, STR_NONE};
	}
	if (w->c.faults & WORKER_FAULT_NO_REWIND)
		return WORKER_BUSY;
	result = w->log->ops->seek(w->log, w->positions, w->n_tasks, err);
	return worker_settle(w, result == LOG_RETRY ? LOG_RESTART : result, err);
}

static enum worker_result transact(struct worker *w, int64_t now_ms, struct err *err)
{
	struct transaction *x = &w->txn;
	bool tick_first = w->c.faults & WORKER_FAULT_TICK_FIRST, ticked = false;

	x->now_ms = now_ms;
	x->produced = 0;
	x->counts.n = 0;
	x->rejected = false;
	x->err = (struct err){0};
	x->result = again(w, w->log->ops->begin, err);
	if (x->result != LOG_OK)
		return worker_settle(w, x->result == LOG_RETRY ? LOG_RESTART : x->result, err);
	if (tick_first && (ticked = tick_due(w, now_ms)))
		write_tick(w);
	if (run_tasks(w, err) < 0) {
		struct err ignored;
		again(w, w->log->ops->abort, &ignored);
		return WORKER_FATAL;
	}
	write_states(w);
	if (!tick_first && (ticked = tick_due(w, now_ms)))
		write_tick(w);
	if (x->result == LOG_OK)
		x->result = send_offsets(w, &x->err);
	if (x->result == LOG_OK)
		x->result = again(w, w->log->ops->commit, &x->err);
	if (x->result != LOG_OK) {
		*err = x->err;
		return undo(w, x->result, err);
	}
	fold(w, ticked);
	return WORKER_BUSY;
}

/* Holds back our partitions that are far ahead of the least of the whole group, so that no reader must keep much waiting. */
static enum log_result check_skew(struct worker *w, struct err *err)
{
	uint32_t n = w->tick_head.n_sources;
	struct log_position *at = xcalloc(n, sizeof(*at));
	struct progress p = PROGRESS_INIT;
	int64_t least_ms = TIME_NEVER;
	uint32_t k = 0;

	for (size_t i = 0; i < w->c.n_inputs; i++)
		for (int j = 0; j < w->c.topics[w->c.inputs[i]].partitions; j++)
			at[k++] = (struct log_position){w->c.inputs[i], j, -1, STR_NONE};
	enum log_result result = w->log->ops->committed(w->log, at, n, err);
	for (k = 0; result == LOG_OK && k < n; k++)
		if (at[k].offset >= 0 && progress_read(at[k].meta, &p) && p.clock_ms != TIME_NONE &&
		    p.clock_ms < least_ms)
			least_ms = p.clock_ms;
	progress_release(&p);
	free(at);
	for (size_t i = 0; result == LOG_OK && i < w->n_tasks; i++) {
		struct task *t = w->tasks[i];
		bool pause = least_ms != TIME_NEVER && t->now.clock_ms - least_ms > w->c.skew_ms;
		if (pause != t->paused)
			w->log->ops->pause(w->log, t->topic, t->partition, pause);
		t->paused = pause;
	}
	return result;
}

enum worker_result worker_cycle(struct worker *w, int64_t now_ms, int timeout_ms, struct err *err)
{
	enum worker_result gathered = gather(w, now_ms, timeout_ms, err);

	if (w->phase != PHASE_RUNNING || gathered == WORKER_FENCED || gathered == WORKER_FATAL)
		return gathered;
	if (w->c.skew_ms != TIME_NEVER &&
	    (w->skew_checked_ms == TIME_NONE || now_ms - w->skew_checked_ms >= w->c.skew_every_ms)) {
		w->skew_checked_ms = now_ms;
		enum log_result result = check_skew(w, err);
		if (result != LOG_OK && result != LOG_RETRY)
			return worker_settle(w, result, err);
	}
	return work_due(w, now_ms) ? transact(w, now_ms, err) : gathered;
}
