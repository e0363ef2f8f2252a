/* SPDX-License-Identifier: Apache-2.0 */
/* sim_group - see sim.h: groups, assignments, and the consumer's half of the log */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "tests/sim/sim_priv.h"

static struct sim_group *group_of(struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (strcmp(s->groups[i].name, name) == 0)
			return &s->groups[i];
	CHECK(s->n_groups < SIM_GROUPS_MAX);
	struct sim_group *g = &s->groups[s->n_groups++];
	snprintf(g->name, sizeof(g->name), "%s", name);
	return g;
}

void sim_groups_free(struct sim *s)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		for (size_t k = 0; k < s->groups[i].n_offsets; k++)
			free(s->groups[i].offsets[k].meta);
		free(s->groups[i].offsets);
	}
}

static struct sim_offset *find_offset(const struct sim_group *g, int topic, int partition)
{
	for (size_t i = 0; i < g->n_offsets; i++)
		if (g->offsets[i].topic == topic && g->offsets[i].partition == partition)
			return &g->offsets[i];
	return NULL;
}

void sim_store_offsets(struct sim *s, const struct sim_txn *t)
{
	struct sim_group *g = t->group;

	(void)s;
	for (size_t i = 0; g != NULL && i < t->n_offsets; i++) {
		const struct sim_offset *from = &t->offsets[i];
		struct sim_offset *to = find_offset(g, from->topic, from->partition);
		if (to == NULL) {
			g->offsets = xrealloc(g->offsets, (g->n_offsets + 1) * sizeof(*g->offsets));
			to = &g->offsets[g->n_offsets++];
			to->meta = NULL;
		}
		free(to->meta);
		*to = *from;
		to->meta = xmalloc(from->n_meta + 1);
		memcpy(to->meta, from->meta, from->n_meta);
	}
}

struct log_position sim_committed(const struct sim *s, const char *group, int topic, int partition)
{
	struct log_position at = {topic, partition, -1, STR_NONE};
	const struct sim_offset *o = find_offset(group_of((struct sim *)(uintptr_t)s, group), topic, partition);

	if (o != NULL) {
		at.offset = o->offset;
		at.meta = str_of(o->meta, o->n_meta);
	}
	return at;
}

bool sim_is_current(const struct sim_log *l)
{
	return l->member && l->generation == l->group->generation;
}

static void begin_rebalance(struct sim *s, struct sim_group *g)
{
	for (size_t i = 0; i < g->n_members; i++)
		g->members[i]->joined = false;
	g->rebalancing = true;
	g->rebalance_began_ms = s->now_ms;
}

static void remove_member(struct sim_group *g, struct sim_log *l)
{
	for (size_t i = 0; i < g->n_members; i++) {
		if (g->members[i] != l)
			continue;
		memmove(&g->members[i], &g->members[i + 1], (g->n_members - i - 1) * sizeof(*g->members));
		g->n_members--;
		break;
	}
	l->member = l->joined = false;
}

static int by_name(const void *a, const void *b)
{
	const struct sim_log *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

static void join(struct sim_log *l)
{
	struct sim_group *g = l->group;

	if (!l->member) {
		CHECK(g->n_members < SIM_MEMBERS_MAX);
		g->members[g->n_members++] = l;
		qsort(g->members, g->n_members, sizeof(*g->members), by_name);
		l->member = true;
		begin_rebalance(l->s, g);
	}
	l->joined = true;
}

/* Range, topic by topic: the first members get one more. */
static void assign_all(struct sim_group *g)
{
	g->generation++;
	g->rebalancing = false;
	for (size_t i = 0; i < g->n_members; i++) {
		struct sim_log *l = g->members[i];
		l->n_scratch = 0;
		l->fresh = true;
		l->generation = g->generation;
		for (size_t t = 0; t < l->n_inputs; t++) {
			size_t n = (size_t)l->s->topics[l->inputs[t]].partitions, k = g->n_members;
			size_t from = i * (n / k) + (i < n % k ? i : n % k), count = n / k + (i < n % k);
			for (size_t p = from; p < from + count; p++)
				l->scratch[l->n_scratch++] = (struct log_position){l->inputs[t], (int)p, -1, STR_NONE};
		}
	}
}

static void try_to_finish(struct sim *s, struct sim_group *g)
{
	bool late = s->now_ms - g->rebalance_began_ms > SIM_SESSION_MS;

	if (!g->rebalancing)
		return;
	for (size_t i = 0; i < g->n_members; i++) {
		struct sim_log *l = g->members[i];
		if (l->joined)
			continue;
		if (!late)
			return;
		l->must_lose = true;
		remove_member(g, l);
		i = (size_t)-1;
	}
	if (g->n_members > 0)
		assign_all(g);
	else
		g->rebalancing = false;
}

void sim_expel(struct sim_log *l)
{
	if (!l->member)
		return;
	l->must_lose = true;
	remove_member(l->group, l);
	begin_rebalance(l->s, l->group);
}

void sim_leave(struct sim_log *l)
{
	if (!l->member)
		return;
	remove_member(l->group, l);
	begin_rebalance(l->s, l->group);
}

void sim_forget(struct sim_log *l)
{
	if (l->member)
		sim_leave(l);
}

void sim_groups_pass(struct sim *s)
{
	for (size_t i = 0; i < s->n_groups; i++)
		try_to_finish(s, &s->groups[i]);
}

void sim_kill(struct log *log)
{
	struct sim_log *l = (struct sim_log *)log;

	l->dead = true;
	l->died_ms = l->s->now_ms;
}

bool sim_is_dead(const struct log *log)
{
	const struct sim_log *l = (const struct sim_log *)log;
	return l->dead || l->fenced;
}

/* REVOKED or LOST first, then the way back into the group. */
static bool group_event(struct sim_log *l, struct log_event *ret)
{
	if (l->must_lose) {
		l->must_lose = l->fresh = false;
		ret->kind = l->holds ? LOG_LOST : LOG_NOTHING;
		l->holds = false;
		l->generation = -1;
		l->n_reads = 0;
		return ret->kind != LOG_NOTHING;
	}
	if (l->group->rebalancing && !l->joined && l->holds) {
		ret->kind = LOG_REVOKED;
		l->holds = false;
		l->n_reads = 0;
		return true;
	}
	if (!l->member || (l->group->rebalancing && !l->joined))
		join(l);
	try_to_finish(l->s, l->group);
	if (l->fresh && !l->group->rebalancing) {
		l->fresh = false;
		l->holds = true;
		*ret = (struct log_event){.kind = LOG_ASSIGNED, .parts = l->scratch, .n_parts = l->n_scratch};
		return true;
	}
	return false;
}

static bool read_one(struct sim_log *l, struct sim_read *r, struct log_event *ret)
{
	const struct sim_part *p = &l->s->parts[r->topic][r->partition];
	int64_t end = sim_stable_end(l->s, r->topic, r->partition);

	for (; r->at < end; r->at++) {
		if (!sim_visible(&p->items[r->at]))
			continue;
		ret->kind = LOG_RECORD;
		ret->rec = p->items[r->at++].rec;
		return true;
	}
	return false;
}

static enum log_result poll_inputs(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)timeout_ms, (void)err;
	*ret = (struct log_event){.kind = LOG_NOTHING};
	if (result != LOG_OK || group_event(l, ret))
		return result;
	if (l->n_reads == 0 || sim_random(l->s, 10) == 0)
		return LOG_OK; /* nothing has arrived yet */
	l->turn = sim_random(l->s, (uint32_t)l->n_reads);
	for (size_t i = 0; i < l->n_reads; i++)
		if (read_one(l, &l->reads[(l->turn + i) % l->n_reads], ret))
			break;
	return LOG_OK;
}

static enum log_result committed(struct log *log, struct log_position *inout, size_t n, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	if (result != LOG_OK)
		return result;
	for (const struct sim_txn *t = l->s->open; t != NULL; t = t->next) {
		if (t->group == l->group) {
			err_set(err, ERR_RETRY, "offsets are unstable");
			return LOG_RETRY;
		}
	}
	for (size_t i = 0; i < n; i++)
		inout[i] = sim_committed(l->s, l->group->name, inout[i].topic, inout[i].partition);
	return LOG_OK;
}

static enum log_result watermark(struct log *log, int topic, int partition, int64_t *ret, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)err;
	if (result == LOG_OK)
		*ret = (int64_t)l->s->parts[topic][partition].n;
	return result;
}

static enum log_result seek(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)err;
	if (result != LOG_OK)
		return result;
	l->reads = xrealloc(l->reads, (n + 1) * sizeof(*l->reads));
	l->n_reads = 0;
	for (size_t i = 0; i < n; i++)
		l->reads[l->n_reads++] =
		    (struct sim_read){at[i].topic, at[i].partition, at[i].offset < 0 ? 0 : at[i].offset, -1};
	return LOG_OK;
}

static void no_pause(struct log *log, int topic, int partition, bool on)
{
	(void)log, (void)topic, (void)partition, (void)on;
}

static enum log_result restore_open(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)err;
	if (result != LOG_OK)
		return result;
	l->restores = xrealloc(l->restores, (n + 1) * sizeof(*l->restores));
	l->n_restores = n;
	for (size_t i = 0; i < n; i++)
		l->restores[i] = (struct sim_read){at[i].topic, at[i].partition, 0, -1};
	return LOG_OK;
}

static enum log_result restore_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)timeout_ms, (void)err;
	*ret = (struct log_event){.kind = LOG_NOTHING};
	for (size_t i = 0; result == LOG_OK && i < l->n_restores; i++) {
		struct sim_read *r = &l->restores[i];
		if (read_one(l, r, ret))
			break;
		if (r->told_eof == r->at)
			continue;
		r->told_eof = r->at;
		ret->kind = LOG_EOF;
		ret->rec = (struct log_record){.topic = r->topic, .partition = r->partition, .offset = r->at};
		break;
	}
	return result;
}

static void restore_close(struct log *log)
{
	((struct sim_log *)log)->n_restores = 0;
}

static const struct log_ops ops = {
    .poll = poll_inputs,
    .committed = committed,
    .watermark = watermark,
    .assign = seek,
    .seek = seek,
    .pause = no_pause,
    .restore_open = restore_open,
    .restore_poll = restore_poll,
    .restore_close = restore_close,
    .begin = sim_begin,
    .produce = sim_produce,
    .send_offsets = sim_send_offsets,
    .commit = sim_commit,
    .abort = sim_abort,
    .reopen = sim_reopen,
    .close = sim_close,
};

/* The older instance of the name is fenced, and its place in the group is ours. */
static void take_over(struct sim_log *l)
{
	for (size_t i = 0; i < l->group->n_members; i++) {
		struct sim_log *old = l->group->members[i];
		if (strcmp(old->name, l->name) != 0)
			continue;
		old->fenced = true;
		remove_member(l->group, old);
		return;
	}
}

struct log *sim_open(struct sim *s, const char *group, const char *name, const int *inputs, size_t n_inputs)
{
	struct sim_log *l = xcalloc(1, sizeof(*l));
	size_t n = 0;

	l->log.ops = &ops;
	l->s = s;
	l->group = group_of(s, group);
	snprintf(l->name, sizeof(l->name), "%s", name);
	l->id = hash64(str_from(name), 7);
	l->inputs = inputs;
	l->n_inputs = n_inputs;
	l->generation = -1;
	for (size_t i = 0; i < n_inputs; i++)
		n += (size_t)s->topics[inputs[i]].partitions;
	l->scratch = xcalloc(n + 1, sizeof(*l->scratch));
	take_over(l);
	sim_init_producer(l);
	return &l->log;
}
