/* SPDX-License-Identifier: Apache-2.0 */
/* sim - see sim.h: partitions, transactions, and the producer's half of the log; the group is in sim_group.c */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "tests/sim/sim_priv.h"

uint32_t sim_random(struct sim *s, uint32_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (uint32_t)((s->random >> 16) % below);
}

bool sim_chance(struct sim *s, int per_10000)
{
	return !s->calm && per_10000 > 0 && sim_random(s, 10000) < (uint32_t)per_10000;
}

int64_t sim_now(const struct sim *s)
{
	return s->now_ms;
}

void sim_calm(struct sim *s)
{
	s->calm = true;
}

void sim_on_commit(struct sim *s, void (*meanwhile)(void *arg, const struct log *self), void *arg)
{
	s->meanwhile = meanwhile;
	s->meanwhile_arg = arg;
}

struct sim *sim_new(const struct log_topic *topics, size_t n_topics, uint64_t seed, const struct sim_faults *faults)
{
	struct sim *s = xcalloc(1, sizeof(*s));

	s->topics = topics;
	s->n_topics = n_topics;
	s->random = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
	s->faults = *faults;
	s->now_ms = 1000000000000; /* later than any line */
	s->parts = xcalloc(n_topics, sizeof(*s->parts));
	for (size_t t = 0; t < n_topics; t++)
		s->parts[t] = xcalloc((size_t)topics[t].partitions, sizeof(**s->parts));
	return s;
}

static void free_txn(struct sim_txn *t)
{
	for (size_t i = 0; i < t->n_offsets; i++)
		free(t->offsets[i].meta);
	free(t->offsets);
	free(t);
}

static void free_txns(struct sim_txn *list)
{
	while (list != NULL) {
		struct sim_txn *t = list;
		list = t->next;
		free_txn(t);
	}
}

void sim_free(struct sim *s)
{
	for (size_t t = 0; t < s->n_topics; t++) {
		for (int p = 0; p < s->topics[t].partitions; p++) {
			for (size_t i = 0; i < s->parts[t][p].n; i++)
				free(s->parts[t][p].items[i].copy);
			free(s->parts[t][p].items);
		}
		free(s->parts[t]);
	}
	free_txns(s->open);
	free_txns(s->ended);
	sim_groups_free(s);
	free(s->parts);
	free(s);
}

static struct str place(char **at, struct str s)
{
	if (s.p == NULL)
		return s;
	memcpy(*at, s.p, s.n);
	struct str copy = {*at, s.n};
	*at += s.n;
	return copy;
}

static struct sim_item copy_of(const struct log_record *rec)
{
	struct sim_item item = {.rec = *rec};
	char *at = item.copy = xmalloc(rec->key.n + rec->value.n + rec->order.n + rec->tick.n + 1);

	item.rec.key = place(&at, rec->key);
	item.rec.value = place(&at, rec->value);
	item.rec.order = place(&at, rec->order);
	item.rec.tick = place(&at, rec->tick);
	item.rec.n_headers = 0;
	return item;
}

static void append(struct sim *s, struct sim_item item)
{
	struct sim_part *p = &s->parts[item.rec.topic][item.rec.partition];

	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 64 : 2 * p->cap;
		p->items = xrealloc(p->items, p->cap * sizeof(*p->items));
	}
	item.rec.offset = (int64_t)p->n;
	p->items[p->n++] = item;
}

void sim_append(struct sim *s, const struct log_record *rec)
{
	append(s, copy_of(rec));
}

bool sim_visible(const struct sim_item *item)
{
	return !item->marker && (item->txn == NULL || item->txn->state == TXN_COMMITTED);
}

bool sim_next(const struct sim *s, int topic, int partition, size_t *at, const struct log_record **ret)
{
	const struct sim_part *p = &s->parts[topic][partition];

	while (*at < p->n) {
		const struct sim_item *item = &p->items[(*at)++];
		if (!sim_visible(item))
			continue;
		*ret = &item->rec;
		return true;
	}
	return false;
}

int64_t sim_stable_end(const struct sim *s, int topic, int partition)
{
	const struct sim_part *p = &s->parts[topic][partition];

	for (size_t i = p->stable; i < p->n; i++)
		if (p->items[i].txn != NULL && p->items[i].txn->state == TXN_OPEN)
			return (int64_t)i;
	return (int64_t)p->n;
}

/* Ends a transaction: markers into every partition it wrote to, offsets into the group. */
void sim_end_txn(struct sim *s, struct sim_txn *t, bool commit)
{
	struct sim_txn **at = &s->open;

	if (t->state != TXN_OPEN)
		return;
	t->state = commit ? TXN_COMMITTED : TXN_ABORTED;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->next = s->ended;
	s->ended = t;
	for (size_t topic = 0; topic < s->n_topics; topic++) {
		for (int p = 0; p < s->topics[topic].partitions; p++) {
			bool wrote = false;
			const struct sim_part *part = &s->parts[topic][p];
			for (size_t i = part->stable; i < part->n && !wrote; i++)
				wrote = part->items[i].txn == t;
			if (wrote)
				append(s,
				       (struct sim_item){.rec = {.topic = (int)topic, .partition = p}, .marker = true});
			s->parts[topic][p].stable = (size_t)sim_stable_end(s, (int)topic, p);
		}
	}
	if (commit)
		sim_store_offsets(s, t);
}

static void flush(struct sim_log *l, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		l->buffer[i].txn = l->txn;
		append(l->s, l->buffer[i]);
	}
	memmove(l->buffer, l->buffer + n, (l->n_buffer - n) * sizeof(*l->buffer));
	l->n_buffer -= n;
}

static void drop_buffer(struct sim_log *l)
{
	for (size_t i = 0; i < l->n_buffer; i++)
		free(l->buffer[i].copy);
	l->n_buffer = 0;
}

/* What may happen at any call. LOG_OK: nothing. */
enum log_result sim_call(struct sim_log *l)
{
	if (!l->dead && sim_chance(l->s, l->s->faults.crash))
		sim_kill(&l->log);
	if (l->dead || l->fenced)
		return LOG_FENCED;
	return sim_chance(l->s, l->s->faults.retry) ? LOG_RETRY : LOG_OK;
}

enum log_result sim_begin(struct log *log, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	if (result != LOG_OK)
		return result;
	(void)err;
	CHECK(l->txn == NULL);
	l->txn = xcalloc(1, sizeof(*l->txn));
	l->txn->next = l->s->open;
	l->s->open = l->txn;
	l->txn->owner = l->id;
	l->txn->began_ms = l->s->now_ms;
	l->broken = false;
	return LOG_OK;
}

enum log_result sim_produce(struct log *log, const struct log_record *rec, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;

	if (!l->dead && sim_chance(l->s, l->s->faults.crash))
		sim_kill(log);
	if (l->dead || l->fenced)
		return LOG_FENCED;
	CHECK(l->txn != NULL);
	if (l->n_buffer == l->cap_buffer) {
		l->cap_buffer = l->cap_buffer == 0 ? 64 : 2 * l->cap_buffer;
		l->buffer = xrealloc(l->buffer, l->cap_buffer * sizeof(*l->buffer));
	}
	l->buffer[l->n_buffer++] = copy_of(rec);
	if (sim_random(l->s, 8) == 0)
		flush(l, sim_random(l->s, (uint32_t)l->n_buffer + 1));
	if (l->broken || l->txn->state != TXN_OPEN || sim_chance(l->s, l->s->faults.abort)) {
		l->broken = true;
		err_set(err, ERR_RETRY, "simulated abort");
		return LOG_ABORT;
	}
	return LOG_OK;
}

enum log_result sim_send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	if (result != LOG_OK)
		return result;
	if (l->broken || l->txn->state != TXN_OPEN || !sim_is_current(l)) {
		l->broken = true;
		err_set(err, ERR_RETRY, "stale generation");
		return LOG_ABORT;
	}
	l->txn->group = l->group;
	l->txn->offsets = xcalloc(n + 1, sizeof(*l->txn->offsets));
	for (size_t i = 0; i < n; i++) {
		struct sim_offset *o = &l->txn->offsets[l->txn->n_offsets++];
		*o = (struct sim_offset){at[i].topic, at[i].partition, at[i].offset, xmalloc(at[i].meta.n + 1),
		                         at[i].meta.n};
		memcpy(o->meta, at[i].meta.p, at[i].meta.n);
	}
	return LOG_OK;
}

/* Others act while this one waits for the broker; it may have been expelled, fenced or timed out meanwhile. */
static void wait_for_broker(struct sim_log *l)
{
	struct sim *s = l->s;

	if (sim_chance(s, s->faults.expel))
		sim_expel(l);
	if (s->meanwhile != NULL && !s->in_meanwhile && sim_random(s, 4) == 0) {
		s->in_meanwhile = true;
		s->meanwhile(s->meanwhile_arg, &l->log);
		s->in_meanwhile = false;
	}
}

enum log_result sim_commit(struct log *log, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	struct sim *s = l->s;

	wait_for_broker(l);
	if (!l->dead && !l->fenced && !l->broken && l->txn->state == TXN_OPEN)
		flush(l, sim_random(s, 3) == 0 ? l->n_buffer / 2 : l->n_buffer);
	enum log_result result = sim_call(l);
	if (result != LOG_OK)
		return result;
	l->commits++;
	bool every = s->faults.abort_every > 0 && l->commits % s->faults.abort_every == 0;
	if (l->broken || l->txn->state != TXN_OPEN || (every && !s->calm) || sim_chance(s, s->faults.abort)) {
		l->broken = true;
		err_set(err, ERR_RETRY, "simulated abort");
		return LOG_ABORT;
	}
	flush(l, l->n_buffer);
	bool lost = sim_chance(s, s->faults.lost_commit);
	if (!lost || sim_random(s, 2) == 0)
		sim_end_txn(s, l->txn, true);
	l->txn = NULL;
	if (lost) {
		err_set(err, ERR_RETRY, "commit timed out");
		return LOG_RESTART;
	}
	return LOG_OK;
}

enum log_result sim_abort(struct log *log, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;
	enum log_result result = sim_call(l);

	(void)err;
	if (result != LOG_OK)
		return result;
	drop_buffer(l);
	if (l->txn != NULL)
		sim_end_txn(l->s, l->txn, false);
	l->txn = NULL;
	return LOG_OK;
}

/* A new producer under the same transactional id: what the old one left open is aborted. */
void sim_init_producer(struct sim_log *l)
{
	drop_buffer(l);
	for (struct sim_txn *next, *t = l->s->open; t != NULL; t = next) {
		next = t->next;
		if (t->owner == l->id)
			sim_end_txn(l->s, t, false);
	}
	l->txn = NULL;
}

enum log_result sim_reopen(struct log *log, struct err *err)
{
	struct sim_log *l = (struct sim_log *)log;

	(void)err;
	if (l->dead || l->fenced)
		return LOG_FENCED;
	sim_init_producer(l);
	return LOG_OK;
}

void sim_close(struct log *log)
{
	struct sim_log *l = (struct sim_log *)log;

	if (!l->dead && !l->fenced)
		sim_leave(l);
	if (l->txn != NULL && !l->dead && !l->fenced)
		sim_end_txn(l->s, l->txn, false);
	drop_buffer(l);
	sim_forget(l);
	free(l->buffer);
	free(l->reads);
	free(l->restores);
	free(l->scratch);
	free(l);
}

void sim_pass(struct sim *s, int64_t ms)
{
	s->now_ms += ms;
	for (struct sim_txn *next, *t = s->open; t != NULL; t = next) {
		next = t->next;
		if (s->now_ms - t->began_ms > SIM_TXN_TIMEOUT_MS)
			sim_end_txn(s, t, false);
	}
	sim_groups_pass(s);
}
