/* SPDX-License-Identifier: Apache-2.0 */
/* task - see task.h */
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/stream/order.h"
#include "lib/stream/task.h"

struct task *task_new(const struct worker_config *c, int topic, int partition)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->topic = topic;
	t->partition = partition;
	t->source = worker_source(c, topic, partition);
	if (c->state_topic >= 0)
		t->store = store_new(c->ops, c->stage, c->seed);
	waiting_init(&t->waiting);
	waiting_init(&t->late);
	t->now = t->committed = PROGRESS_INIT;
	t->committed_offset = -1;
	t->reached_ms = t->told_ms = t->idle_ms = TIME_NONE;
	return t;
}

void task_free(struct task *t)
{
	if (t == NULL)
		return;
	store_free(t->store);
	waiting_release(&t->waiting);
	waiting_release(&t->late);
	clocks_release(&t->clocks);
	clocks_release(&t->committed_clocks);
	progress_release(&t->now);
	progress_release(&t->committed);
	free(t);
}

static void set_reached(struct task *t)
{
	struct str rest;
	if (!order_get(buf_view(&t->now.applied), &t->reached_ms, &rest))
		t->reached_ms = TIME_NONE;
}

/* From what is committed. */
static void start_over(struct task *t)
{
	progress_copy(&t->now, &t->committed);
	t->next_offset = t->committed_offset < 0 ? 0 : t->committed_offset;
	t->catch_up = t->committed.read_upto;
	t->idle_ms = TIME_NONE;
	set_reached(t);
}

bool task_start(struct task *t, const struct log_position *committed)
{
	if (!progress_read(committed->meta, &t->committed))
		return false;
	t->committed_offset = committed->offset;
	t->told_ms = TIME_NONE;
	start_over(t);
	return true;
}

static void raise_clock(struct task *t, int64_t least_ms)
{
	if (least_ms > t->now.clock_ms)
		t->now.clock_ms = least_ms;
}

static void take_tick(struct task *t, const struct worker_config *c, struct str tick, int64_t now_ms)
{
	if (!clocks_tick(&t->clocks, tick, now_ms))
		return;
	raise_clock(t, clocks_least(&t->clocks, now_ms, c->stall_after_ms, &t->stalled));
}

/* What is committed is behind it: everything before the committed clock, and before the last record applied, is done. */
static bool is_done_with(const struct task *t, const struct log_record *rec, int64_t p_ms)
{
	return p_ms < t->committed.clock_ms || str_cmp(rec->order, buf_view(&t->committed.applied)) <= 0;
}

void task_take(struct task *t, const struct worker_config *c, const struct log_record *rec, int64_t now_ms,
               struct worker_stats *stats)
{
	bool read_before = rec->offset < t->catch_up;
	struct str rest;
	int64_t p_ms;

	t->next_offset = rec->offset + 1;
	if (t->next_offset > t->now.read_upto)
		t->now.read_upto = t->next_offset;
	if (rec->tick.n > 0) {
		take_tick(t, c, rec->tick, now_ms);
		return;
	}
	if (!order_get(rec->order, &p_ms, &rest)) {
		stats->skipped++; /* not written by us */
		return;
	}
	if (!is_done_with(t, rec, p_ms)) {
		waiting_add(&t->waiting, rec, p_ms);
	} else if (read_before) {
		stats->skipped++; /* late or not, it has been applied */
	} else {
		stats->late++;
		waiting_add(&t->late, rec, p_ms);
	}
}

void task_take_raw(struct task *t, const struct worker_config *c, const struct log_record *rec, int64_t now_ms)
{
	int64_t p_ms = rec->ts_ms;

	if (p_ms == TIME_NONE || (c->clock_limited && p_ms > now_ms))
		p_ms = now_ms;
	t->next_offset = rec->offset + 1;
	waiting_add(&t->waiting, rec, p_ms);
}

void task_idle(struct task *t, int64_t clock_ms)
{
	if (clock_ms > t->idle_ms)
		t->idle_ms = clock_ms;
}

/* Time order has caught up with everything that was read before a restart. */
static bool may_run(const struct task *t)
{
	return t->next_offset >= t->catch_up;
}

/* What comes next in time order, at *ret_ms: a timer (NULL) or a record. TIME_NEVER: nothing. */
static struct waiting_record *next_event(const struct task *t, const struct worker_config *c, int64_t *ret_ms)
{
	struct waiting_record *r = c != NULL && (c->faults & WORKER_FAULT_ON_ARRIVAL) && t->waiting.oldest != NULL
	                               ? t->waiting.oldest
	                               : waiting_first(&t->waiting);
	int64_t due_ms = t->store == NULL ? TIME_NEVER : store_next_due(t->store);

	if (r != NULL && r->p_ms < due_ms) {
		*ret_ms = r->p_ms;
		return r;
	}
	*ret_ms = due_ms;
	return NULL;
}

static bool is_past(const struct task *t, const struct worker_config *c, const struct waiting_record *r, int64_t at_ms)
{
	if (at_ms == TIME_NEVER)
		return false;
	if (c->ops->is_source)
		return true;
	if (r != NULL && (c->faults & WORKER_FAULT_ON_ARRIVAL))
		return true;
	if (r == NULL && (c->faults & WORKER_FAULT_FIRE_AT_CLOCK))
		return at_ms <= t->now.clock_ms;
	return at_ms < t->now.clock_ms;
}

bool task_is_ready(const struct task *t, const struct worker_config *c)
{
	int64_t at_ms;

	if (!may_run(t))
		return false;
	if (t->late.n > 0 || (t->waiting.n == 0 && t->idle_ms > t->now.clock_ms))
		return true;
	const struct waiting_record *r = next_event(t, c, &at_ms);
	return is_past(t, c, r, at_ms);
}

static struct stage_record as_stage_record(const struct task *t, const struct waiting_record *r)
{
	return (struct stage_record){
	    .log = &r->rec,
	    .p_ms = t->reached_ms,
	    .source = t->source,
	    .key = r->rec.key,
	    .value = r->rec.value,
	};
}

static int apply(struct task *t, const struct worker_config *c, struct waiting *from, struct waiting_record *r,
                 struct stage_out *out, struct err *err)
{
	const struct stage_record rec = as_stage_record(t, r);

	if (c->ops->apply(c->stage, t->store, &rec, out, err) < 0)
		return -1;
	if (t->store != NULL)
		store_settle(t->store);
	waiting_drop(from, r);
	return 0;
}

/* Records of a source have no stamp: p is their time or the clock, whichever is later, and becomes the clock. */
static void reach(struct task *t, const struct waiting_record *r)
{
	if (r->p_ms > t->now.clock_ms)
		t->now.clock_ms = r->p_ms;
	t->reached_ms = t->now.clock_ms;
}

void task_reject(struct task *t, const struct worker_config *c, const char *reason, struct stage_out *out)
{
	struct waiting_record *r = t->waiting.oldest;

	reach(t, r);
	const struct stage_record rec = as_stage_record(t, r);
	c->ops->reject(c->stage, &rec, reason, out);
	waiting_drop(&t->waiting, r);
}

/* At the clock, so that what comes of it is late nowhere else. All at once, whatever the limit: once they are committed as
 * read, nothing tells them from those that have been applied. */
int task_run_late(struct task *t, const struct worker_config *c, struct stage_out *out, struct worker_stats *stats,
                  struct err *err)
{
	for (; t->late.n > 0; stats->applied++) {
		if (t->reached_ms < t->committed.clock_ms)
			t->reached_ms = t->committed.clock_ms;
		if (apply(t, c, &t->late, waiting_first(&t->late), out, err) < 0)
			return -1;
	}
	return 0;
}

static int run_raw(struct task *t, const struct worker_config *c, struct waiting_record *r, struct stage_out *out,
                   struct err *err)
{
	reach(t, r);
	return apply(t, c, &t->waiting, r, out, err);
}

static int run_record(struct task *t, const struct worker_config *c, struct waiting_record *r, struct stage_out *out,
                      struct err *err)
{
	if (c->ops->is_source)
		return run_raw(t, c, r, out, err);
	if (r->p_ms > t->reached_ms)
		t->reached_ms = r->p_ms;
	buf_clear(&t->now.applied);
	buf_str(&t->now.applied, r->order);
	return apply(t, c, &t->waiting, r, out, err);
}

int task_run(struct task *t, const struct worker_config *c, int limit, struct stage_out *out,
             struct worker_stats *stats, struct err *err)
{
	int n = 0;

	if (!may_run(t))
		return 0;
	for (; n < limit; n++) {
		int64_t at_ms;
		struct waiting_record *r = next_event(t, c, &at_ms);

		if (!is_past(t, c, r, at_ms))
			break;
		if (r != NULL) {
			if (run_record(t, c, r, out, err) < 0)
				return -1;
			stats->applied++;
			continue;
		}
		if (at_ms > t->reached_ms)
			t->reached_ms = at_ms;
		if (store_fire(t->store, out, err) < 0)
			return -1;
		stats->fired++;
	}
	if (t->waiting.n == 0 && t->idle_ms > t->now.clock_ms)
		t->now.clock_ms = t->idle_ms;
	return n;
}

int64_t task_horizon(const struct task *t)
{
	int64_t at_ms, horizon_ms = t->now.clock_ms;

	if (!may_run(t))
		return t->told_ms;
	next_event(t, NULL, &at_ms);
	if (horizon_ms != TIME_NONE && at_ms < horizon_ms)
		horizon_ms = at_ms;
	return horizon_ms;
}

/* What goes into the metadata: the clock as far as everything before it has been done, never going back. */
static struct progress done(const struct task *t)
{
	struct progress p = t->now;
	int64_t horizon_ms = task_horizon(t);

	p.clock_ms = horizon_ms > t->committed.clock_ms ? horizon_ms : t->committed.clock_ms;
	return p;
}

struct log_position task_position(const struct task *t, struct buf *scratch)
{
	const struct progress p = done(t);
	int64_t oldest = waiting_oldest_offset(&t->waiting);
	int64_t offset = t->next_offset;
	size_t from = scratch->n;

	CHECK(t->late.n == 0);
	if (oldest >= 0 && oldest < offset)
		offset = oldest;
	progress_write(&p, scratch);
	return (struct log_position){t->topic, t->partition, offset, str_skip(buf_view(scratch), from)};
}

void task_commit(struct task *t)
{
	struct buf scratch = BUF_INIT;

	if (t->store != NULL)
		store_commit(t->store);
	t->committed_offset = task_position(t, &scratch).offset;
	buf_release(&scratch);
	const struct progress p = done(t);
	progress_copy(&t->committed, &p);
	clocks_copy(&t->committed_clocks, &t->clocks);
}

void task_abort(struct task *t, unsigned faults)
{
	if (t->store != NULL) {
		if (faults & WORKER_FAULT_KEEP_STATE)
			store_commit(t->store);
		else
			store_abort(t->store);
	}
	if (faults & WORKER_FAULT_NO_REWIND)
		return;
	waiting_clear(&t->waiting);
	waiting_clear(&t->late);
	clocks_copy(&t->clocks, &t->committed_clocks);
	start_over(t);
	raise_clock(t, clocks_least(&t->clocks, 0, TIME_NEVER, &t->stalled));
}
